/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the live loop's parts take, for tests/gimp/measure.py: lines of a name and milliseconds in the file that
 * SCUMBLE_GIMP_TIMES names; nothing is written without it. */
#pragma once

#include <glib.h>

/* Tells the time since `began` (g_get_monotonic_time()). */
void times_tell(const gchar *what, gint64 began);
