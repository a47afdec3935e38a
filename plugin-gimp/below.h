/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What is shown below a live layer. GIMP composites it, in a working image: a duplicate without the live layer and all
 * above it. It is kept, because GIMP shows its busy cursor while it duplicates and composites all of a canvas; paint that
 * changes on a layer is brought over, and only that is composited again.
 */
#pragma once

#include "compat.h"
#include "paint.h"

typedef struct Below Below;

/* Pixels of a layer that have changed. */
typedef struct {
    gint32 layer;
    GeglRectangle rect; /* in the layer's own pixels */
} Part;

Below *below_new(gint32 image);
void below_free(Below *below);

/* All of it and the selection (rect NULL), or what lies on `rect`, image pixels, after `parts` have changed and nothing else;
 * `parts` is NULL where more has. NULL if the live layer is gone or memory ran out. */
Paint *below_read(Below *below, gint32 live, const GeglRectangle *rect, const GArray *parts);

/* All of it as a small picture, in at most *width by *height pixels, which become its size. NULL if it is gone. */
GBytes *below_thumbnail(gint32 image, gint32 live, gint *width, gint *height);

/* The layers below it, top first, added to `ids` (gint32); the groups around the live layer are among them. */
void below_list(gint32 image, gint32 layer, GArray *ids);
