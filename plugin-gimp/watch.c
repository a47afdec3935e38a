/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "watch.h"

#include "compat.h"

#include <string.h>

#define THUMBNAIL 256 /* pixels; at 128 thin and faint strokes are missed */
#define IN_TURN 2     /* layers looked at in each look beside the active one */

/* A small picture as it was seen last. */
typedef struct {
    GBytes *pixels;
    gint width, height;
} Small;

typedef struct {
    gint32 layer;
    gint64 settings[9];
    Small paint, mask;
} Seen;

struct Watch {
    GArray *seen; /* Seen of each layer below, top first */
    gint64 canvas[8];
    Small selection;
    guint turn;
};

static void small_clear(Small *small) { g_clear_pointer(&small->pixels, g_bytes_unref); }

static void seen_clear(gpointer item) {
    Seen *seen = item;
    small_clear(&seen->paint);
    small_clear(&seen->mask);
}

Watch *watch_new(void) {
    Watch *w = g_new0(Watch, 1);
    w->seen = g_array_new(FALSE, TRUE, sizeof(Seen));
    g_array_set_clear_func(w->seen, seen_clear);
    return w;
}

void watch_free(Watch *w) {
    if (!w) return;
    g_array_unref(w->seen);
    small_clear(&w->selection);
    g_free(w);
}

/* Compares `drawable` with what was seen of it. FALSE if they are alike; else `box` has the pixels that differ. */
static gboolean small_differs(Small *old, gint32 drawable, GeglRectangle *box) {
    Small new = {.width = THUMBNAIL, .height = THUMBNAIL};
    new.pixels = drawable_thumbnail(drawable, &new.width, &new.height);
    if (!new.pixels) return FALSE; /* it is gone: the list of layers will tell */
    gsize size, old_size = 0;
    const guchar *a = g_bytes_get_data(new.pixels, &size);
    const guchar *b = old->pixels ? g_bytes_get_data(old->pixels, &old_size) : NULL;
    gint left = new.width, top = new.height, right = 0, bottom = 0;
    if (!b || old->width != new.width || old->height != new.height || old_size != size) {
        left = top = 0;
        right = new.width;
        bottom = new.height;
    } else if (memcmp(a, b, size)) {
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
    gint width = gimp_drawable_width(drawable), height = gimp_drawable_height(drawable);
    gint x1 = (left - 1) * width / new.width, x2 = (right + 1) * width / new.width + 1;
    gint y1 = (top - 1) * height / new.height, y2 = (bottom + 1) * height / new.height + 1;
    *box = (GeglRectangle){x1, y1, x2 - x1, y2 - y1};
    return TRUE;
}

/* The layers below, top first; the groups around the live layer are among them. */
static void list_below(gint32 image, gint32 layer, GArray *ids) {
    gint32 group = gimp_item_get_parent(layer);
    gint count, at = 0;
    gint32 *layers = layers_of(image, group, &count);
    while (at < count && layers[at] != layer) at++;
    if (at + 1 < count) g_array_append_vals(ids, layers + at + 1, (guint)(count - at - 1));
    g_free(layers);
    if (group > 0) {
        g_array_append_val(ids, group);
        list_below(image, group, ids);
    }
}

static gboolean encloses(gint32 group, gint32 layer) {
    while (layer > 0 && layer != group) layer = gimp_item_get_parent(layer);
    return layer > 0;
}

/* TRUE if the list is another one than at the last look, which starts it anew. */
static gboolean list_differs(Watch *w, gint32 image, gint32 live) {
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(gint32));
    list_below(image, live, ids);
    gboolean differs = ids->len != w->seen->len;
    for (guint i = 0; i < ids->len && !differs; i++)
        differs = g_array_index(w->seen, Seen, i).layer != g_array_index(ids, gint32, i);
    if (differs) {
        g_array_set_size(w->seen, 0);
        g_array_set_size(w->seen, ids->len);
        for (guint i = 0; i < ids->len; i++) g_array_index(w->seen, Seen, i).layer = g_array_index(ids, gint32, i);
    }
    g_array_unref(ids);
    return differs;
}

