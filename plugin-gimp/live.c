/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "live.h"

#include "below.h"
#include "canvas.h"
#include "mark.h"
#include "times.h"
#include "watch.h"
#include "writer.h"

#define FAST 33        /* milliseconds between ticks while something changes */
#define REST 100       /* ... and while nothing does; */
#define SLOW 400       /* after a while, and while the layer is hidden */
#define LATEST 1500    /* ... and where looks take long, which would otherwise be taken still more seldom */
#define STAY_FAST 1.0  /* seconds after the last change */
#define SLEEPY 20.0    /* seconds until SLOW */
#define PATIENT 250    /* milliseconds between looks at most while a picture is made; else a quarter of its time */
#define SETTLED 0.6    /* seconds without a change, then all is read once: the watch overlooks very faint ones */
#define FAINT 50.0     /* opacity in percent of a layer that follows nobody */

struct Live {
    gint32 image;
    Watch *watch;
    Below *below;
    Steering *steering;
    Writer writer;
    gboolean left_over; /* a live layer of before was put by */
    Picture last;     /* of the renderer before: what the layer shows until there is one of this */
    Paint *paint;     /* the last one of all the canvas, until it is taken */
    gboolean restart; /* the renderer knows nothing yet */
    gint64 changed;   /* when something was seen to change */
    gint64 reread;    /* when all was read the last time */
    gint64 due;       /* when to look again */
};

/* What the layer shows, or is to: a renderer that has none yet, or failed, leaves it the last picture. */
static Picture *shown(Live *l, Renderer *r) { return r && r->picture.laid ? &r->picture : &l->last; }

static void read_anew(Live *l) {
    l->restart = TRUE;
    l->due = 0;
    l->changed = g_get_monotonic_time();
}

static gdouble seconds_since(gint64 time) { return (gdouble)(g_get_monotonic_time() - time) / 1e6; }

/* The layer to begin above: not one that was left over itself. -1 if there is none. */
static gint32 base_for(gint32 image, gint32 layer) {
    while (layer > 0 && mark_is_own(layer)) {
        gint count, at = gimp_image_get_item_position(image, layer) + 1;
        gint32 *layers = layers_of(image, gimp_item_get_parent(layer), &count);
        layer = at < count ? layers[at] : -1;
        g_free(layers);
    }
    return layer;
}

/* Our own window is on its way to the screen, and would come before it. */
#define AFTER_OURS 400

static gboolean show_other(gpointer window) {
    mark_show((gulong)GPOINTER_TO_SIZE(window));
    return G_SOURCE_REMOVE;
}

static gboolean another_lives(gint32 image, const GArray *marked) {
    gulong window = 0;
    for (guint i = 0; i < marked->len; i++) {
        if (!mark_is_alive(g_array_index(marked, gint32, i), image, &window)) continue;
        g_timeout_add(AFTER_OURS, show_other, GSIZE_TO_POINTER(window));
        return TRUE;
    }
    return FALSE;
}

/* The artist may have painted on it since, or merged something into it: it is out of the way, and nothing of it is lost. */
static void put_by(gint32 left_over) {
    gimp_item_set_visible(left_over, FALSE);
    gimp_item_set_name(left_over, "Scumble (before)");
    mark_remove(left_over);
}

static gint32 add_layer(gint32 image, gint32 base, GArray *left_over, GtkWidget *window, GError **error) {
    GeglRectangle all = {0, 0, gimp_image_width(image), gimp_image_height(image)};
    gint32 layer = canvas_new_layer(image, "Scumble (live)", &all);
    if (layer <= 0) {
        g_set_error_literal(error, SCUMBLE_DOMAIN, SCUMBLE_ERROR_MEMORY, "GIMP could not make the live layer: memory ran out. Close other images.");
        return -1;
    }
    mark_put(layer, image, window);
    Chosen chosen = chosen_now(image);
    gboolean was_left_over = FALSE; /* the active layer itself */
    for (guint i = 0; i < left_over->len; i++) was_left_over |= g_array_index(left_over, gint32, i) == active_layer(image);
    if (left_over->len) gimp_image_undo_group_start(image); /* only then: it costs what could be redone */
    if (!canvas_insert(image, layer, base, FALSE, error)) layer = -1;
    for (guint i = 0; layer > 0 && i < left_over->len; i++) put_by(g_array_index(left_over, gint32, i));
    chosen_again(image, chosen);
    if (was_left_over) set_active_layer(image, base);
    if (left_over->len) gimp_image_undo_group_end(image);
    gimp_displays_flush();
    return layer;
}

