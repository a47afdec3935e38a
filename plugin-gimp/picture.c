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

static gboolean clear(guchar *to, gsize size) {
    if (!size || (!to[0] && !memcmp(to, to + 1, size - 1))) return FALSE;
    memset(to, 0, size);
    return TRUE;
}

/* One cell: `part` of it gets pixels, the rest is cleared if `alone`. */
static gboolean lay_cell(Picture *p, const GeglRectangle *cell, const GeglRectangle *part, const guchar *pixels, gsize stride,
                         gboolean alone) {
    gboolean differs = FALSE;
    gsize bpp = (gsize)p->format->bytes;
    for (gint y = cell->y; y < cell->y + cell->height; y++) {
        guchar *row = p->pixels + (gsize)y * picture_stride(p) + (gsize)cell->x * bpp;
        gboolean inside = part->width > 0 && y >= part->y && y < part->y + part->height;
        gsize before = inside ? (gsize)(part->x - cell->x) * bpp : 0, size = inside ? (gsize)part->width * bpp : 0;
        if (size) differs |= put(row + before, pixels + (gsize)(y - part->y) * stride, size);
        if (!alone) continue;
        differs |= clear(row, before);
        differs |= clear(row + before + size, (gsize)cell->width * bpp - before - size);
    }
    return differs;
}

void picture_lay(Picture *p, const GeglRectangle *rect, const guchar *pixels, gsize stride, gboolean alone) {
    gboolean first = !p->laid;
    for (guint i = 0; i < p->count; i++) {
        GeglRectangle cell = place_of(p, i), part;
        if (!gegl_rectangle_intersect(&part, &cell, rect)) part.width = 0;
        if (part.width <= 0 && !alone) continue;
        const guchar *from = part.width > 0
            ? pixels + (gsize)(part.y - rect->y) * stride + (gsize)(part.x - rect->x) * (gsize)p->format->bytes : NULL;
        if (lay_cell(p, &cell, &part, from, stride, alone)) set_stale(p, i);
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
