/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The picture in the dialog: the paint, and what the engine has made of it laid over. It fits into its place, however large
 * that is; the wheel zooms, dragging moves it, and a line divides paint and picture where that is chosen. */
#pragma once

#include "compat.h"
#include "engine.h"

/* The least place that it takes, in pixels of the screen. */
#define PREVIEW_WIDTH 240
#define PREVIEW_HEIGHT 104

typedef struct Preview Preview;

Preview *preview_new(void);
void preview_free(Preview *preview);

/* The widget to show, and its row of buttons. */
GtkWidget *preview_widget(Preview *preview);
GtkWidget *preview_buttons(Preview *preview);

/* The paint, of which a copy of at most 1024 pixels a side is kept; NULL: nothing is shown. */
void preview_set_paint(Preview *preview, const Paint *paint);

/* The picture to show is the renderer's, which must live on until another or NULL is named. Call it again whenever the
 * picture has changed. */
void preview_set_picture(Preview *preview, const Renderer *renderer);
