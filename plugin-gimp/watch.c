/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "watch.h"

#include "compat.h"
#include "small.h"

#include <string.h>

#define IN_TURN 2     /* layers looked at in each look beside the active one */

typedef struct {
    gint32 layer;
    gboolean known; /* it has been looked at */
    gint64 settings[9];
    Small paint, mask;
} Seen;

struct Watch {
    GArray *seen; /* Seen of each layer below, top first */
    gint64 canvas[8];
    Small selection, below;
    guint turn;
    gboolean blind; /* GIMP makes no small pictures of layers */
    GArray *parts;  /* Part: what paint has changed in this look; */
    gboolean more;  /* and something else has, too */
};

static void seen_clear(gpointer item) {
    Seen *seen = item;
    small_clear(&seen->paint);
    small_clear(&seen->mask);
}

Watch *watch_new(void) {
    Watch *w = g_new0(Watch, 1);
    w->seen = g_array_new(FALSE, TRUE, sizeof(Seen));
    g_array_set_clear_func(w->seen, seen_clear);
    w->parts = g_array_new(FALSE, FALSE, sizeof(Part));
    w->blind = !small_can_be_had();
    return w;
}

void watch_free(Watch *w) {
    if (!w) return;
    g_array_unref(w->seen);
    g_array_unref(w->parts);
    small_clear(&w->selection);
    small_clear(&w->below);
    g_free(w);
}

/* What is known of each layer is taken along to the list as it is now. TRUE if that is another one. */
static gboolean list_update(Watch *w, gint32 image, gint32 live) {
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(gint32));
    below_list(image, live, ids);
    gboolean differs = ids->len != w->seen->len;
    for (guint i = 0; i < ids->len && !differs; i++)
        differs = g_array_index(w->seen, Seen, i).layer != g_array_index(ids, gint32, i);
    if (differs) {
        GArray *now = g_array_new(FALSE, TRUE, sizeof(Seen));
        g_array_set_clear_func(now, seen_clear);
        g_array_set_size(now, ids->len);
        for (guint i = 0; i < ids->len; i++) {
            Seen *to = &g_array_index(now, Seen, i);
            to->layer = g_array_index(ids, gint32, i);
            for (guint k = 0; k < w->seen->len; k++) {
                Seen *from = &g_array_index(w->seen, Seen, k);
                if (from->layer != to->layer) continue;
                *to = *from;
                from->paint.pixels = from->mask.pixels = NULL; /* they are `to`'s now */
            }
        }
        g_array_unref(w->seen);
        w->seen = now;
    }
    g_array_unref(ids);
    return differs;
}

static gboolean canvas_update(Watch *w, gint32 image) {
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
    if (some) return small_update(&w->selection, gimp_image_get_selection(image), &box) || differs;
    small_clear(&w->selection);
    return differs;
}

/* Settings of a layer that change what is shown of it. TRUE if they are others than at its last look. */
static gboolean settings_update(Seen *seen) {
    gint x = 0, y = 0;
    gint32 mask = gimp_layer_get_mask(seen->layer);
    gimp_drawable_offsets(seen->layer, &x, &y);
    gint64 now[G_N_ELEMENTS(seen->settings)] = {
        gimp_item_get_visible(seen->layer), x, y, gimp_drawable_width(seen->layer), gimp_drawable_height(seen->layer),
        gimp_layer_get_mode(seen->layer), (gint64)(gimp_layer_get_opacity(seen->layer) * 1000.0), mask,
        mask > 0 && gimp_layer_get_apply_mask(seen->layer)};
    gboolean differ = seen->known && memcmp(now, seen->settings, sizeof now) != 0;
    memcpy(seen->settings, now, sizeof now);
    seen->known = TRUE;
    return differ;
}

