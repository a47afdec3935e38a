/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Layers that steer: which there are, which one a condition means, what is painted on one. A layer is read alone, as it is
 * with its mask and filters (a group: what it shows), whether it is shown or hidden and wherever it lies.
 */
#pragma once

#include "condition.h"
#include "paint.h"

typedef struct {
    gint32 layer;
    gchar *name; /* with blanks before it for each group around the layer */
    gboolean group;
} Source;

/* Source of each layer that can steer, top first; not Scumble's live one. */
GArray *sources_of(gint32 image);

/* Makes the condition follow a layer of the image; -1: none. */
void source_choose(Condition *condition, gint32 layer);

/* What the artist writes for a layer of the condition's group in the place of its name; "": its name again. */
void source_words(Condition *condition, gint32 layer, const gchar *text);

/* Finds the layers that conditions name, in an image that was opened; conditions keep up with renamed ones. */
void sources_find(gint32 image, GPtrArray *conditions);

/* TRUE if the condition's layer is in its image, and not undone or deleted. */
gboolean source_is_there(const Condition *condition);

/* The images in which layers are read; begins as zeros. */
typedef struct {
    gint32 image;
} Workbench;

void workbench_clear(Workbench *bench);

/* What lies on `rect` (image pixels) of the layer, as paint of a canvas that is `canvas` of the image. NULL if the layer is
 * gone or memory ran out. */
Paint *source_read(Workbench *bench, gint32 layer, const GeglRectangle *canvas, const GeglRectangle *rect);

/* All that is on the layer, cut to where anything is, as a canvas of its own: what is seen of a reference. *place is where that lies
 * in the image; where the layer is empty it has no width, and the paint no pixels. NULL as above. */
Paint *source_read_seen(Workbench *bench, gint32 layer, GeglRectangle *place);

/* Makes what is painted white, and leaves its cover: a region is where paint is, whatever its colour. */
void source_whiten(Paint *paint);
