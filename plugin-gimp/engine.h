/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The engine's library, opened at run time, and one renderer: a session of it with the newest picture. */
#pragma once

#include <gegl.h>
#include <scumble.h>

#include "paint.h"
#include "settings.h"

/* GErrors of this plug-in; the code is the library's status, 0 if the failure is our own. */
#define SCUMBLE_DOMAIN g_quark_from_static_string("scumble")

typedef struct {
    ScumbleEngine *engine;
    ScumbleSession *session;
    gchar *model;
    guint64 asked;       /* revision of the newest push or change of settings */
    guint64 done;        /* revision of the newest finished picture */
    guint64 seen;        /* number of the newest frame looked at */
    guint64 floor;       /* pictures of earlier revisions no longer fit the canvas */
    ScumbleFrame *frame; /* the newest picture; NULL before the first */
    ScumbleFrameInfo info;
    /* The canvas that the session knows. */
    const PixelFormat *format;
    gint width, height;
} Renderer;

/* Opens the library (once) and starts to load the model, "" being the one that comes with it. */
Renderer *renderer_new(const gchar *model, GError **error);
void renderer_free(Renderer *renderer);

gboolean renderer_set(Renderer *renderer, const Settings *settings, GError **error);

/* Hands the paint over; with a whole canvas also what is selected. */
gboolean renderer_push(Renderer *renderer, const Paint *paint, GError **error);

/* Looks for a newer picture; *fresh tells whether there is one. */
gboolean renderer_poll(Renderer *renderer, gboolean *fresh, GError **error);

/* TRUE while a picture of what was asked for is still to come. */
gboolean renderer_busy(const Renderer *renderer);

/* TRUE if a picture is there and shows all that was asked for. */
gboolean renderer_finished(const Renderer *renderer);

/* How far the model is loaded, and its own settings. Valid until the renderer is freed. */
void renderer_info(const Renderer *renderer, ScumbleEngineInfo *info);

/* Copies the part of the picture inside `rect` (canvas pixels); what it does not cover stays as it is. */
gboolean renderer_copy(const Renderer *renderer, const GeglRectangle *rect, guchar *pixels, gsize stride);
