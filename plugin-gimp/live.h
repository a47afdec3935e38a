/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The live layer of one image: look, read, push; poll; show. Pictures are written to the layer without undo steps;
 * the layers below are only read.
 */
#pragma once

#include "compat.h"
#include "engine.h"
#include "steering.h"
#include "writer.h"

typedef struct Live Live;

typedef enum {
    LIVE_ON,
    LIVE_PAINTED_ON,   /* the live layer itself is the active one: what is painted on it is written over */
    LIVE_RESTS,        /* nothing is done while the layer is hidden or locked */
    LIVE_IMAGE_CLOSED, /* these end it: free it */
    LIVE_LAYER_GONE,
    LIVE_INDEXED,
} LiveState;

/* Makes the live layer above `layer`, which stays the active one: one undo step. A live layer that was left over is
 * hidden, renamed and the artist's from the same step on. Fails if the image has one that lives: its dialog comes to the front then. `window`: ours. `steering`
 * must live on until live_free(). */
Live *live_new(gint32 image, gint32 layer, GtkWidget *window, Steering *steering, GError **error);

/* What the artist is to know of its beginning; NULL: nothing. */
const gchar *live_begun(const Live *live);

/* Ends it. The layer is kept as an ordinary one, half transparent since it follows nobody, or removed: one undo step. One
 * that has shown nothing, or is empty to be compared with the paint, is always removed. Returns the layer, -1 if it is gone. */
gint32 live_free(Live *live, gboolean keep, const gchar *prompt);

/* Does a little of what is due, at most some milliseconds; *delay is when it wants to be called again. An error is the
 * engine's, and live goes on; so it does without a renderer (NULL, here and below), and shows the last picture. */
LiveState live_tick(Live *live, Renderer *renderer, guint *delay, GError **error);

/* TRUE while a picture is on its way into the layer; the renderer must not be polled then. */
gboolean live_writing(const Live *live);

/* TRUE if the layer shows all that the renderer has made. */
gboolean live_settled(Live *live, Renderer *renderer);

/* FALSE where what lies in the layer is still what was shown to compare it with the paint. */
gboolean live_holds_picture(const Live *live);

/* While the picture does not follow the paint (an error) the layer is half transparent, so that strokes are seen; while the
 * artist compares it shows nothing. No undo step, which hiding a layer would be. */
void live_show(Live *live, Renderer *renderer, WriterShows shows);

/* The paint, once after each reading of all of it; else NULL. Free it. For the preview. */
Paint *live_take_paint(Live *live);

/* Another renderer begins: everything is pushed again. The picture of the one before, which may be NULL, is taken over. */
void live_restart(Live *live, Renderer *before);

/* Looks at the next tick: what steers is another thing now. */
void live_look(Live *live);

/* Copies the live layer into an ordinary one: one undo step; live goes on. Below the live layer the copy is the active layer
 * from now on, so that what is painted next goes on from it; `above`, it is hidden and kept for later. -1 if it failed. */
gint32 live_apply(Live *live, gboolean above, const gchar *prompt);

gint32 live_layer(const Live *live);
