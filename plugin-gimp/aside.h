/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Pictures that are laid aside: hidden layers at the top of the image, one undo step each. What the artist had chosen stays so. */
#pragma once

#include "compat.h"

#define ASIDE_MOST_SIDE 1024 /* pixels of a file's picture: no model looks at more of a reference */

/* How large a file's picture becomes, in its own proportions: no larger than that, a reference's; or as large as the image, a control's. */
typedef enum { ASIDE_LOOKED_AT, ASIDE_ON_CANVAS } AsideSize;

/* A picture's file as a layer that is in no image yet, in the image's colours and depth, named after it: the caller's, to be laid or
 * deleted. -1 and a sentence if GIMP cannot open it. */
gint32 aside_open(gint32 image, const gchar *path, AsideSize size, GError **error);

/* A picture's file as such a layer. -1 and a sentence if GIMP cannot open it. */
gint32 aside_file(gint32 image, const gchar *path, AsideSize size, GError **error);

/* Puts a layer that is in no image yet there. FALSE and a sentence if GIMP will not; the layer is gone then. */
gboolean aside_lay(gint32 image, gint32 layer, GError **error);
