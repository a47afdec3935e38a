/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The dialog's list of what steers the picture. */
#pragma once

#include "compat.h"
#include "engine.h"

typedef struct SteerList SteerList;

/* `changed` is called with `data` whenever the artist has changed something, and with a sentence where that could not be done;
 * `image` has the layers to choose from. */
SteerList *steer_list_new(GtkBox *box, gint32 image, void (*changed)(const gchar *wrong, gpointer data), gpointer data);
void steer_list_free(SteerList *list);

/* Shows these, opened if there are some; `changed` is not called. */
void steer_list_show(SteerList *list, const GPtrArray *conditions);

/* As the artist has set them. The list's own. */
const GPtrArray *steer_list_conditions(const SteerList *list);

/* What the model cannot take, and why, by RENDERER_KINDS: it is greyed out; and where it weighs none of a kind, that: weights
 * are. NULL: nobody knows yet. */
void steer_list_know(SteerList *list, gchar *const reasons[RENDERER_KINDS], gchar *const notes[RENDERER_KINDS]);

/* Why one that is on steers nothing, by its number, NULL: it does; told at its row. */
void steer_list_hear(SteerList *list, gchar *const why[CONDITIONS_MOST]);

/* Layers may have come, gone or been renamed. */
void steer_list_look(SteerList *list);

/* Puts another head (fold.h) at the end of the list's own line, and what it opens below: one of the two at a time, so that the window
 * has no more to hold. */
void steer_list_share(SteerList *list, GtkWidget *head, GtkWidget *body);

void steer_list_set_sensitive(SteerList *list, gboolean sensitive);
