/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "live.h"

#include "canvas.h"
#include "compat.h"
#include "hold.h"
#include "times.h"
#include "watch.h"

#include <string.h>
#include <unistd.h>

#define FAST 33        /* milliseconds between ticks while something changes */
#define REST 100       /* ... and while nothing does; */
#define SLOW 400       /* after a while, and while the layer is hidden */
#define STAY_FAST 1.0  /* seconds after the last change */
#define SLEEPY 20.0    /* seconds until SLOW */
#define PATIENT 250    /* milliseconds between looks at most while a picture is made; else a quarter of its time */
#define WRITE 0.008    /* seconds of writing in one tick */
#define SETTLED 0.6    /* seconds without a change, then all is read once: the watch overlooks very faint ones */

struct Live {
    gint32 image, layer;
    gchar *mark;
    Watch *watch;
    Paint *paint;     /* the last one of all the canvas */
    gboolean restart; /* the renderer knows nothing yet */
    gint64 changed;   /* when something was seen to change */
    gint64 reread;    /* when all was read the last time */
    gint64 due;       /* when to look again */
    /* The picture on its way: tiles left to look at, and what of the layer has changed. */
    guint left;
    GeglRectangle dirty;
    gint64 writing; /* microseconds spent on it */
    /* What the layer has, tile by tile, to write only what differs. */
    GArray *hashes;
    gint64 shape[5]; /* width, height and offsets of the layer, pixel format */
    Hold hold;
};

static gdouble seconds_since(gint64 time) { return (gdouble)(g_get_monotonic_time() - time) / 1e6; }

Live *live_new(gint32 image, gint32 layer, GError **error) {
    Live *l = g_new0(Live, 1);
    l->image = image;
    l->mark = g_strdup_printf("scumble-live-%d", (int)getpid());
    l->watch = watch_new();
    l->hashes = g_array_new(FALSE, TRUE, sizeof(guint64));
    l->layer = canvas_add_layer(image, layer, "Scumble (live)",
                                GEGL_RECTANGLE(0, 0, gimp_image_width(image), gimp_image_height(image)), l->mark, NULL);
    if (l->layer > 0) {
        gimp_displays_flush();
        live_restart(l);
        return l;
    }
    g_set_error_literal(error, SCUMBLE_DOMAIN, 0, "GIMP could not add the live layer.");
    live_free(l, TRUE, "");
    return NULL;
}

void live_free(Live *l, gboolean keep, const gchar *prompt) {
    if (!l) return;
    if (l->layer > 0 && gimp_item_is_valid(l->layer)) {
        gimp_image_undo_group_start(l->image);
        if (keep) {
            gchar *name = canvas_layer_name(prompt);
            gimp_item_set_name(l->layer, name); /* also tells GIMP that there is something to save */
            gimp_item_detach_parasite(l->layer, l->mark);
            g_free(name);
        } else {
            gimp_image_remove_layer(l->image, l->layer);
        }
        gimp_image_undo_group_end(l->image);
        gimp_displays_flush();
    }
    watch_free(l->watch);
    paint_free(l->paint);
    g_array_unref(l->hashes);
    g_free(l->mark);
    g_free(l);
}

gboolean live_writing(const Live *l) { return l->left > 0; }
const Paint *live_paint(const Live *l) { return l->paint; }
gint32 live_layer(const Live *l) { return l->layer; }

void live_restart(Live *l) {
    l->restart = TRUE;
    l->due = 0;
    l->changed = g_get_monotonic_time();
}

gint32 live_apply(Live *l, const gchar *prompt) {
    gint32 copy = gimp_layer_copy(l->layer);
    if (copy <= 0) return -1;
    gchar *name = canvas_layer_name(prompt);
    gimp_item_set_name(copy, name);
    gimp_item_detach_parasite(copy, l->mark);
    g_free(name);
    gint32 painted = active_layer(l->image);
    gint at = gimp_image_get_item_position(l->image, l->layer);
    gimp_image_undo_group_start(l->image);
    gboolean good = gimp_image_insert_layer(l->image, copy, gimp_item_get_parent(l->layer), MAX(at, 0));
    if (painted > 0) set_active_layer(l->image, painted);
    gimp_image_undo_group_end(l->image);
    if (!good) gimp_item_delete(copy);
    gimp_displays_flush();
    return good ? copy : -1;
}

