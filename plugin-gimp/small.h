/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Small pictures of drawables, compared with those of the last look. */
#pragma once

#include <gegl.h>

/* At 128 pixels thin and faint strokes are missed. */
#define SMALL_SIDE 256

/* A small picture as it was seen last; begins as zeros. */
typedef struct {
    GBytes *pixels;
    gint width, height;
} Small;

void small_clear(Small *small);

/* TRUE if GIMP makes such pictures: an artist may have switched "layer previews" off. */
gboolean small_can_be_had(void);

/* Looks at the drawable. TRUE if it differs from the last look; then `box` has its pixels that differ. The first look after
 * small_clear() finds nothing different, and none does if the drawable is gone. */
gboolean small_update(Small *small, gint32 drawable, GeglRectangle *box);

/* The same with a picture (which is taken over, or NULL) of something `width` by `height` pixels large. */
gboolean small_take(Small *small, GBytes *pixels, gint small_width, gint small_height, gint width, gint height, GeglRectangle *box);
