/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The last pictures without their pixels, kept with the image as long as GIMP has it open: nothing of it is in the image's file, is
 * an undo step, or names a path. */
#pragma once

#include "history.h"

/* All that decides the picture, as text: the same for the same words and settings. Free it. */
gchar *history_text(const Kept *kept);

/* Adds what the image has to the list. What a file has brought is not believed. */
void history_read(gint32 image, GPtrArray *kept);

void history_write(gint32 image, const GPtrArray *kept);
