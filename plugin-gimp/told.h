/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the engine was told of each thing that steers, and what of its picture it does not have yet. */
#pragma once

#include "condition.h"
#include "linked.h"
#include "paint.h"
#include "small.h"
#include "sources.h"

/* What the renderer was told under a number. */
typedef struct {
    guint32 kind;     /* of what is there; */
    gboolean held;    /* it steers; */
    gchar *said;      /* by these words and numbers, NULL: not known; */
    gint32 layer;     /* with that layer's picture, and how it was seen last; */
    gint64 place[6];
    Small paint, mask;
    gboolean stale;   /* the picture there is not the layer's as it is now */
    GeglRectangle seen; /* of a reference: the part of its layer that the engine has; */
    gboolean touched; /* ... something was seen to change since all of that was read; */
    gboolean empty;   /* ... nothing was there when it was read last */
    gboolean of_file; /* its picture is linked to a file, */
    Linked linked;    /* ... which was seen like that last */
    gboolean painted; /* of a group's region: it was the layer that is painted on since all of it was read */
    gchar *wrong;     /* why it does not steer; NULL */
    gchar *refused;   /* the words and numbers that the engine would not have, and what their file was like: not tried again */
} Told;

/* How a condition's layer is looked at. */
typedef struct {
    gboolean look, whole; /* at all, all of it */
    gboolean painted;     /* it, or something in it, is the layer that is painted on */
    gboolean of_group;    /* a group was asked for it just now */
} Turn;

/* Where pictures are read. */
typedef struct {
    gint32 image;
    Workbench bench;
    gboolean blind; /* GIMP makes no small pictures of layers */
} Reader;

void told_clear(Told *told);

/* What of the condition's picture is new, on the canvas or of a reference; NULL if that is nothing, it cannot be read now (`stale` then),
 * or, with a sentence, at all. */
Paint *told_read(Told *told, Reader *reader, const Condition *condition, const GeglRectangle *canvas, Turn turn, GError **error);
