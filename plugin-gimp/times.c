/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "times.h"

#include <stdio.h>

void times_tell(const gchar *what, gint64 began) {
    const gchar *path = g_getenv("SCUMBLE_GIMP_TIMES");
    FILE *file = path ? fopen(path, "a") : NULL;
    if (!file) return;
    fprintf(file, "%s %.3f\n", what, (gdouble)(g_get_monotonic_time() - began) / 1000.0);
    fclose(file);
}
