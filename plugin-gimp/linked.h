/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* References whose picture stays in its file: read when it has been written, and kept by the engine alone. */
#pragma once

#include <glib.h>

#include "aside.h"
#include "condition.h"
#include "paint.h"

/* The file as it was when it was looked at last; begins as zeros. */
typedef struct {
    guint known;   /* a number of where it lies and of the canvas that it is for */
    gint64 looked; /* when that was */
    gint64 written, bytes;
    gboolean failed; /* it is no picture as it is */
} Linked;

/* Has it read once more, unless it is no picture. */
void linked_forget(Linked *linked);

/* TRUE if it is to be read: it was never for such a canvas, or something was written since. Looks at the disk, but a few times a second
 * unless `now`. FALSE and a sentence where it is not there, or is no picture. */
gboolean linked_look(Linked *linked, const Condition *condition, gint32 image, const GeglRectangle *canvas, gboolean now, GError **error);

/* All of it in the image's pixels: a reference as a canvas of its own, no larger than what is looked at; a control's picture from the
 * image's corner on as large as that in its own proportions, on `canvas` of the image. NULL and a sentence if GIMP cannot open it. */
Paint *linked_read(Linked *linked, const Condition *condition, gint32 image, const GeglRectangle *canvas, GError **error);

AsideSize linked_size(const Condition *condition);
