/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The part of the steps in which something steers: a button, and the line with two numbers that it opens. */
#pragma once

#include "compat.h"
#include "condition.h"

/* For the condition, which outlives it; its line, in `*line`, is open from the beginning where the part is not all of the steps.
 * `changed` is called with `data` when the artist has set another. */
GtkWidget *step_part_new(Condition *condition, GtkWidget **line, void (*changed)(gpointer data), gpointer data);
