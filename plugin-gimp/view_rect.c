/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "view_rect.h"

#include <math.h>

static gdouble fitting(const ViewRect *v) {
    return MIN(1.0, MIN((gdouble)v->width / v->canvas_width, (gdouble)v->height / v->canvas_height));
}

gdouble view_scale(const ViewRect *v) { return v->canvas_width <= 0 ? 1.0 : v->zoom > 0.0 ? v->zoom : fitting(v); }

/* On whole pixels of the screen, so that at 1:1 each pixel of the canvas is one of it. */
static gdouble origin(gint area, gint canvas, gdouble middle, gdouble zoom, gdouble scale) {
    return zoom > 0.0 ? floor(area / 2.0 - middle * scale) : floor((area - canvas * scale) / 2.0);
}

static gdouble origin_x(const ViewRect *v) { return origin(v->width, v->canvas_width, v->x, v->zoom, view_scale(v)); }
static gdouble origin_y(const ViewRect *v) { return origin(v->height, v->canvas_height, v->y, v->zoom, view_scale(v)); }

gdouble view_left(const ViewRect *v, gdouble at) { return (at - origin_x(v)) / view_scale(v); }
gdouble view_top(const ViewRect *v, gdouble at) { return (at - origin_y(v)) / view_scale(v); }

void view_fit(ViewRect *v, gint width, gint height, gint canvas_width, gint canvas_height) {
    v->width = width;
    v->height = height;
    v->canvas_width = canvas_width;
    v->canvas_height = canvas_height;
    if (v->zoom > 0.0 && v->zoom <= fitting(v) && v->zoom < 1.0) v->zoom = 0.0;
    v->x = CLAMP(v->x, 0.0, canvas_width);
    v->y = CLAMP(v->y, 0.0, canvas_height);
}

gboolean view_place(const ViewRect *v, GdkRectangle *place) {
    gdouble left = origin_x(v), top = origin_y(v), scale = view_scale(v);
    gint x1 = (gint)MAX(0.0, left), y1 = (gint)MAX(0.0, top);
    gint x2 = (gint)MIN((gdouble)v->width, left + MAX(1.0, floor(v->canvas_width * scale)));
    gint y2 = (gint)MIN((gdouble)v->height, top + MAX(1.0, floor(v->canvas_height * scale)));
    *place = (GdkRectangle){x1, y1, x2 - x1, y2 - y1};
    return x2 > x1 && y2 > y1;
}

void view_zoom(ViewRect *v, gdouble times, gdouble most, gdouble at_x, gdouble at_y) {
    if (v->canvas_width <= 0) return;
    gdouble x = view_left(v, at_x), y = view_top(v, at_y), to = MIN(view_scale(v) * times, most);
    v->zoom = to <= fitting(v) * 1.001 && to != 1.0 ? 0.0 : to;
    v->x = CLAMP(x - (at_x - v->width / 2.0) / to, 0.0, v->canvas_width);
    v->y = CLAMP(y - (at_y - v->height / 2.0) / to, 0.0, v->canvas_height);
}

void view_move(ViewRect *v, gdouble dx, gdouble dy) {
    if (v->zoom <= 0.0) return;
    v->x = CLAMP(v->x - dx / v->zoom, 0.0, v->canvas_width);
    v->y = CLAMP(v->y - dy / v->zoom, 0.0, v->canvas_height);
}
