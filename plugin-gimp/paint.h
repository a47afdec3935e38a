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

/* What of the canvas is to be rendered. */
typedef enum {
    SELECTED_ALL,  /* nothing is selected, as GIMP says it: all of it */
    SELECTED_PART,
    SELECTED_NONE, /* something is selected, but nothing of it lies here */
} Selected;

typedef struct {
    const PixelFormat *format;
    const Babl *babl;   /* that format in the image's colour space */
    GBytes *profile;    /* of the image, if it has one of RGB colours */
    gint width, height; /* of the whole canvas */
    GeglRectangle rect; /* the part of it that `pixels` holds, rows packed */
    guchar *pixels;
    gboolean whole;     /* rect is the canvas, and the selection has been looked at */
    Selected selected;
    guchar *coverage;   /* SELECTED_PART: the selection on `rect`, one byte a pixel */
} Paint;

void paint_free(Paint *paint);
