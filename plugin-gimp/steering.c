/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "steering.h"

#include <math.h>
#include <string.h>

#include "compat.h"
#include "linked.h"
#include "regions.h"
#include "small.h"
#include "sources.h"
#include "times.h"

/* What the renderer was told under a number. */
typedef struct {
    guint32 kind;     /* of what is there; */
    gboolean held;    /* it steers; */
    gchar *said;      /* by these words and numbers, NULL: not known; */
    gint32 layer;     /* with that layer's picture, and how it was seen last; */
    gint64 place[6];
    Small paint, mask;
    gboolean stale;   /* the picture there is not the layer's as it is now */
    GeglRectangle seen; /* of a reference: the part of its layer that the engine has; */
    gboolean touched; /* ... something was seen to change since all of that was read; */
    gboolean empty;   /* ... nothing was there when it was read last */
    Linked linked;    /* of a reference that is linked: its file */
    gboolean painted; /* of a group's region: it was the layer that is painted on since all of it was read */
    gchar *wrong;     /* why it does not steer; NULL */
    gchar *refused;   /* the words and numbers that the engine would not have: they are not tried again */
} Told;

struct Steering {
    gint32 image;
    GPtrArray *conditions;
    gchar *reasons[RENDERER_KINDS];
    Told told[CONDITIONS_MOST];
    Regions *regions;
    Workbench bench;
    const PixelFormat *format; /* of the renderer's canvas at the last look, */
    const Babl *babl;
    gint width, height;
    guint turn;
    gboolean blind; /* GIMP makes no small pictures of layers */
};

Steering *steering_new(gint32 image) {
    Steering *s = g_new0(Steering, 1);
    s->image = image;
    s->conditions = conditions_new();
    s->regions = regions_new();
    s->blind = !small_can_be_had();
    return s;
}

static void told_clear(Told *t) {
    g_free(t->said);
    g_free(t->wrong);
    g_free(t->refused);
    small_clear(&t->paint);
    small_clear(&t->mask);
    *t = (Told){.held = FALSE};
}

void steering_forget(Steering *s) {
    for (guint i = 0; i < CONDITIONS_MOST; i++) told_clear(&s->told[i]);
    s->format = NULL;
    workbench_clear(&s->bench);
}

void steering_block(Steering *s, gchar *const reasons[RENDERER_KINDS]) {
    for (guint i = 0; i < RENDERER_KINDS; i++) {
        g_free(s->reasons[i]);
        s->reasons[i] = reasons ? g_strdup(reasons[i]) : NULL;
    }
}

void steering_free(Steering *s) {
    if (!s) return;
    steering_forget(s);
    steering_block(s, NULL);
    g_ptr_array_unref(s->conditions);
    regions_free(s->regions);
    g_free(s);
}

void steering_set(Steering *s, GPtrArray *conditions) {
    g_ptr_array_unref(s->conditions);
    s->conditions = conditions;
}

const GPtrArray *steering_conditions(const Steering *s) { return s->conditions; }

const gchar *steering_problem(const Steering *s) {
    for (guint i = 0; i < CONDITIONS_MOST; i++)
        if (s->told[i].wrong) return s->told[i].wrong;
    return NULL;
}

gchar *steering_silent(const Steering *s, const Renderer *r, gchar *why[CONDITIONS_MOST]) {
    gchar *found = NULL;
    for (guint i = 0; i < CONDITIONS_MOST; i++) why[i] = NULL;
    if (r && s->conditions->len) renderer_silent(r, why);
    for (guint i = 0; i < s->conditions->len && !found; i++) {
        const Condition *c = conditions_at(s->conditions, i);
        if (!why[c->number]) continue;
        gchar *title = condition_title(c);
        found = g_strdup_printf("\xe2\x80\x9c%s\xe2\x80\x9d does not steer: %s", title, why[c->number]);
        g_free(title);
    }
    return found;
}

/* All of it but the picture. */
static gchar *words_of(const Condition *c) {
    return g_strdup_printf("%u %u %u %u %.17g %.17g %.17g %.17g %s\n%s", c->kind, c->prepare, c->rank, c->aspect, c->scale, isnan(c->text) ? c->scale : c->text, c->start, c->end,
                           c->path ? c->path : "", c->prompt);
}

/* How its layer lies; TRUE if that is another way than at the last look. A reference may lie `anywhere`. */
static gboolean place_update(Told *t, gint32 layer, gboolean anywhere) {
    gint x = 0, y = 0;
    gint32 mask = gimp_layer_get_mask(layer);
    if (!anywhere) gimp_drawable_offsets(layer, &x, &y);
    gint64 now[G_N_ELEMENTS(t->place)] = {x, y, gimp_drawable_width(layer), gimp_drawable_height(layer), mask,
                                          mask > 0 && gimp_layer_get_apply_mask(layer)};
    gboolean differs = memcmp(now, t->place, sizeof now) != 0;
    memcpy(t->place, now, sizeof now);
    return differs;
}

