/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What of a canvas an area of the screen shows: all of it, or a part at a scale of its own. */
#pragma once

#include <gdk/gdk.h>

/* Begins as zeros, which shows all. */
typedef struct {
    gint width, height;               /* of the area */
    gint canvas_width, canvas_height;
    gdouble zoom;                     /* pixels of the screen for one of the canvas; 0: all fits, at most 1 */
    gdouble x, y;                     /* the canvas pixel in the area's middle, while zoom is not 0 */
} ViewRect;

/* The area and the canvas have these sizes now. */
void view_fit(ViewRect *view, gint width, gint height, gint canvas_width, gint canvas_height);

gdouble view_scale(const ViewRect *view);

/* Which canvas pixel lies at a place of the area. */
gdouble view_left(const ViewRect *view, gdouble at);
gdouble view_top(const ViewRect *view, gdouble at);

/* The part of the area that the canvas covers. FALSE if none. */
gboolean view_place(const ViewRect *view, GdkRectangle *place);

/* `times` larger around a place of the area, up to `most`; as small as all fits it is 0 again. */
void view_zoom(ViewRect *view, gdouble times, gdouble most, gdouble at_x, gdouble at_y);

/* The canvas follows the hand by these pixels of the screen. */
void view_move(ViewRect *view, gdouble dx, gdouble dy);
