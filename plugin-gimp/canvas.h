/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What is read of an image, and how layers are made and written.
 *
 * Pixels are read from a duplicate of the image that is dropped at once: the artist may close the image, undo or
 * paint at any moment, and GIMP ends a plug-in that asks for tiles of a drawable that is gone.
 */
#pragma once

#include "engine.h"

/* The format in which the engine gets the pixels of this image without loss (32-bit integers as float). */
const PixelFormat *canvas_format(gint32 image);

/* FALSE and a sentence if Scumble has nothing to do with such an image or layer. */
gboolean canvas_usable(gint32 image, gint32 layer, GError **error);

/* The layer that a drawable stands for: itself, or the one whose mask it is; -1 for a channel. */
gint32 canvas_layer_of(gint32 drawable);

/* The layer alone, with its mask, in its own coordinates; the selection's part of it. NULL if it is gone. */
Paint *canvas_read_layer(gint32 image, gint32 layer);

/* All that is shown below the layer `live`, which has the mark, on `rect` (image pixels; NULL: on all of it, and the
 * selection). NULL if it is gone. */
Paint *canvas_read_below(gint32 image, gint32 live, const gchar *mark, const GeglRectangle *rect);

/* A new layer of the given size just above `below`: transparent, or with the picture. One undo step. `mark` names the
 * parasite that a live layer is found by, and leaves `below` the active layer; with NULL the new one becomes active, as
 * after any filter. -1 if it failed. */
gint32 canvas_add_layer(gint32 image, gint32 below, const gchar *name, const GeglRectangle *place, const gchar *mark,
                        const Renderer *picture);

/* TRUE if the layer or a group around it is locked: GIMP ends a plug-in that writes to it then. */
gboolean canvas_locked(gint32 layer);

/* The artist's words as a layer's name. */
gchar *canvas_layer_name(const gchar *prompt);

/* The renderer's picture as a layer just above the one that was rendered: one undo step. -1 if it failed. */
gint32 canvas_add_picture(gint32 image, gint32 layer, const Renderer *renderer, const gchar *prompt);
