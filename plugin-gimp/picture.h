/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the engine has rendered so far, as large as the canvas, and what of it is not yet in the live layer. */
#pragma once

#include "paint.h"

/* Side of a cell in pixels; GIMP's tiles are as large (3.0) or half of it (2.10). */
#define PICTURE_CELL 128

typedef struct {
    const PixelFormat *format;
    const Babl *babl; /* the format in the image's own colour space */
    gint width, height;
    guchar *pixels;  /* rows packed, transparent where nothing is rendered; NULL before the first canvas */
    guint64 laid;    /* how many pictures have been laid; 0: there is nothing to be seen */
    guint8 *stale;   /* 1 for each cell that the layer does not have as it is here */
    guint across, count, left; /* cells in a row, of all, and stale ones */
} Picture;

/* Begins a canvas with nothing on it. FALSE if there is no memory for it. */
gboolean picture_begin(Picture *picture, const Paint *paint);
void picture_end(Picture *picture);

/* Lays pixels of the picture's format at `rect`, which lies on the canvas. Cells that change by it become stale. */
void picture_lay(Picture *picture, const GeglRectangle *rect, const guchar *pixels, gsize stride);

/* The layer may hold anything now. */
void picture_forget_layer(Picture *picture);

/* Takes the next stale cell, from the top: its pixels on the canvas. FALSE if there is none. */
gboolean picture_take(Picture *picture, GeglRectangle *cell);

gsize picture_stride(const Picture *picture);
const guchar *picture_at(const Picture *picture, gint x, gint y);
