/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What steers an image's pictures, kept with the image and in its file. Nothing of it is an undo step. */
#pragma once

#include "condition.h"

/* What the image has kept, its layers found and its files looked up. *good becomes FALSE if some of it is damaged. */
GPtrArray *kept_load(gint32 image, gboolean *good);

/* Keeps it; an empty list leaves nothing behind. */
void kept_save(gint32 image, const GPtrArray *conditions);

/* As what it is kept; NULL: nothing. Free it. Two that are alike say the same. */
gchar *kept_text(gint32 image);