/* Reads what lies below and hands it to the engine. */
static gboolean push(Live *l, Renderer *r, const GeglRectangle *rect, GError **error) {
    gint64 began = g_get_monotonic_time();
    Paint *paint = canvas_read_below(l->image, l->layer, l->mark, rect);
    times_tell(rect ? "part" : "whole", began);
    began = g_get_monotonic_time();
    if (!paint) return TRUE; /* closed or undone in this moment: the next tick sees it */
    gboolean fits = paint->whole || (paint->format == r->format && paint->width == r->width && paint->height == r->height);
    gboolean good = renderer_push(r, paint, error);
    times_tell("push", began);
    if (!fits) live_restart(l); /* cropped or converted in this moment */
    if (paint->whole) {
        paint_free(l->paint);
        l->paint = paint;
        l->reread = g_get_monotonic_time();
    } else {
        paint_free(paint);
    }
    return good;
}

static gboolean look(Live *l, Renderer *r, GError **error) {
    GeglRectangle rect;
    gint64 began = g_get_monotonic_time();
    WatchChange change = watch_look(l->watch, l->image, l->layer, &rect);
    times_tell("look", began);
    if (l->restart) change = WATCH_WHOLE;
    l->restart = FALSE;
    if (change != WATCH_NOTHING) l->changed = g_get_monotonic_time();
    /* At rest: after a change, after a while, and then ever more seldom. */
    else if (l->reread < l->changed + (gint64)(SETTLED * 1e6) || seconds_since(l->reread) > 10.0 + seconds_since(l->changed) / 2.0) {
        if (seconds_since(l->changed) > SETTLED) change = WATCH_WHOLE;
    }
    return change == WATCH_NOTHING || push(l, r, change == WATCH_WHOLE ? NULL : &rect, error);
}

static guint64 hash(const guchar *bytes, gsize size) {
    guint64 h = 0x9E3779B97F4A7C15u, word;
    for (gsize i = 0; i + 8 <= size; i += 8) {
        memcpy(&word, bytes + i, 8);
        h = (h ^ word) * 0xFF51AFD7ED558CCDu;
        h ^= h >> 32;
    }
    for (gsize i = size & ~(gsize)7; i < size; i++) h = (h ^ bytes[i]) * 0x100000001B3u;
    return h | 1; /* 0 is a tile that was never written */
}

/* Begins to write the renderer's picture. The artist may have scaled, cropped or moved the layer. */
static void begin_writing(Live *l, const Renderer *r) {
    gint64 shape[G_N_ELEMENTS(l->shape)] = {gimp_drawable_width(l->layer), gimp_drawable_height(l->layer), 0, 0,
                                            r->format->number};
    gint x = 0, y = 0, tile_w = (gint)gimp_tile_width(), tile_h = (gint)gimp_tile_height();
    gimp_drawable_offsets(l->layer, &x, &y);
    shape[2] = x;
    shape[3] = y;
    guint count = (guint)(((shape[0] + tile_w - 1) / tile_w) * ((shape[1] + tile_h - 1) / tile_h));
    if (memcmp(shape, l->shape, sizeof shape)) {
        memcpy(l->shape, shape, sizeof shape);
        g_array_set_size(l->hashes, 0);
        g_array_set_size(l->hashes, count);
    }
    l->left = count;
    l->writing = 0;
    l->dirty = (GeglRectangle){0, 0, 0, 0};
}

typedef struct {
    Live *live;
    const Renderer *renderer;
} Writing;

/* Writes tiles that differ until the time is up or the artist's hands are elsewhere; whole tiles, so that none has to be
 * read. With the last one all is shown at once. */
