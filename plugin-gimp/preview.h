/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The small picture in the dialog: the paint, and what the engine has made of it laid over. */
#pragma once

#include "engine.h"

#include <gdk-pixbuf/gdk-pixbuf.h>

/* What it fits into, in pixels of the screen. */
#define PREVIEW_WIDTH 320
#define PREVIEW_HEIGHT 260

/* The paint scaled to fit; no larger than it is. */
GdkPixbuf *preview_of_paint(const Paint *paint);

/* That, with the renderer's picture over it and a chequered ground under it. */
GdkPixbuf *preview_of_picture(const Renderer *renderer, const GdkPixbuf *paint);
