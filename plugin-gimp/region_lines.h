/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The words of a group's regions in the dialog: a line for each of its layers, its name beside it. */
#pragma once

#include "compat.h"
#include "condition.h"

/* For the condition, which outlives it; `changed` is called with `data` when the artist has written something there. */
GtkWidget *region_lines_new(Condition *condition, void (*changed)(gpointer data), gpointer data);

/* Layers may have come, gone or been renamed, or the group be another one. */
void region_lines_look(GtkWidget *lines, gint32 image);
