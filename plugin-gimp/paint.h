/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Pixels on their way from GIMP to the engine. */
#pragma once

#include <gegl.h>

/* One of SCUMBLE_FORMAT_* and the name that GEGL has for it. */
typedef struct {
    gint32 number;
    const gchar *babl;
    gint bytes; /* a pixel */
} PixelFormat;

typedef struct {
    const PixelFormat *format;
    gint width, height; /* of the whole canvas */
    GeglRectangle rect; /* the part of it that `pixels` holds, rows packed */
    guchar *pixels;
    gboolean whole;     /* rect is the canvas, and coverage has been looked at */
    guchar *coverage;   /* the selection on `rect`, one byte a pixel; NULL: nothing is selected */
} Paint;

void paint_free(Paint *paint);
