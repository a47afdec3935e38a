/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Brings the renderer's picture into the live layer: only cells that differ, without an undo step. */
#pragma once

#include "engine.h"
#include "hold.h"
#include "small.h"

/* What the layer shows. */
typedef enum {
    SHOWS_PICTURE,
    SHOWS_HALF,    /* half transparent: it does not follow the paint */
    SHOWS_NOTHING, /* the artist compares it with the paint */
} WriterShows;

/* Begins as zeros but for `layer`. */
typedef struct {
    gint32 image, layer;
    gint64 shape[6];     /* place, size and kind of the layer for which the picture's stale cells are told */
    gboolean begun;      /* some cells of a picture are written, others are not */
    gboolean wrote;      /* the layer has shown something */
    WriterShows shows;
    WriterShows holds;   /* what was written whole the last time */
    GeglRectangle dirty; /* written but not yet shown */
    gint64 spent;        /* microseconds for this picture */
    Small seen;          /* the layer after the last picture: what differs from it was done by another */
    Hold hold;
} Writer;

void writer_end(Writer *writer);

/* Looks whether the layer still holds what was written to it; what does not becomes stale. */
void writer_check(Writer *writer, Picture *picture);

/* What the layer shows from the next writing on. Nothing is asked of GIMP. */
void writer_show(Writer *writer, Picture *picture, WriterShows shows);

/* TRUE if there is something to write: never without a picture. */
gboolean writer_wants(const Writer *writer, const Picture *picture);

/* Writes for a few milliseconds, where writer_wants() to; when all is written it is shown at once. FALSE if the picture is not of the canvas as it is
 * now. `painted`: see hold_hands(). */
gboolean writer_write(Writer *writer, Picture *picture, gint64 painted);

/* Shows what is written if no more is to come for now. */
void writer_stop(Writer *writer);