static WatchChange look_at(Watch *w, Seen *seen, const GArray *around_live, GeglRectangle *rect) {
    GeglRectangle box, all = {0, 0, 0, 0};
    gboolean settings = settings_update(seen);
    /* A group around the live layer shows the live layer itself. */
    if (seen->settings[0] && !w->blind && !is_among(around_live, seen->layer)) {
        if (small_update(&seen->paint, seen->layer, &box)) {
            Part part = {seen->layer, box};
            g_array_append_val(w->parts, part);
            all = box;
        }
        if (seen->settings[8] && small_update(&seen->mask, (gint32)seen->settings[7], &box)) {
            w->more = TRUE;
            gegl_rectangle_bounding_box(&all, &all, &box);
        }
    }
    if (settings) return WATCH_WHOLE;
    if (all.width <= 0) return WATCH_NOTHING;
    all.x += (gint)seen->settings[1];
    all.y += (gint)seen->settings[2];
    gegl_rectangle_bounding_box(rect, rect, &all);
    return WATCH_PART;
}

/* All that is below at once, where there are no small pictures of layers. */
static WatchChange look_below(Watch *w, gint32 image, gint32 live, GeglRectangle *rect) {
    gint width = SMALL_SIDE, height = SMALL_SIDE;
    GBytes *small = below_thumbnail(image, live, &width, &height);
    return small_take(&w->below, small, width, height, (gint)w->canvas[0], (gint)w->canvas[1], rect) ? WATCH_PART : WATCH_NOTHING;
}

WatchChange watch_look(Watch *w, gint32 image, gint32 live, GeglRectangle *rect) {
    WatchChange change = WATCH_NOTHING;
    *rect = (GeglRectangle){0, 0, 0, 0};
    g_array_set_size(w->parts, 0);
    w->more = w->blind;
    if (list_update(w, image, live)) change = WATCH_WHOLE;
    if (canvas_update(w, image)) change = WATCH_WHOLE;
    if (w->blind) {
        WatchChange found = look_below(w, image, live, rect); /* not within MAX, which would look twice */
        change = MAX(change, found);
    }
    GArray *active = layer_and_groups(active_layer(image)), *around_live = layer_and_groups(gimp_item_get_parent(live));
    guint count = w->seen->len, turns = MIN(IN_TURN, count);
    for (guint i = 0; i < count; i++) {
        Seen *seen = &g_array_index(w->seen, Seen, i);
        gboolean its_turn = (i + count - w->turn % count) % count < turns;
        if (!its_turn && !is_among(active, seen->layer)) continue;
        WatchChange found = look_at(w, seen, around_live, rect);
        change = MAX(change, found);
    }
    g_array_unref(active);
    g_array_unref(around_live);
    w->turn += turns;
    if (change != WATCH_PART) return change;
    gegl_rectangle_intersect(rect, rect, GEGL_RECTANGLE(0, 0, (gint)w->canvas[0], (gint)w->canvas[1]));
    return rect->width > 0 && rect->height > 0 ? WATCH_PART : WATCH_NOTHING;
}

gboolean watch_layer(Watch *w, gint32 image, gint32 layer) {
    GeglRectangle rect = {0, 0, 0, 0};
    Seen first = {.layer = layer};
    gboolean other = w->seen->len != 1 || g_array_index(w->seen, Seen, 0).layer != layer;
    if (other) {
        g_array_set_size(w->seen, 0);
        g_array_append_val(w->seen, first);
    }
    g_array_set_size(w->parts, 0);
    GArray *none = g_array_new(FALSE, FALSE, sizeof(gint32));
    Seen *seen = &g_array_index(w->seen, Seen, 0);
    gboolean canvas = canvas_update(w, image);
    WatchChange change = look_at(w, seen, none, &rect);
    g_array_unref(none);
    /* A hidden layer is rendered, too, but not looked at. */
    return other || canvas || w->blind || !seen->settings[0] || change != WATCH_NOTHING;
}

const GArray *watch_parts(const Watch *w) { return w->more ? NULL : w->parts; }
