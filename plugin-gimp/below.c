/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "below.h"

#include "canvas.h"
#include "mark.h"
#include "times.h"

typedef struct {
    gint32 layer, twin;
} Pair;

struct Below {
    gint32 image, copy; /* the working image; -1 if there is none that holds */
    GArray *pairs;      /* Pair of each layer below and its twin in there */
};

Below *below_new(gint32 image) {
    Below *b = g_new0(Below, 1);
    b->image = image;
    b->copy = -1;
    b->pairs = g_array_new(FALSE, FALSE, sizeof(Pair));
    return b;
}

static void drop(Below *b) {
    if (b->copy > 0 && gimp_image_is_valid(b->copy)) gimp_image_delete(b->copy);
    b->copy = -1;
    g_array_set_size(b->pairs, 0);
}

void below_free(Below *b) {
    if (!b) return;
    drop(b);
    g_array_unref(b->pairs);
    g_free(b);
}

void below_list(gint32 image, gint32 layer, GArray *ids) {
    gint32 group = gimp_item_get_parent(layer);
    gint count, at = 0;
    gint32 *layers = layers_of(image, group, &count);
    while (at < count && layers[at] != layer) at++;
    if (at + 1 < count) g_array_append_vals(ids, layers + at + 1, (guint)(count - at - 1));
    g_free(layers);
    if (group > 0) {
        g_array_append_val(ids, group);
        below_list(image, group, ids);
    }
}

/* The live layer in a duplicate of its image. */
static gint32 live_in(gint32 image, gint32 live, gint32 copy) {
    gint32 twin = gimp_item_is_valid(live) ? canvas_copy_of(image, live, copy) : -1;
    if (twin > 0 && mark_is_on(twin)) return twin;
    /* The artist has moved it in between: then its mark finds it. */
    GArray *marked = mark_find(copy);
    twin = marked->len ? g_array_index(marked, gint32, 0) : -1;
    g_array_unref(marked);
    return twin;
}

/* The image without the live layer and what is above it; -1 if that is gone. `pairs` may be NULL. */
static gint32 duplicate(gint32 image, gint32 live, GArray *pairs) {
    gint64 began = g_get_monotonic_time();
    gint32 copy = mark_duplicate(image), twin = copy > 0 ? live_in(image, live, copy) : -1;
    if (copy > 0) gimp_image_undo_disable(copy);
    if (twin <= 0) {
        if (copy > 0) gimp_image_delete(copy);
        return -1;
    }
    if (pairs) {
        GArray *layers = g_array_new(FALSE, FALSE, sizeof(gint32)), *twins = g_array_new(FALSE, FALSE, sizeof(gint32));
        below_list(image, live, layers);
        below_list(copy, twin, twins);
        /* Should the artist have moved one in between, then the next look finds it and all is read anew. */
        for (guint i = 0; layers->len == twins->len && i < layers->len; i++) {
            Pair pair = {g_array_index(layers, gint32, i), g_array_index(twins, gint32, i)};
            g_array_append_val(pairs, pair);
        }
        g_array_unref(layers);
        g_array_unref(twins);
    }
    canvas_clear_around(copy, twin, TRUE);
    gimp_image_remove_layer(copy, twin);
    times_tell("duplicate", began);
    return copy;
}

static Paint *read_copy(gint32 copy, Paint *paint, gint x, gint y) {
    gint32 seen = gimp_layer_new_from_visible(copy, copy, "below");
    paint = canvas_read_or_free(paint, seen, x, y);
    if (seen > 0) gimp_item_delete(seen);
    return paint;
}

