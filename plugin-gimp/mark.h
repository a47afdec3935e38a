/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The mark of a live layer: a parasite with the number of the process and the image that it belongs to. It is saved with
 * the image, so that a layer which outlived its plug-in, or came from a file or a copy of the image, is known as left over.
 */
#pragma once

#include "compat.h"

/* Marks a layer that is to become the live one of `image`; `window` is the dialog that renders it. */
void mark_put(gint32 layer, gint32 image, GtkWidget *window);
void mark_remove(gint32 layer);

gboolean mark_is_on(gint32 layer);

/* TRUE if the artist has copied the layer from the one that was marked: the mark came along, and the layer is no live one. */
gboolean mark_is_copied(gint32 layer);

/* TRUE for a layer that is, or was left over as, a live one: the mark on it is its own. */
gboolean mark_is_own(gint32 layer);

/* Takes this process's marks off the layers that are still there: a live layer that was merged leaves its mark on what it was
 * merged with. No undo step. */
void mark_give_up(gint32 image);

/* All layers of the image with a mark, from the top down. Free with g_array_unref(). */
GArray *mark_find(gint32 image);

/* TRUE if another process keeps the layer up to date in this image; *window is its dialog, for mark_show(). */
gboolean mark_is_alive(gint32 layer, gint32 image, gulong *window);

/* Marks a working image, which is never shown, as this process's. */
void mark_working(gint32 image);

/* A copy of the artist's image as a working image of this process; -1 if the image is gone. The copy has its mark from the
 * beginning: a process that is killed in between leaves none that nobody would delete. */
gint32 mark_duplicate(gint32 image);

/* Deletes working images whose process is gone: GIMP 2.10 ends a plug-in that meets a layer which is going, and keeps what
 * that had. */
void mark_sweep(void);

/* Brings a dialog of another process to the front (known on X11 only). */
void mark_show(gulong window);

/* The text of a parasite, which is freed; NULL if there is none. Free it. */
gchar *mark_text(GimpParasite *parasite);
