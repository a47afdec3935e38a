/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "steering.h"

#include <math.h>
#include <string.h>

#include "compat.h"
#include "known.h"
#include "regions.h"
#include "told.h"
#include "unfit.h"

struct Steering {
    Reader reader;
    GPtrArray *conditions;
    gchar *reasons[RENDERER_KINDS];
    Told told[CONDITIONS_MOST];
    Regions *regions;
    Unfit *unfit;
    gchar *late; /* what a picture that was begun before may tell once more; NULL */
    const PixelFormat *format; /* of the renderer's canvas at the last look, */
    const Babl *babl;
    GeglRectangle canvas; /* ... and where in the image it was */
    guint turn;
};

Steering *steering_new(gint32 image) {
    Steering *s = g_new0(Steering, 1);
    s->reader.image = image;
    s->conditions = conditions_new();
    s->regions = regions_new();
    s->unfit = unfit_new();
    s->reader.blind = !small_can_be_had();
    return s;
}

void steering_made(Steering *s) { g_clear_pointer(&s->late, g_free); }

void steering_forget(Steering *s) {
    for (guint i = 0; i < CONDITIONS_MOST; i++) told_clear(&s->told[i]);
    unfit_forget(s->unfit); /* another model may take them */
    steering_made(s);
    s->format = NULL;
    workbench_clear(&s->reader.bench);
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
    unfit_free(s->unfit);
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
    return g_strdup_printf("%u %u %u %u %.17g %.17g %.17g %.17g %s\n%s\n%s", c->kind, c->prepare, c->rank, c->aspect, c->scale, isnan(c->text) ? c->scale : c->text, c->start,
                           c->end, c->path ? c->path : "", c->picture_path ? c->picture_path : "", c->prompt);
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

static void not_here(const gchar *id, GError **error) {
    gchar *name = known_name(id);
    g_set_error(error, SCUMBLE_DOMAIN, 0,
                "This image is steered by \xe2\x80\x9c%s\xe2\x80\x9d, which is not among your files. Add the file under Steer by, or take "
                "this one out of the list.", name);
    g_free(name);
}

/* Why it cannot be used at all; FALSE: nothing is in the way. */
static gboolean hindered(const Steering *s, const Condition *c, gboolean is_there, GError **error) {
    const gchar *why = s->reasons[renderer_kind(c)], *unfit = why || !c->path ? NULL : unfit_why(s->unfit, c->path);
    if (unfit) {
        g_set_error_literal(error, SCUMBLE_DOMAIN, 0, unfit);
        return TRUE;
    }
    if (why) {
        gchar *title = condition_title(c);
        g_set_error(error, SCUMBLE_DOMAIN, 0, "\xe2\x80\x9c%s\xe2\x80\x9d does not steer: %s", title, why);
        g_free(title);
        return TRUE;
    }
    if (condition_has_file(c) && !c->path) not_here(c->file, error);
    else if (condition_is_linked(c) && !c->picture_path) not_here(c->picture, error);
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

/* Where there are many regions each costs its look, so what rests is not read once more for faint strokes that nobody made. */
static Turn without_rest(Turn turn, Told *t) {
    t->painted = t->painted || turn.painted;
    turn.whole = turn.whole && t->painted;
    if (turn.whole) t->painted = turn.painted;
    return turn;
}

/* The words and numbers that the engine would not have, with what their file was like. Free it. */
static gchar *refusal_of(const Condition *c, const gchar *words) {
    gchar *look = c->path ? unfit_look(c->path) : g_strdup(""), *refusal = g_strconcat(words, "\n", look, NULL);
    g_free(look);
    return refusal;
}

static gboolean is_refused(const Told *t, const Condition *c, const gchar *words) {
    if (!t->refused) return FALSE;
    gchar *refusal = refusal_of(c, words);
    gboolean same = !strcmp(refusal, t->refused);
    g_free(refusal);
    return same;
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
    if (!hindered(s, c, turn.of_group, &error) && !is_refused(t, c, words)) {
        gboolean pictured = c->kind != SCUMBLE_CONDITION_LORA && !condition_is_inpaint(c), other = g_strcmp0(words, t->said) != 0;
        if ((!t->held && !t->empty) || !pictured) t->stale = TRUE;
        Paint *paint = pictured ? told_read(t, &s->reader, c, canvas, turn, &error) : NULL;
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
                t->refused = refusal_of(c, words);
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
        regions_add(s->regions, s->reader.image, c, painted, wanted, &taken, &refused[c->number]);
    }
    regions_end(s->regions);
    regions_rank(s->regions, s->reader.image, wanted);
    return wanted;
}

/* The engine has all but references no more, or as it was elsewhere in the image; these have the layers' new form to be read in. */
static void other_canvas(Steering *s, const Picture *p, const GeglRectangle *canvas) {
    gboolean formed = p->format == s->format && p->babl == s->babl;
    for (guint i = 0; i < CONDITIONS_MOST; i++) {
        if (!formed || s->told[i].kind != SCUMBLE_CONDITION_REFERENCE) s->told[i].stale = TRUE;
        g_clear_pointer(&s->told[i].said, g_free);
    }
    s->format = p->format;
    s->babl = p->babl;
    s->canvas = *canvas;
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
    if (p->format != s->format || p->babl != s->babl || !gegl_rectangle_equal(canvas, &s->canvas)) other_canvas(s, p, canvas);
    if (look == LOOK_WHOLE) workbench_clear(&s->reader.bench); /* the image may have another colour profile now */
    GArray *painted = layer_and_groups(s->conditions->len ? active_layer(s->reader.image) : -1);
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

/* The network's file of each thing that the engine was told of, by number; NULL where it was not, or has none. */
static void files_told(const Steering *s, const gchar *files[CONDITIONS_MOST]) {
    for (guint i = 0; i < CONDITIONS_MOST; i++) files[i] = NULL;
    for (guint i = 0; i < s->conditions->len; i++) {
        const Condition *c = conditions_at(s->conditions, i);
        if (s->told[c->number].held) files[c->number] = c->path;
    }
}

/* Another model would not help where the engine is well: such errors are then about files of what steers. */
static gboolean may_be_a_file(const Renderer *r, const GError *error) {
    return !r->dead && (g_error_matches(error, SCUMBLE_DOMAIN, SCUMBLE_ERROR_MODEL_MISSING) ||
                        g_error_matches(error, SCUMBLE_DOMAIN, SCUMBLE_ERROR_MODEL_BROKEN) ||
                        g_error_matches(error, SCUMBLE_DOMAIN, SCUMBLE_ERROR_MODEL_UNSUPPORTED));
}

gboolean steering_do_without(Steering *s, Renderer *r, const GError *error) {
    if (!may_be_a_file(r, error)) return FALSE;
    const gchar *files[CONDITIONS_MOST], *unfit;
    GPtrArray *paths = g_ptr_array_new();
    gboolean taken = FALSE;
    files_told(s, files);
    for (guint i = 0; i < CONDITIONS_MOST; i++)
        if (files[i]) g_ptr_array_add(paths, (gpointer)files[i]);
    unfit = unfit_find(s->unfit, paths, error->message);
    g_ptr_array_unref(paths);
    for (guint i = 0; unfit && i < CONDITIONS_MOST; i++) {
        Told *t = &s->told[i];
        if (g_strcmp0(files[i], unfit)) continue;
        taken = take_away(r, i, t) || taken;
        g_free(t->wrong);
        t->wrong = g_strdup(error->message);
    }
    if (taken) {
        steering_made(s);
        s->late = g_strdup(error->message);
        return TRUE;
    }
    if (g_strcmp0(s->late, error->message)) return FALSE;
    steering_made(s); /* the next time it is about something else */
    renderer_goes_on(r);
    return TRUE;
}
