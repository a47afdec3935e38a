/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What is read of an image, and how layers are made and written.
 *
 * Pixels are read from a duplicate of the image: the artist may close the image, undo or paint at any moment, and GIMP
 * ends a plug-in that asks for tiles of a drawable that is gone.
 */
#pragma once

#include "engine.h"

/* The format in which the engine gets the pixels of this image without loss (32-bit integers as float). */
const PixelFormat *canvas_format(gint32 image);

/* FALSE and a sentence if Scumble has nothing to do with such an image or layer. */
gboolean canvas_usable(gint32 image, gint32 layer, GError **error);

#define CANVAS_NOTHING_SELECTED \
    "Nothing that is selected lies on this layer, so there is nothing to render. Select a part of it, or Select > None for all."

/* The layer that a drawable stands for: itself, or the one whose mask it is; -1 for a channel. */
gint32 canvas_layer_of(gint32 drawable);

/* The layer alone, with its mask (a group: what it shows), in its own coordinates, and the selection's part of it. NULL if
 * it is gone or memory ran out. */
Paint *canvas_read_layer(gint32 image, gint32 layer);

/* The parts that such readings are made of. `rect`: NULL for all of the canvas. */
Paint *canvas_paint_new(gint32 image, gint width, gint height, const GeglRectangle *rect);

/* Fills it with pixels from (x, y) on of a layer that nobody can take away, in the layer's own colour space, so that no
 * colour is lost on the way. If there is no layer or no memory the paint is freed, and NULL. */
Paint *canvas_read_or_free(Paint *paint, gint32 layer, gint x, gint y);

/* The same from (x, y) of its image on, of the layer as it is seen: its filters and mask become part of its pixels. A filter may
 * reach beyond the layer's edge, and moves its corner then. */
Paint *canvas_read_seen(Paint *paint, gint32 layer, gint x, gint y);

/* What is selected in a duplicate, from (from_x, from_y) on. FALSE if it could not be read. */
gboolean canvas_read_selection(Paint *paint, gint32 copy, gint from_x, gint from_y);

/* A layer's copy in a duplicate of its image, which keeps the order of the layers. -1 if there is none. */
gint32 canvas_copy_of(gint32 image, gint32 layer, gint32 duplicate);

/* Removes the layers around this one, in its group and around that: all others, or those above alone. */
void canvas_clear_around(gint32 image, gint32 layer, gboolean above_alone);

/* A transparent layer that is not in the image yet; -1 if it failed. */
gint32 canvas_new_layer(gint32 image, const gchar *name, const GeglRectangle *place);

/* Puts it in, just above or below another one: one undo step, and it becomes the active layer. FALSE and a sentence if
 * GIMP will not; the layer is gone then. */
gboolean canvas_insert(gint32 image, gint32 layer, gint32 beside, gboolean below, GError **error);

/* TRUE if the layer or a group around it is locked: GIMP ends a plug-in that writes to it then. */
gboolean canvas_locked(gint32 layer);

/* The artist's words as a layer's name. */
gchar *canvas_layer_name(const gchar *prompt);

/* A picture's packed pixels as a layer that is in no image yet, there and with the artist's words as its name. -1 and a sentence. */
gint32 canvas_picture_layer(gint32 image, const gchar *prompt, const GeglRectangle *place, const Babl *babl, const guchar *pixels,
                            GError **error);

/* The renderer's picture as a layer just above the one that was rendered, which what the artist had chosen stays: one undo
 * step. -1 and a sentence if it failed. */
gint32 canvas_add_picture(gint32 image, gint32 layer, const Renderer *renderer, const gchar *prompt, GError **error);
