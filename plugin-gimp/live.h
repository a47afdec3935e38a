/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The live layer of one image: look, read, push; poll; show. Pictures are written to the layer without undo steps;
 * the layers below are only read.
 */
#pragma once

#include "engine.h"

typedef struct Live Live;

typedef enum {
    LIVE_ON,
    LIVE_RESTS,        /* nothing is done while the layer is hidden or locked */
    LIVE_IMAGE_CLOSED, /* these end it: free it */
    LIVE_LAYER_GONE,
    LIVE_INDEXED,
} LiveState;

/* Makes the live layer above `layer`, which stays the active one: one undo step. */
Live *live_new(gint32 image, gint32 layer, GError **error);

/* Ends it. The layer is kept as an ordinary one, or removed; both can be undone. */
void live_free(Live *live, gboolean keep, const gchar *prompt);

/* Does a little of what is due, at most some milliseconds; *delay is when it wants to be called again. `fresh`: the
 * renderer has a new picture. An error is the engine's, and live goes on. */
LiveState live_tick(Live *live, Renderer *renderer, gboolean fresh, guint *delay, GError **error);

/* TRUE while a picture is on its way into the layer; the renderer must not be polled then. */
gboolean live_writing(const Live *live);

/* The paint that was read last if it was all of it, else NULL; for the preview. */
const Paint *live_paint(const Live *live);

/* Another renderer begins: everything is pushed again. */
void live_restart(Live *live);

/* Copies the live layer into an ordinary one above it: one undo step; live goes on. -1 if it failed. */
gint32 live_apply(Live *live, const gchar *prompt);

gint32 live_layer(const Live *live);