static void write_some(gpointer data) {
    Live *l = ((const Writing *)data)->live;
    const Renderer *r = ((const Writing *)data)->renderer;
    gint64 began = g_get_monotonic_time();
    gint width = (gint)l->shape[0], height = (gint)l->shape[1];
    gint tile_w = (gint)gimp_tile_width(), tile_h = (gint)gimp_tile_height(), across = (width + tile_w - 1) / tile_w;
    if (!r->frame || gimp_drawable_width(l->layer) != width || gimp_drawable_height(l->layer) != height) {
        l->left = 0;
        live_restart(l);
        return;
    }
    GeglBuffer *buffer = gimp_drawable_get_buffer(l->layer);
    guchar *pixels = g_malloc((gsize)tile_w * (gsize)tile_h * (gsize)r->format->bytes);
    const Babl *format = babl_format(r->format->babl);
    while (buffer && l->left > 0 && seconds_since(began) < WRITE && !hold_hands(&l->hold, l->changed)) {
        guint at = l->hashes->len - l->left--;
        GeglRectangle tile = {(gint)(at % (guint)across) * tile_w, (gint)(at / (guint)across) * tile_h, tile_w, tile_h};
        gegl_rectangle_intersect(&tile, &tile, GEGL_RECTANGLE(0, 0, width, height));
        gsize stride = (gsize)tile.width * (gsize)r->format->bytes, size = stride * (gsize)tile.height;
        memset(pixels, 0, size);
        renderer_copy(r, GEGL_RECTANGLE(tile.x + (gint)l->shape[2], tile.y + (gint)l->shape[3], tile.width, tile.height),
                      pixels, stride);
        guint64 *known = &g_array_index(l->hashes, guint64, at), now = hash(pixels, size);
        if (*known == now) continue;
        *known = now;
        gegl_buffer_set(buffer, &tile, 0, format, pixels, GEGL_AUTO_ROWSTRIDE);
        gegl_rectangle_bounding_box(&l->dirty, &l->dirty, &tile);
    }
    g_free(pixels);
    if (buffer) gegl_buffer_flush(buffer);
    g_clear_object(&buffer);
    l->writing += g_get_monotonic_time() - began;
    if (l->left > 0 || l->dirty.width <= 0) return;
    times_tell("write", g_get_monotonic_time() - l->writing);
    began = g_get_monotonic_time();
    gimp_drawable_update(l->layer, l->dirty.x, l->dirty.y, l->dirty.width, l->dirty.height);
    gimp_displays_flush();
    times_tell("show", began);
}

/* Milliseconds until the next look. Each look and reading takes GIMP's time, which is the brush's, too. While a picture is
 * made the paint is read some times over, so that the next one begins at once with fresh paint, but not more. */
static gint64 pause_after(const Live *l, const Renderer *r, gint64 began) {
    gdouble rest = seconds_since(l->changed);
    gint64 cost = (g_get_monotonic_time() - began) / 1000;
    if (!renderer_busy(r) && rest >= STAY_FAST) return MAX(rest < SLEEPY ? REST : SLOW, 8 * cost);
    gint64 quarter = renderer_busy(r) && r->frame ? (gint64)r->info.since_start_us / 4000 : 0;
    return MAX(MAX(FAST, 3 * cost), MIN(quarter, PATIENT));
}

LiveState live_tick(Live *l, Renderer *r, gboolean fresh, guint *delay, GError **error) {
    gint64 began = g_get_monotonic_time();
    *delay = SLOW;
    if (!gimp_image_is_valid(l->image)) return LIVE_IMAGE_CLOSED;
    if (!gimp_item_is_valid(l->layer)) return LIVE_LAYER_GONE;
    if (gimp_image_base_type(l->image) == GIMP_INDEXED) return LIVE_INDEXED;
    if (!gimp_item_get_visible(l->layer) || canvas_locked(l->layer)) return LIVE_RESTS;
    if (fresh) begin_writing(l, r);
    /* Either a part of the picture is written or the paint is read, never both in one tick. */
    gboolean hold = hold_hands(&l->hold, l->changed) || (l->left > 0 && hold_dialog());
    if (l->left > 0 && !hold) {
        hold_image(l->image, write_some, &(Writing){l, r});
        *delay = 4;
        return LIVE_ON;
    }
    if (began >= l->due) {
        look(l, r, error);
        l->due = g_get_monotonic_time() + 1000 * pause_after(l, r, began);
    }
    gint64 left = (l->due - g_get_monotonic_time()) / 1000;
    *delay = (guint)CLAMP(left, 1, renderer_busy(r) || hold ? FAST : SLOW);
    return LIVE_ON;
}
