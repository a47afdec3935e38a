/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "picture.h"

#include <string.h>

gsize picture_stride(const Picture *p) { return (gsize)p->width * (gsize)p->format->bytes; }

const guchar *picture_at(const Picture *p, gint x, gint y) {
    return p->pixels + (gsize)y * picture_stride(p) + (gsize)x * (gsize)p->format->bytes;
}

void picture_end(Picture *p) {
    g_free(p->pixels);
    g_free(p->stale);
    *p = (Picture){0};
}

gboolean picture_begin(Picture *p, const Paint *paint) {
    picture_end(p);
    guint across = (guint)(paint->width + PICTURE_CELL - 1) / PICTURE_CELL;
    guint down = (guint)(paint->height + PICTURE_CELL - 1) / PICTURE_CELL;
    p->format = paint->format;
    p->babl = paint->babl;
    p->width = paint->width;
    p->height = paint->height;
    p->across = across;
    p->count = across * down;
    p->pixels = g_try_malloc0(picture_stride(p) * (gsize)paint->height);
    p->stale = g_try_malloc0(p->count);
    if (p->pixels && p->stale) return TRUE;
    picture_end(p);
    return FALSE;
}

void picture_forget_layer(Picture *p) {
    if (!p->laid) return;
    memset(p->stale, 1, p->count);
    p->left = p->count;
}

static void set_stale(Picture *p, guint cell) {
    p->left += !p->stale[cell];
    p->stale[cell] = 1;
}

static GeglRectangle place_of(const Picture *p, guint cell) {
    GeglRectangle place = {(gint)(cell % p->across) * PICTURE_CELL, (gint)(cell / p->across) * PICTURE_CELL, 0, 0};
    place.width = MIN(PICTURE_CELL, p->width - place.x);
    place.height = MIN(PICTURE_CELL, p->height - place.y);
    return place;
}

/* Puts bytes where others were; TRUE if they differed. */
static gboolean put(guchar *to, const guchar *from, gsize size) {
    if (!memcmp(to, from, size)) return FALSE;
    memcpy(to, from, size);
    return TRUE;
}

void picture_lay(Picture *p, const GeglRectangle *rect, const guchar *pixels, gsize stride) {
    gboolean first = !p->laid;
    gsize bpp = (gsize)p->format->bytes;
    for (guint i = 0; i < p->count; i++) {
        GeglRectangle cell = place_of(p, i), part;
        gboolean differs = FALSE;
        if (!gegl_rectangle_intersect(&part, &cell, rect)) continue;
        for (gint y = part.y; y < part.y + part.height; y++) {
            guchar *to = p->pixels + (gsize)y * picture_stride(p) + (gsize)part.x * bpp;
            differs |= put(to, pixels + (gsize)(y - rect->y) * stride + (gsize)(part.x - rect->x) * bpp, (gsize)part.width * bpp);
        }
        if (differs) set_stale(p, i);
    }
    p->laid++;
    if (first) picture_forget_layer(p);
}

gboolean picture_take(Picture *p, GeglRectangle *cell) {
    const guint8 *found = p->left ? memchr(p->stale, 1, p->count) : NULL;
    if (!found) return FALSE;
    guint at = (guint)(found - p->stale);
    p->stale[at] = 0;
    p->left--;
    *cell = place_of(p, at);
    return TRUE;
}
