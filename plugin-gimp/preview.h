/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The small picture in the dialog: the paint, and what the engine has made of it laid over. */
#pragma once

#include "engine.h"

#include <gdk-pixbuf/gdk-pixbuf.h>

/* The paint scaled to fit `side`; no larger than it is. */
GdkPixbuf *preview_of_paint(const Paint *paint, gint side);

/* That, with the renderer's picture over it and a chequered ground under it. */
GdkPixbuf *preview_of_picture(const Renderer *renderer, const GdkPixbuf *paint);