/* Looks at the layer; `rect`, of the image (of a reference: of the layer), grows by what differs there from the last look. */
static void look_at(Told *t, gint32 layer, GeglRectangle *rect) {
    GeglRectangle box, found = {0, 0, 0, 0};
    if (small_update(&t->paint, layer, &box)) found = box;
    if (t->place[5] && small_update(&t->mask, (gint32)t->place[4], &box)) gegl_rectangle_bounding_box(&found, &found, &box);
    if (found.width <= 0) return;
    found.x += (gint)t->place[0];
    found.y += (gint)t->place[1];
    gegl_rectangle_bounding_box(rect, rect, &found);
}

/* Looks at the layer of the condition, maybe for the first time. */
static void look_for(const Steering *s, const Condition *c, Told *t, gboolean look, GeglRectangle *rect) {
    if (t->layer != c->layer) {
        small_clear(&t->paint);
        small_clear(&t->mask);
        t->stale = TRUE;
    }
    t->layer = c->layer;
    if (!look && !t->stale) return;
    if (place_update(t, c->layer, c->kind == SCUMBLE_CONDITION_REFERENCE)) t->stale = TRUE;
    if (!s->blind) look_at(t, c->layer, rect);
}

/* All that is on a reference's layer, or what has changed within that. What was at rest is not read, for faint strokes only
 * where they may have been painted. */
static Paint *read_reference(Steering *s, const Condition *c, Told *t, gboolean look, gboolean whole, gboolean painted) {
    GeglRectangle rect = {0, 0, 0, 0}, place = t->seen;
    gint x = 0, y = 0;
    look_for(s, c, t, look, &rect);
    if (rect.width > 0) t->touched = TRUE;
    gboolean some = gegl_rectangle_intersect(&rect, &rect, GEGL_RECTANGLE(0, 0, (gint)t->place[2], (gint)t->place[3]));
    gboolean all = t->stale || (whole && (t->touched || painted || s->blind)) || (look && s->blind && painted) ||
                   (some && !gegl_rectangle_contains(&t->seen, &rect));
    if (!all && !some) return NULL;
    gint64 began = g_get_monotonic_time();
    Paint *paint = NULL;
    gimp_drawable_offsets(c->layer, &x, &y);
    if (all) {
        paint = source_read_seen(&s->bench, c->layer, &place);
        t->seen = paint ? (GeglRectangle){place.x - x, place.y - y, place.width, place.height} : (GeglRectangle){0, 0, 0, 0};
        t->touched = !paint;
        t->empty = paint && !paint->width;
    } else {
        rect.x += x;
        rect.y += y;
        paint = source_read(&s->bench, c->layer, GEGL_RECTANGLE(t->seen.x + x, t->seen.y + y, t->seen.width, t->seen.height), &rect);
    }
    times_tell("source", began);
    t->stale = !paint;
    return paint;
}

/* The picture of a linked file, if the engine does not have it as it is. */
static Paint *read_linked(Steering *s, const Condition *c, Told *t, gboolean now, GError **error) {
    if (t->stale) linked_forget(&t->linked);
    if (!linked_look(&t->linked, c, now, error)) return NULL;
    gint64 began = g_get_monotonic_time();
    Paint *paint = linked_read(&t->linked, c, s->image, error);
    times_tell("source", began);
    t->stale = !paint;
    return paint;
}

/* What of the layer the engine does not have, on the canvas; NULL if that is nothing, or it cannot be read now. */
static Paint *read_new(Steering *s, const Condition *c, Told *t, const GeglRectangle *canvas, gboolean look, gboolean whole) {
    GeglRectangle rect = {0, 0, 0, 0};
    look_for(s, c, t, look, &rect);
    if (t->stale || whole || (look && s->blind)) rect = *canvas;
    if (!gegl_rectangle_intersect(&rect, &rect, canvas)) return NULL;
    gint64 began = g_get_monotonic_time();
    Paint *paint = source_read(&s->bench, c->layer, canvas, &rect);
    times_tell("source", began);
    /* What cannot be read now is read at the next look, all of it. */
    t->stale = !paint;
    if (paint && c->kind == SCUMBLE_CONDITION_REGION) source_whiten(paint);
    return paint;
}

static void no_layer(const Condition *c, GError **error) {
    gchar *title = condition_title(c);
    g_set_error(error, SCUMBLE_DOMAIN, 0, "\xe2\x80\x9c%s\xe2\x80\x9d has no layer to read%s%s%s: choose one for it under Steer by.", title,
                *c->name ? " (its layer \xe2\x80\x9c" : "", c->name, *c->name ? "\xe2\x80\x9d is gone)" : "");
    g_free(title);
}

