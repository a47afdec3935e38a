/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "told.h"

#include <scumble.h>
#include <string.h>

#include "compat.h"
#include "times.h"

void told_clear(Told *t) {
    g_free(t->said);
    g_free(t->wrong);
    g_free(t->refused);
    small_clear(&t->paint);
    small_clear(&t->mask);
    *t = (Told){.held = FALSE};
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
static void look_for(const Reader *reader, const Condition *c, Told *t, gboolean look, GeglRectangle *rect) {
    if (t->layer != c->layer) {
        small_clear(&t->paint);
        small_clear(&t->mask);
        t->stale = TRUE;
    }
    t->layer = c->layer;
    if (!look && !t->stale) return;
    if (place_update(t, c->layer, c->kind == SCUMBLE_CONDITION_REFERENCE)) t->stale = TRUE;
    if (!reader->blind) look_at(t, c->layer, rect);
}

/* All that is on a reference's layer, or what has changed within that. What was at rest is not read, for faint strokes only
 * where they may have been painted. */
static Paint *read_reference(Reader *reader, const Condition *c, Told *t, gboolean look, gboolean whole, gboolean painted) {
    GeglRectangle rect = {0, 0, 0, 0}, place = t->seen;
    gint x = 0, y = 0;
    look_for(reader, c, t, look, &rect);
    if (rect.width > 0) t->touched = TRUE;
    gboolean some = gegl_rectangle_intersect(&rect, &rect, GEGL_RECTANGLE(0, 0, (gint)t->place[2], (gint)t->place[3]));
    gboolean all = t->stale || (whole && (t->touched || painted || reader->blind)) || (look && reader->blind && painted) ||
                   (some && !gegl_rectangle_contains(&t->seen, &rect));
    if (!all && !some) return NULL;
    gint64 began = g_get_monotonic_time();
    Paint *paint = NULL;
    gimp_drawable_offsets(c->layer, &x, &y);
    if (all) {
        paint = source_read_seen(&reader->bench, c->layer, &place);
        t->seen = paint ? (GeglRectangle){place.x - x, place.y - y, place.width, place.height} : (GeglRectangle){0, 0, 0, 0};
        t->touched = !paint;
        t->empty = paint && !paint->width;
    } else {
        rect.x += x;
        rect.y += y;
        paint = source_read(&reader->bench, c->layer, GEGL_RECTANGLE(t->seen.x + x, t->seen.y + y, t->seen.width, t->seen.height), &rect);
    }
    times_tell("source", began);
    t->stale = !paint;
    return paint;
}

/* The picture of a linked file, if the engine does not have it as it is. */
static Paint *read_linked(Reader *reader, const Condition *c, Told *t, const GeglRectangle *canvas, gboolean now, GError **error) {
    if (t->stale) linked_forget(&t->linked);
    if (!linked_look(&t->linked, c, reader->image, canvas, now, error)) return NULL;
    gint64 began = g_get_monotonic_time();
    Paint *paint = linked_read(&t->linked, c, reader->image, canvas, error);
    times_tell("source", began);
    t->stale = !paint;
    return paint;
}

/* What of the layer the engine does not have, on the canvas; NULL if that is nothing, or it cannot be read now. */
static Paint *read_new(Reader *reader, const Condition *c, Told *t, const GeglRectangle *canvas, gboolean look, gboolean whole) {
    GeglRectangle rect = {0, 0, 0, 0};
    look_for(reader, c, t, look, &rect);
    if (t->stale || whole || (look && reader->blind)) rect = *canvas;
    if (!gegl_rectangle_intersect(&rect, &rect, canvas)) return NULL;
    gint64 began = g_get_monotonic_time();
    Paint *paint = source_read(&reader->bench, c->layer, canvas, &rect);
    times_tell("source", began);
    /* What cannot be read now is read at the next look, all of it. */
    t->stale = !paint;
    if (paint && c->kind == SCUMBLE_CONDITION_REGION) source_whiten(paint);
    return paint;
}

Paint *told_read(Told *t, Reader *reader, const Condition *c, const GeglRectangle *canvas, Turn turn, GError **error) {
    if (t->of_file != condition_is_linked(c)) {
        t->stale = TRUE;
        t->empty = FALSE;
    }
    t->of_file = condition_is_linked(c);
    if (t->of_file) return read_linked(reader, c, t, canvas, turn.whole, error);
    if (c->kind == SCUMBLE_CONDITION_REFERENCE) return read_reference(reader, c, t, turn.look, turn.whole, turn.painted);
    return read_new(reader, c, t, canvas, turn.look, turn.whole);
}