static gboolean canvas_differs(Watch *w, gint32 image) {
    gint64 now[G_N_ELEMENTS(w->canvas)] = {gimp_image_width(image), gimp_image_height(image),
                                           gimp_image_base_type(image), gimp_image_get_precision(image)};
    gint x1, y1, x2, y2;
    gboolean some = FALSE;
    if (gimp_selection_bounds(image, &some, &x1, &y1, &x2, &y2) && some) {
        now[4] = 1 + x1;
        now[5] = y1;
        now[6] = x2;
        now[7] = y2;
    }
    gboolean differs = memcmp(now, w->canvas, sizeof now) != 0;
    memcpy(w->canvas, now, sizeof now);
    GeglRectangle box;
    if (some) return small_differs(&w->selection, gimp_image_get_selection(image), &box) || differs;
    small_clear(&w->selection);
    return differs;
}

/* Settings of a layer that change what is shown of it. */
static gboolean settings_differ(Seen *seen) {
    gint x = 0, y = 0;
    gint32 mask = gimp_layer_get_mask(seen->layer);
    gimp_drawable_offsets(seen->layer, &x, &y);
    gint64 now[G_N_ELEMENTS(seen->settings)] = {
        gimp_item_get_visible(seen->layer), x, y, gimp_drawable_width(seen->layer), gimp_drawable_height(seen->layer),
        gimp_layer_get_mode(seen->layer), (gint64)(gimp_layer_get_opacity(seen->layer) * 1000.0), mask,
        mask > 0 && gimp_layer_get_apply_mask(seen->layer)};
    gboolean differ = memcmp(now, seen->settings, sizeof now) != 0;
    memcpy(seen->settings, now, sizeof now);
    return differ;
}

static WatchChange look_at(Seen *seen, gint32 live, GeglRectangle *rect) {
    if (settings_differ(seen)) {
        GeglRectangle box;
        small_differs(&seen->paint, seen->layer, &box);
        return WATCH_WHOLE;
    }
    /* A group around the live layer shows the live layer itself. */
    if (!seen->settings[0] || encloses(seen->layer, live)) return WATCH_NOTHING;
    GeglRectangle box, all = {0, 0, 0, 0};
    if (small_differs(&seen->paint, seen->layer, &box)) all = box;
    if (seen->settings[8] && small_differs(&seen->mask, (gint32)seen->settings[7], &box))
        gegl_rectangle_bounding_box(&all, &all, &box);
    if (all.width <= 0) return WATCH_NOTHING;
    all.x += (gint)seen->settings[1];
    all.y += (gint)seen->settings[2];
    gegl_rectangle_bounding_box(rect, rect, &all);
    return WATCH_PART;
}

WatchChange watch_look(Watch *w, gint32 image, gint32 live, GeglRectangle *rect) {
    WatchChange change = WATCH_NOTHING;
    *rect = (GeglRectangle){0, 0, 0, 0};
    if (list_differs(w, image, live)) change = WATCH_WHOLE;
    if (canvas_differs(w, image)) change = WATCH_WHOLE;
    gint32 active = active_layer(image);
    guint count = w->seen->len, turns = MIN(IN_TURN, count);
    for (guint i = 0; i < count; i++) {
        Seen *seen = &g_array_index(w->seen, Seen, i);
        gboolean its_turn = (i + count - w->turn % count) % count < turns;
        if (!its_turn && !encloses(seen->layer, active)) continue;
        WatchChange found = look_at(seen, live, rect);
        change = MAX(change, found);
    }
    w->turn += turns;
    if (change != WATCH_PART) return change;
    gegl_rectangle_intersect(rect, rect, GEGL_RECTANGLE(0, 0, (gint)w->canvas[0], (gint)w->canvas[1]));
    return rect->width > 0 && rect->height > 0 ? WATCH_PART : WATCH_NOTHING;
}