static void nothing_there(const Condition *c, GError **error) {
    g_set_error(error, SCUMBLE_DOMAIN, 0,
                "The layer \xe2\x80\x9c%s\xe2\x80\x9d is empty, so it is no reference: paint on it, or choose another one under Steer by.", c->name);
}

static void not_here(const Condition *c, GError **error) {
    gchar *title = condition_title(c);
    g_set_error(error, SCUMBLE_DOMAIN, 0,
                "This image is steered by \xe2\x80\x9c%s\xe2\x80\x9d, which is not among your files. Add the file under Steer by, or take "
                "this one out of the list.", title);
    g_free(title);
}

/* Why it cannot be used at all; FALSE: nothing is in the way. */
static gboolean hindered(const Steering *s, const Condition *c, gboolean is_there, GError **error) {
    const gchar *why = s->reasons[renderer_kind(c)];
    if (why) {
        gchar *title = condition_title(c);
        g_set_error(error, SCUMBLE_DOMAIN, 0, "\xe2\x80\x9c%s\xe2\x80\x9d does not steer: %s", title, why);
        g_free(title);
        return TRUE;
    }
    if (condition_has_file(c) && !c->path) not_here(c, error);
    else if (condition_has_layer(c) && !is_there && !source_is_there(c)) no_layer(c, error);
    else return FALSE;
    return TRUE;
}

static gboolean take_away(Renderer *r, guint32 number, Told *t) {
    gboolean held = t->held;
    if (held) renderer_steer(r, number, NULL, NULL, NULL);
    t->held = t->empty = FALSE;
    g_clear_pointer(&t->said, g_free);
    return held;
}

/* How a condition's layer is looked at. */
typedef struct {
    gboolean look, whole; /* at all, all of it */
    gboolean painted;     /* it, or something in it, is the layer that is painted on */
    gboolean of_group;    /* a group was asked for it just now */
} Turn;

/* Where there are many regions each costs its look, so what rests is not read once more for faint strokes that nobody made. */
static Turn without_rest(Turn turn, Told *t) {
    t->painted = t->painted || turn.painted;
    turn.whole = turn.whole && t->painted;
    if (turn.whole) t->painted = turn.painted;
    return turn;
}

/* TRUE if the engine was told something new. */
static gboolean tell_one(Steering *s, Renderer *r, const Condition *c, const GeglRectangle *canvas, Turn turn) {
    Told *t = &s->told[c->number];
    GError *error = NULL;
    gchar *words = words_of(c);
    gboolean changed = FALSE;
    if (t->kind != c->kind) { /* what was under the number has gone */
        changed = take_away(r, c->number, t);
        t->kind = c->kind;
    }
    if (turn.of_group) turn = without_rest(turn, t);
    if (!hindered(s, c, turn.of_group, &error) && g_strcmp0(words, t->refused)) {
        gboolean pictured = c->kind != SCUMBLE_CONDITION_LORA && !condition_is_inpaint(c), refers = c->kind == SCUMBLE_CONDITION_REFERENCE, other = g_strcmp0(words, t->said) != 0;
        if ((!t->held && !t->empty) || !pictured) t->stale = TRUE;
        Paint *paint = !pictured                ? NULL
                       : condition_is_linked(c) ? read_linked(s, c, t, turn.whole, &error)
                       : refers                 ? read_reference(s, c, t, turn.look, turn.whole, turn.painted)
                                                : read_new(s, c, t, canvas, turn.look, turn.whole);
        gboolean may = !pictured || paint || (t->held && !t->stale); /* not without a picture */
        if (t->empty) nothing_there(c, &error);
        g_clear_pointer(&t->wrong, g_free);
        if (may && !error && (paint || other)) {
            guint64 before = r->asked;
            if (renderer_steer(r, c->number, c, paint, &error)) {
                t->held = TRUE;
                g_free(t->said);
                t->said = g_strdup(words);
                g_clear_pointer(&t->refused, g_free);
                changed = r->asked != before;
            } else {
                g_free(t->refused);
                t->refused = g_strdup(words);
            }
        }
        paint_free(paint);
    }
    if (error) {
        gboolean empty = t->empty; /* it is looked at until something is painted there */
        changed = take_away(r, c->number, t) || changed;
        t->empty = empty;
        g_free(t->wrong);
        t->wrong = g_strdup(error->message);
        g_error_free(error);
    }
    g_free(words);
    return changed;
}

