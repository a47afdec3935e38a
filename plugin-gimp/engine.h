/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The engine's library, opened at run time, and one renderer: a session of it with the newest picture. */
#pragma once

#include <gegl.h>
#include <scumble.h>

#include "condition.h"
#include "picture.h"
#include "settings.h"

/* What a model may take or not: SCUMBLE_CONDITION_*, and a control that its network reads itself. */
#define RENDERER_OWN_CONTROL 5
#define RENDERER_ASPECTS 6
#define RENDERER_KINDS 7

/* GErrors of this plug-in; the code is the library's status, 0 if the failure is our own. */
#define SCUMBLE_DOMAIN g_quark_from_static_string("scumble")

typedef struct {
    ScumbleEngine *engine;
    ScumbleSession *session;
    gchar *model;
    guint32 preview;
    guint64 asked; /* revision of the newest push or change of settings */
    guint64 failed_at; /* ... of the newest one that ended in an error */
    guint64 seen;  /* number of the newest frame laid */
    gboolean busy; /* something was asked for, and no frame has shown it all yet */
    Picture picture; /* of the canvas that the session knows */
    ScumbleFrameInfo info; /* of the frame that was laid last; its pixels are gone */
    gchar note[1024];      /* what that does not show of what was asked for; "": nothing */
    gchar doing[1024];     /* what the picture that is to come has to wait for; "": nothing */
    gboolean failed; /* the newest thing that was asked for ended in an error */
    gboolean dead;   /* the engine could not be loaded: make another renderer */
} Renderer;

/* Opens the library (once) and starts to load the settings' model, shared with other programs or not. */
Renderer *renderer_new(const Settings *settings, GError **error);
void renderer_free(Renderer *renderer);

gboolean renderer_set(Renderer *renderer, const Settings *settings, GError **error);

/* Hands the paint over; with a whole canvas also what is selected. */
gboolean renderer_push(Renderer *renderer, const Paint *paint, GError **error);

/* Steers by this, or by nothing more (NULL), under a number. `paint` are new pixels of its picture, NULL: none. The canvas must
 * have been pushed. */
gboolean renderer_steer(Renderer *renderer, guint32 number, const Condition *condition, const Paint *paint, GError **error);

/* Which of RENDERER_KINDS a condition is. */
guint32 renderer_kind(const Condition *condition);

/* Why the model takes no such thing, by RENDERER_KINDS, NULL where it does; and what there is to know of those that it
 * takes: that it weighs none. FALSE as long as nobody knows. */
gboolean renderer_conditions(const Renderer *renderer, gchar *reasons[RENDERER_KINDS], gchar *notes[RENDERER_KINDS]);
void renderer_conditions_free(gchar *reasons[RENDERER_KINDS], gchar *notes[RENDERER_KINDS]);

/* Why a condition that is on steers nothing all the same, by its number, NULL where it steers. A job has to have seen it: after a
 * poll. Looks at no pixels. Free each. */
void renderer_silent(const Renderer *renderer, gchar *why[CONDITIONS_MOST]);

/* Takes a newer picture if there is one; *fresh tells. */
gboolean renderer_poll(Renderer *renderer, gboolean *fresh, GError **error);

/* TRUE for an error that is told by the way: the picture is still to come. */
gboolean renderer_tries_again(const GError *error);

/* What failed is out already: the picture is still to come. */
void renderer_goes_on(Renderer *renderer);

/* Asks for estimates after each step, or not at all (for a run that shows none). TRUE at first. */
void renderer_preview(Renderer *renderer, gboolean each_step);

/* TRUE while a picture of what was asked for is still to come. */
gboolean renderer_busy(const Renderer *renderer);

/* TRUE if the canvas is this one, so that a part of it can be pushed. */
gboolean renderer_fits(const Renderer *renderer, const Paint *paint);

/* TRUE if a picture is there and shows all that was asked for. */
gboolean renderer_finished(const Renderer *renderer);

/* How far the model is loaded, and its own settings. Valid until the renderer is freed. */
void renderer_info(const Renderer *renderer, ScumbleEngineInfo *info);

/* The names of the samplers that the model can be run with; none until it is loaded. Freed by g_strfreev(). */
gchar **renderer_samplers(const Renderer *renderer);

/* Calls `each` for everything of a kind that can be got (SCUMBLE_WANT_*); its strings are valid for the call. */
gboolean offers_each(guint32 want, void (*each)(guint32 want, const ScumbleEntry *entry, gpointer data), gpointer data, GError **error);

/* Begins to get something in the background; where nobody has agreed to its licence yet it waits for that. */
ScumbleDownload *download_start(guint32 want, const gchar *name, gboolean agreed, GError **error);
void download_look(const ScumbleDownload *download, ScumbleDownloadInfo *info);
void download_agree(const ScumbleDownload *download);
void download_cancel(const ScumbleDownload *download);

/* Cancels what still runs; what has arrived is kept. */
void download_free(ScumbleDownload *download);