Live *live_new(gint32 image, gint32 layer, GtkWidget *window, Steering *steering, GError **error) {
    mark_sweep();
    GArray *marked = mark_find(image);
    /* A copy that the artist has made of a live layer is the artist's. */
    for (guint i = marked->len; i-- > 0;)
        if (mark_is_copied(g_array_index(marked, gint32, i))) g_array_remove_index(marked, i);
    gint32 base = base_for(image, layer), made = -1;
    if (another_lives(image, marked))
        g_set_error_literal(error, SCUMBLE_DOMAIN, 0, "This image has a live layer already, in another Scumble window. Go on there, or close that one first.");
    else if (base <= 0)
        g_set_error_literal(error, SCUMBLE_DOMAIN, 0, "There is no layer below the old live layer. Choose the layer that you paint on, then Live again.");
    else
        made = add_layer(image, base, marked, window, error);
    gboolean left_over = marked->len > 0;
    g_array_unref(marked);
    if (made <= 0) return NULL;
    Live *l = g_new0(Live, 1);
    l->image = image;
    l->left_over = left_over;
    l->watch = watch_new();
    l->below = below_new(image);
    l->steering = steering;
    l->writer = (Writer){.image = image, .layer = made};
    read_anew(l);
    return l;
}

gint32 live_free(Live *l, gboolean keep, const gchar *prompt) {
    gint32 layer = l->writer.layer;
    if (gimp_item_is_valid(layer)) {
        writer_stop(&l->writer);
        gimp_image_undo_group_start(l->image);
        if (keep && l->writer.wrote && l->writer.holds != SHOWS_NOTHING) {
            gchar *name = canvas_layer_name(prompt);
            gimp_item_set_name(layer, name); /* also tells GIMP that there is something to save */
            if (gimp_layer_get_opacity(layer) > FAINT) gimp_layer_set_opacity(layer, FAINT);
            mark_remove(layer);
            g_free(name);
        } else {
            gimp_image_remove_layer(l->image, layer);
            layer = -1;
        }
        gimp_image_undo_group_end(l->image);
        gimp_displays_flush();
    } else {
        layer = -1;
        /* What was merged into it has its mark now, and is the artist's. */
        if (gimp_image_is_valid(l->image)) mark_give_up(l->image);
    }
    watch_free(l->watch);
    below_free(l->below);
    writer_end(&l->writer);
    picture_end(&l->last);
    paint_free(l->paint);
    g_free(l);
    return layer;
}

gboolean live_writing(const Live *l) { return l->writer.begun; }
gboolean live_settled(Live *l, Renderer *r) { return !writer_wants(&l->writer, shown(l, r)); }
gboolean live_holds_picture(const Live *l) { return l->writer.holds == SHOWS_PICTURE; }
gint32 live_layer(const Live *l) { return l->writer.layer; }

const gchar *live_begun(const Live *l) {
    return l->left_over ? "A live layer was left over from before. It is hidden and called \xe2\x80\x9cScumble (before)\xe2\x80\x9d now: delete it if you do not need it." : NULL;
}

void live_show(Live *l, Renderer *r, WriterShows shows) { writer_show(&l->writer, shown(l, r), shows); }

Paint *live_take_paint(Live *l) {
    Paint *paint = l->paint;
    l->paint = NULL;
    return paint;
}

void live_restart(Live *l, Renderer *before) {
    if (before && before->picture.laid) {
        picture_end(&l->last);
        l->last = before->picture;
        before->picture = (Picture){0};
    }
    read_anew(l);
}

void live_look(Live *l) {
    l->due = 0;
    l->changed = g_get_monotonic_time();
}

gint32 live_apply(Live *l, gboolean above, const gchar *prompt) {
    gint32 live = l->writer.layer, copy = gimp_layer_copy(live);
    if (copy <= 0) return -1;
    gchar *name = canvas_layer_name(prompt);
    gimp_item_set_name(copy, name);
    mark_remove(copy);
    g_free(name);
    if (above) gimp_item_set_visible(copy, FALSE);
    Chosen chosen = chosen_now(l->image);
    gboolean good = canvas_insert(l->image, copy, live, !above, NULL);
    if (!good || above || chosen_channel(&chosen)) chosen_again(l->image, chosen);
    else chosen_free(chosen);
    gimp_displays_flush();
    return good ? copy : -1;
}

/* Reads what lies below and hands it to the engine. */
static gboolean push(Live *l, Renderer *r, const GeglRectangle *rect, GError **error) {
    gint64 began = g_get_monotonic_time();
    Paint *paint = below_read(l->below, l->writer.layer, rect, watch_parts(l->watch));
    times_tell(rect ? "part" : "whole", began);
    if (!paint) {
        /* Closed or undone in this moment, and the next tick sees it; or there is no memory. */
        if (gimp_item_is_valid(l->writer.layer))
            g_set_error_literal(error, SCUMBLE_DOMAIN, SCUMBLE_ERROR_MEMORY, "The paint could not be read: memory ran out. Close other images; the next stroke tries again.");
        return FALSE;
    }
    if (!paint->whole && !renderer_fits(r, paint)) {
        paint_free(paint);
        read_anew(l); /* cropped or converted in this moment */
        return TRUE;
    }
    guint64 asked = r->asked;
    began = g_get_monotonic_time();
    gboolean good = renderer_push(r, paint, error);
    times_tell("push", began);
    if (paint->whole) {
        paint_free(l->paint);
        l->paint = paint;
        l->reread = g_get_monotonic_time();
        if (r->asked != asked) l->changed = l->reread; /* too faint for the watch */
    } else {
        paint_free(paint);
    }
    return good;
}