/* The layer that is painted on, and the groups around it. */
static GArray *painted_on(gint32 image) {
    GArray *found = g_array_new(FALSE, FALSE, sizeof(gint32));
    for (gint32 layer = active_layer(image); layer > 0; layer = gimp_item_get_parent(layer)) g_array_append_val(found, layer);
    return found;
}

static gboolean is_among(const GArray *layers, gint32 layer) {
    for (guint i = 0; i < layers->len; i++)
        if (g_array_index(layers, gint32, i) == layer) return TRUE;
    return FALSE;
}

/* What is on, the layers of groups in the place of these; *own are so many of the first that are not a group's. `refused` gets, by
 * number, why a group has none. Free the array. */
static GPtrArray *wanted_now(Steering *s, const GArray *painted, Look look, GError *refused[CONDITIONS_MOST], guint *own) {
    GPtrArray *wanted = g_ptr_array_new();
    guint32 taken = 0;
    for (guint i = 0; i < s->conditions->len; i++) {
        Condition *c = conditions_at(s->conditions, i);
        taken |= 1u << c->number;
        if (c->on && !c->group) g_ptr_array_add(wanted, c);
    }
    *own = wanted->len;
    regions_begin(s->regions, look != LOOK_IN_TURN);
    for (guint i = 0; i < s->conditions->len; i++) {
        const Condition *c = conditions_at(s->conditions, i);
        if (!c->on || !c->group || hindered(s, c, TRUE, &refused[c->number])) continue;
        regions_add(s->regions, s->image, c, painted, wanted, &taken, &refused[c->number]);
    }
    regions_end(s->regions);
    regions_rank(s->regions, s->image, wanted);
    return wanted;
}

/* The engine has all but references no more, which have the layers' new form to be read in. */
static void other_canvas(Steering *s, const Picture *p) {
    gboolean formed = p->format == s->format && p->babl == s->babl;
    for (guint i = 0; i < CONDITIONS_MOST; i++) {
        if (!formed || s->told[i].kind != SCUMBLE_CONDITION_REFERENCE) s->told[i].stale = TRUE;
        g_clear_pointer(&s->told[i].said, g_free);
    }
    s->format = p->format;
    s->babl = p->babl;
    s->width = p->width;
    s->height = p->height;
}

/* Takes away what is not wanted any more, and tells why a group has no regions. */
static gboolean let_go(Steering *s, Renderer *r, const GPtrArray *wanted, GError *refused[CONDITIONS_MOST]) {
    gboolean changed = FALSE, is_wanted[CONDITIONS_MOST] = {FALSE};
    for (guint i = 0; i < wanted->len; i++) is_wanted[conditions_at(wanted, i)->number] = TRUE;
    for (guint i = 0; i < CONDITIONS_MOST; i++) {
        if (is_wanted[i]) continue;
        changed = take_away(r, i, &s->told[i]) || changed;
        g_clear_pointer(&s->told[i].wrong, g_free);
        g_clear_pointer(&s->told[i].refused, g_free);
        if (refused[i]) s->told[i].wrong = g_strdup(refused[i]->message);
        g_clear_error(&refused[i]);
    }
    return changed;
}

gboolean steering_follow(Steering *s, Renderer *r, const GeglRectangle *canvas, Look look) {
    const Picture *p = &r->picture;
    GError *refused[CONDITIONS_MOST] = {NULL};
    guint own;
    if (!p->pixels || p->width != canvas->width || p->height != canvas->height) return FALSE;
    if (p->format != s->format || p->babl != s->babl || p->width != s->width || p->height != s->height) other_canvas(s, p);
    if (look == LOOK_WHOLE) workbench_clear(&s->bench); /* the image may have another colour profile now */
    GArray *painted = s->conditions->len ? painted_on(s->image) : g_array_new(FALSE, FALSE, sizeof(gint32));
    GPtrArray *wanted = wanted_now(s, painted, look, refused, &own);
    gboolean changed = let_go(s, r, wanted, refused), first = FALSE;
    for (guint i = 0; i < wanted->len; i++) {
        const Condition *c = conditions_at(wanted, i);
        Turn turn = {.whole = look == LOOK_WHOLE, .painted = is_among(painted, c->layer), .of_group = i >= own};
        turn.look = look != LOOK_IN_TURN || i == s->turn % wanted->len || turn.painted;
        /* A group may have many layers, of which each is read whole when it is met: one at a look, under the hand. */
        gboolean is_new = turn.of_group && look == LOOK_IN_TURN && s->told[c->number].layer != c->layer;
        if (is_new && first && !turn.painted) continue;
        first = first || is_new;
        changed = tell_one(s, r, c, canvas, turn) || changed;
    }
    s->turn++;
    g_ptr_array_unref(wanted);
    g_array_unref(painted);
    return changed;
}
