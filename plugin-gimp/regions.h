/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Regions that are the layers of a group: where one is painted its words hold. Those are its name, or what the artist has written
 * for it; its eye says whether it is on, its opacity how much. Where two overlap the upper one covers the lower, as paint does. The group is asked at each look, so a layer that is added, renamed,
 * hidden, moved out or deleted is followed, whoever did that, undo too. The group's own eye and opacity are the artist's, to see
 * the picture through it.
 */
#pragma once

#include "condition.h"

typedef struct Regions Regions;

/* Of no group at first. */
Regions *regions_new(void);
void regions_free(Regions *regions);

/* Layers of the group that are regions, top first; not Scumble's live one. Free with g_free(). */
gint32 *regions_layers(gint32 image, gint32 group, gint *count);

/* Before the groups are asked at a look. Of each one layer is looked at in turn, and the one that is painted on; `all`: each. */
void regions_begin(Regions *regions, gboolean all);

/* Adds the layers of the condition's group to `found` as conditions of their own, which stay the regions'. Each has the number
 * that it had before, else one that is not in `taken` (a bit for each), where its own is set. `painted` (gint32) are the layer that is painted
 * on and the groups around it. FALSE and a sentence where the group is none, or its layers are too many. */
gboolean regions_add(Regions *regions, gint32 image, const Condition *group, const GArray *painted, GPtrArray *found, guint32 *taken,
                     GError **error);

/* After the last group: forgets the layers that are in none any more. */
void regions_end(Regions *regions);

/* Says which of the regions among these lies over which, as their layers lie in the stack, after the last group. Where they are
 * not all of one group one place in the stack is looked at in turn. */
void regions_rank(Regions *regions, gint32 image, const GPtrArray *wanted);

/* The group that is to hold regions: the chosen layer, if it is one, or a new group above all others with an empty layer, which
 * becomes the chosen one: one undo step. -1 and a sentence if GIMP will not. */
gint32 regions_group(gint32 image, GError **error);

/* The layer to render above: `layer`, or where that lies in a group of regions what lies below the group; -1: nothing does. */
gint32 regions_below(gint32 image, const GPtrArray *conditions, gint32 layer);
