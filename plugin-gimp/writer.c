/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "writer.h"

#include "compat.h"
#include "times.h"

#include <string.h>

#define WRITE 0.008 /* seconds of writing in one turn */

void writer_end(Writer *w) { small_clear(&w->seen); }

void writer_show(Writer *w, Picture *p, WriterShows shows) {
    if (w->shows == shows) return;
    w->shows = shows;
    picture_forget_layer(p);
}

gboolean writer_wants(const Writer *w, const Picture *p) { return p->laid && (w->begun || p->left > 0); }

/* TRUE if the layer is where and what it was when the stale cells were told. */
static gboolean same_shape(Writer *w, const Picture *p) {
    gint x = 0, y = 0;
    gimp_drawable_offsets(w->layer, &x, &y);
    gint64 now[G_N_ELEMENTS(w->shape)] = {x, y, gimp_drawable_width(w->layer), gimp_drawable_height(w->layer),
                                          gimp_image_base_type(w->image), p->format->number};
    gboolean same = memcmp(now, w->shape, sizeof now) == 0;
    memcpy(w->shape, now, sizeof now);
    return same;
}

void writer_check(Writer *w, Picture *p) {
    GeglRectangle box;
    if (!p->laid || w->begun) return;
    gboolean same = same_shape(w, p);
    if (same && w->seen.pixels && p->left == 0) same = !small_update(&w->seen, w->layer, &box);
    if (!same) picture_forget_layer(p);
}

/* Pixels with half their alpha, which is the fourth of four channels in each format. */
static void fade(guchar *pixels, gsize count, const PixelFormat *format) {
    for (gsize i = 0; i < count; i++) {
        if (format->bytes == 4) {
            pixels[i * 4 + 3] /= 2;
        } else if (format->bytes == 16) {
            ((gfloat *)(gpointer)pixels)[i * 4 + 3] *= 0.5f;
        } else {
            guint16 *alpha = (guint16 *)(gpointer)pixels + i * 4 + 3;
            gboolean half = strstr(format->babl, "half") != NULL;
            if (!half) *alpha /= 2;
            else *alpha = *alpha >= 0x0400 ? *alpha - 0x0400 : 0; /* one less in the exponent */
        }
    }
}

static void write_cell(const Writer *w, const Picture *p, GeglBuffer *buffer, const GeglRectangle *cell, GeglRectangle *dirty) {
    GeglRectangle part, place;
    if (!gegl_rectangle_intersect(&part, cell, GEGL_RECTANGLE((gint)w->shape[0], (gint)w->shape[1], (gint)w->shape[2], (gint)w->shape[3])))
        return;
    place = (GeglRectangle){part.x - (gint)w->shape[0], part.y - (gint)w->shape[1], part.width, part.height};
    if (w->shows != SHOWS_PICTURE) {
        gsize row = (gsize)part.width * (gsize)p->format->bytes;
        guchar *pixels = g_malloc(row * (gsize)part.height);
        for (gint y = 0; y < part.height; y++) memcpy(pixels + (gsize)y * row, picture_at(p, part.x, part.y + y), row);
        if (w->shows == SHOWS_NOTHING) memset(pixels, 0, row * (gsize)part.height);
        else fade(pixels, (gsize)part.width * (gsize)part.height, p->format);
        gegl_buffer_set(buffer, &place, 0, p->babl, pixels, GEGL_AUTO_ROWSTRIDE);
        g_free(pixels);
    } else {
        gegl_buffer_set(buffer, &place, 0, p->babl, picture_at(p, part.x, part.y), (gint)picture_stride(p));
    }
    gegl_rectangle_bounding_box(dirty, dirty, &place);
}

typedef struct {
    Writer *writer;
    Picture *picture;
    gint64 painted;
} Writing;

/* The layer may go between two cells, with its image or alone, or be cropped, and GIMP 2.10 ends a plug-in that writes into
 * one that is gone, or a tile that is. The hands first, as in live_tick. */
static gboolean may_write(const Writing *now) {
    Writer *w = now->writer;
    return !hold_hands(&w->hold, now->painted) && !hold_dialog() && gimp_item_is_valid(w->layer) &&
           gimp_drawable_width(w->layer) == (gint)w->shape[2] && gimp_drawable_height(w->layer) == (gint)w->shape[3];
}

/* Where the layer is as wide and tall as whole tiles none of them has to be read; GEGL reads those that the edge cuts. GEGL
 * keeps what is set until it is flushed: each cell goes to GIMP at once, while what was seen of the hands still holds. */
static void write_some(gpointer data) {
    Writer *w = ((const Writing *)data)->writer;
    Picture *p = ((const Writing *)data)->picture;
    gint64 began = g_get_monotonic_time();
    GeglRectangle cell;
    GeglBuffer *buffer = gimp_drawable_get_buffer(w->layer);
    while (buffer && p->left > 0 && (gdouble)(g_get_monotonic_time() - began) / 1e6 < WRITE &&
           may_write(data) && picture_take(p, &cell)) {
        write_cell(w, p, buffer, &cell, &w->dirty);
        gegl_buffer_flush(buffer);
        w->wrote = TRUE;
    }
    g_clear_object(&buffer);
    w->spent += g_get_monotonic_time() - began;
}

void writer_stop(Writer *w) {
    gint64 began = g_get_monotonic_time();
    w->begun = FALSE;
    if (w->dirty.width <= 0) return;
    times_tell("write", began - w->spent);
    w->spent = 0;
    gimp_drawable_update(w->layer, w->dirty.x, w->dirty.y, w->dirty.width, w->dirty.height);
    gimp_displays_flush();
    w->dirty = (GeglRectangle){0, 0, 0, 0};
    times_tell("show", began);
    GeglRectangle box;
    small_clear(&w->seen);
    small_update(&w->seen, w->layer, &box);
}

gboolean writer_write(Writer *w, Picture *p, gint64 painted) {
    /* The artist may have scaled, cropped or moved the layer. */
    if (!same_shape(w, p)) picture_forget_layer(p);
    if (gimp_image_width(w->image) != p->width || gimp_image_height(w->image) != p->height) {
        writer_stop(w);
        return FALSE;
    }
    w->begun = TRUE;
    hold_image(w->image, write_some, &(Writing){w, p, painted});
    if (p->left == 0) {
        w->holds = w->shows;
        writer_stop(w);
    }
    return TRUE;
}
