/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "small.h"

#include "compat.h"

#include <string.h>

void small_clear(Small *small) { g_clear_pointer(&small->pixels, g_bytes_unref); }

gboolean small_can_be_had(void) {
    gchar *setting = gimp_gimprc_query("layer-previews");
    gboolean can = g_strcmp0(setting, "no") != 0;
    g_free(setting);
    return can;
}

gboolean small_take(Small *old, GBytes *pixels, gint small_width, gint small_height, gint width, gint height, GeglRectangle *box) {
    if (!pixels) return FALSE;
    Small new = {pixels, small_width, small_height};
    gsize size, old_size = 0;
    const guchar *a = g_bytes_get_data(new.pixels, &size);
    const guchar *b = old->pixels ? g_bytes_get_data(old->pixels, &old_size) : NULL;
    gint left = new.width, top = new.height, right = 0, bottom = 0;
    if (b && (old->width != new.width || old->height != new.height || old_size != size)) {
        left = top = 0;
        right = new.width;
        bottom = new.height;
    } else if (b && memcmp(a, b, size)) {
        gsize bytes = size / ((gsize)new.width * (gsize)new.height), at = 0;
        for (gint y = 0; y < new.height; y++) {
            for (gint x = 0; x < new.width; x++, at += bytes) {
                if (!memcmp(a + at, b + at, bytes)) continue;
                left = MIN(left, x);
                right = MAX(right, x + 1);
                top = MIN(top, y);
                bottom = MAX(bottom, y + 1);
            }
        }
    }
    small_clear(old);
    *old = new;
    if (right <= left) return FALSE;
    /* One small pixel more on each side, for what is too faint to be seen in it. */
    gint x1 = (left - 1) * width / new.width, x2 = (right + 1) * width / new.width + 1;
    gint y1 = (top - 1) * height / new.height, y2 = (bottom + 1) * height / new.height + 1;
    *box = (GeglRectangle){x1, y1, x2 - x1, y2 - y1};
    return TRUE;
}

gboolean small_update(Small *small, gint32 drawable, GeglRectangle *box) {
    gint width = SMALL_SIDE, height = SMALL_SIDE;
    GBytes *pixels = drawable_thumbnail(drawable, &width, &height);
    return small_take(small, pixels, width, height, gimp_drawable_width(drawable), gimp_drawable_height(drawable), box);
}