/* A part, where more than paint has changed: of a duplicate that is made for it alone. */
static Paint *read_once(const Below *b, gint32 live, const GeglRectangle *rect) {
    gint32 copy = duplicate(b->image, live, NULL);
    if (copy <= 0) return NULL;
    Paint *paint = canvas_paint_new(copy, gimp_image_width(copy), gimp_image_height(copy), rect);
    /* A smaller canvas moves no pixels, and so little is composited. */
    gimp_image_resize(copy, rect->width, rect->height, -rect->x, -rect->y);
    paint = read_copy(copy, paint, 0, 0);
    gimp_image_delete(copy);
    return paint;
}

static gint32 twin_of(const Below *b, gint32 layer) {
    for (guint i = 0; i < b->pairs->len; i++)
        if (g_array_index(b->pairs, Pair, i).layer == layer) return g_array_index(b->pairs, Pair, i).twin;
    return -1;
}

/* Brings changed pixels into the working image. FALSE if it does not hold the layer as it is. */
static gboolean bring(const Below *b, const Part *part) {
    gint32 twin = twin_of(b, part->layer);
    if (twin <= 0 || gimp_item_is_group(twin)) return FALSE;
    /* The layer may have been locked when it was duplicated, and GIMP ends a plug-in that writes to a locked one. */
    gimp_item_set_lock_content(twin, FALSE);
    /* One call, so no stroke is cut, and the pixels can be read when the artist has closed the image. */
    gint32 now = gimp_layer_new_from_drawable(part->layer, b->copy);
    if (now <= 0) return FALSE;
    GeglBuffer *from = gimp_drawable_get_buffer(now), *to = gimp_drawable_get_buffer(twin);
    guchar *pixels = NULL;
    GeglRectangle rect = part->rect;
    gboolean same = from && to && gegl_rectangle_equal(gegl_buffer_get_extent(from), gegl_buffer_get_extent(to));
    gboolean some = same && gegl_rectangle_intersect(&rect, &rect, gegl_buffer_get_extent(to));
    const Babl *format = same ? gegl_buffer_get_format(to) : NULL;
    if (some)
        pixels = g_try_malloc((gsize)rect.width * (gsize)rect.height * (gsize)babl_format_get_bytes_per_pixel(format));
    if (pixels) {
        gegl_buffer_get(from, &rect, 1.0, format, pixels, GEGL_AUTO_ROWSTRIDE, GEGL_ABYSS_NONE);
        gegl_buffer_set(to, &rect, 0, format, pixels, GEGL_AUTO_ROWSTRIDE);
        gegl_buffer_flush(to);
        gimp_drawable_update(twin, rect.x, rect.y, rect.width, rect.height);
    }
    g_free(pixels);
    g_clear_object(&from);
    g_clear_object(&to);
    gimp_item_delete(now);
    return same && (pixels || !some);
}

static gboolean bring_all(const Below *b, const GArray *parts) {
    gboolean good = b->copy > 0 && parts;
    for (guint i = 0; good && i < parts->len; i++) good = bring(b, &g_array_index(parts, Part, i));
    return good;
}

Paint *below_read(Below *b, gint32 live, const GeglRectangle *rect, const GArray *parts) {
    if (rect && !bring_all(b, parts)) {
        drop(b); /* it does not hold any more */
        return read_once(b, live, rect);
    }
    if (!rect) {
        drop(b);
        b->copy = duplicate(b->image, live, b->pairs);
        if (b->copy <= 0) return NULL;
    }
    Paint *paint = canvas_paint_new(b->copy, gimp_image_width(b->copy), gimp_image_height(b->copy), rect);
    paint = read_copy(b->copy, paint, rect ? rect->x : 0, rect ? rect->y : 0);
    if (paint && !rect && !canvas_read_selection(paint, b->copy, 0, 0)) g_clear_pointer(&paint, paint_free);
    return paint;
}

GBytes *below_thumbnail(gint32 image, gint32 live, gint *width, gint *height) {
    gint32 copy = duplicate(image, live, NULL);
    GBytes *small = copy > 0 ? image_thumbnail(copy, width, height) : NULL;
    if (copy > 0) gimp_image_delete(copy);
    return small;
}