static gboolean look(Live *l, Renderer *r, GError **error) {
    GeglRectangle rect;
    gint64 began = g_get_monotonic_time();
    WatchChange change = watch_look(l->watch, l->image, l->writer.layer, &rect);
    writer_check(&l->writer, shown(l, r));
    times_tell("look", began);
    if (l->restart) change = WATCH_WHOLE;
    l->restart = FALSE;
    if (change != WATCH_NOTHING) l->changed = g_get_monotonic_time();
    /* At rest: after a change, after a while, and then ever more seldom; never under the hand. */
    else if (l->reread < l->changed + (gint64)(SETTLED * 1e6) || seconds_since(l->reread) > 10.0 + seconds_since(l->changed) / 2.0) {
        if (seconds_since(l->changed) > SETTLED && !hold_pressed()) change = WATCH_WHOLE;
    }
    if (change != WATCH_NOTHING && !push(l, r, change == WATCH_WHOLE ? NULL : &rect, error)) return FALSE;
    const GeglRectangle canvas = {0, 0, r->picture.width, r->picture.height};
    if (steering_follow(l->steering, r, &canvas, change == WATCH_WHOLE ? LOOK_WHOLE : LOOK_IN_TURN)) l->changed = g_get_monotonic_time();
    return TRUE;
}

/* Milliseconds until the next look. Each look and reading takes GIMP's time, which is the brush's, too. While a picture is
 * made the paint is read some times over, so that the next one begins at once with fresh paint, but not more. */
static gint64 pause_after(const Live *l, const Renderer *r, gint64 began) {
    gdouble rest = seconds_since(l->changed);
    gint64 cost = (g_get_monotonic_time() - began) / 1000;
    if (!renderer_busy(r) && rest >= STAY_FAST) return MAX(rest < SLEEPY ? REST : SLOW, MIN(8 * cost, LATEST));
    gint64 quarter = renderer_busy(r) && r->picture.laid ? (gint64)r->info.since_start_us / 4000 : 0;
    return MAX(MAX(FAST, 3 * cost), MIN(quarter, PATIENT));
}

LiveState live_tick(Live *l, Renderer *r, guint *delay, GError **error) {
    gint64 began = g_get_monotonic_time();
    gint32 layer = l->writer.layer;
    Picture *picture = shown(l, r);
    *delay = SLOW;
    if (picture != &l->last) picture_end(&l->last);
    /* The hands first: what they may be about to take away is still there afterwards, or GIMP says that it is gone. The other
     * way round a dialog that closes the image could come to its end between the two. */
    gboolean wants = writer_wants(&l->writer, picture);
    gboolean hold = hold_hands(&l->writer.hold, l->changed) || (wants && hold_dialog());
    if (!gimp_image_is_valid(l->image)) return LIVE_IMAGE_CLOSED;
    if (!gimp_item_is_valid(layer)) return LIVE_LAYER_GONE;
    if (gimp_image_base_type(l->image) == GIMP_INDEXED) return LIVE_INDEXED;
    gboolean rests = !gimp_item_get_visible(layer) || canvas_locked(layer);
    /* Without a picture: its canvas has become another one while the hands held the writing up. */
    if ((rests || !picture->laid) && l->writer.begun && gimp_item_is_valid(layer)) writer_stop(&l->writer);
    if (rests) return LIVE_RESTS;
    LiveState state = active_layer(l->image) == layer ? LIVE_PAINTED_ON : LIVE_ON;
    /* Either a part of the picture is written or the paint is read, never both in one tick. */
    gboolean turn = !r || l->writer.begun || began < l->due; /* pictures that never stop coming leave time to look */
    if (wants && turn && !hold) {
        if (writer_write(&l->writer, picture, l->changed)) {
            *delay = 4;
            return state;
        }
        picture_end(&l->last); /* of another canvas, and nothing makes it fit again */
    }
    if (!r) {
        *delay = hold ? FAST : SLOW;
        return state;
    }
    if (began >= l->due) {
        look(l, r, error);
        l->due = g_get_monotonic_time() + 1000 * pause_after(l, r, began);
        if (wants && !hold) {
            *delay = 1;
            return state;
        }
    }
    gint64 left = (l->due - g_get_monotonic_time()) / 1000;
    *delay = (guint)CLAMP(left, 1, renderer_busy(r) || hold ? FAST : SLOW);
    return state;
}
