/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The last pictures of an image, to come back to: by which words and settings each was made, a small picture, and the picture
 * itself. The last is kept as long as this process, the rest with the image as long as GIMP has it open (not in its file).
 */
#pragma once

#include <gdk-pixbuf/gdk-pixbuf.h>

#include "condition.h"
#include "picture.h"
#include "settings.h"

#define HISTORY_MOST 24
#define HISTORY_SIDE 64          /* pixels of a small picture */
#define HISTORY_BYTES (256 << 20) /* of all pictures' pixels; the oldest ones keep their settings alone */

typedef struct {
    guint number;          /* its own in this process */
    gchar *made_by;        /* all that decides it, as text */
    Settings settings;     /* what settings_take() takes, but */
    gchar *model;          /* ... the model by its id (known.h), "" for the one that comes with Scumble */
    GPtrArray *conditions; /* what steered it */
    GdkPixbuf *small;
    guchar *pixels;        /* packed rows; NULL: not kept */
    const Babl *babl;
    gsize bytes;
    GeglRectangle place;   /* in the image */
} Kept;

typedef struct History History;

/* What the image has from before. */
History *history_new(gint32 image);
void history_free(History *history);

/* The newest first. */
guint history_count(const History *history);
const Kept *history_at(const History *history, guint index);
const Kept *history_find(const History *history, guint number); /* NULL: gone */

/* A finished picture, whose corner lies there in the image. It takes the place of the one before by the same words and settings:
 * only the paint has changed. What another dialog of the image has noted since is taken over, too. No undo step. */
void history_note(History *history, const Settings *settings, const GPtrArray *conditions, const Picture *picture, gint x, gint y);

void kept_free(gpointer kept);
