/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A line or more of the dialog's list: one condition, with all that can be set of it. */
#pragma once

#include "steer_list.h"

typedef struct SteerRow SteerRow;

/* For one of the list's conditions, at the end of the column. It goes before that does. */
SteerRow *steer_row_new(SteerList *list, GtkBox *column, Condition *condition);
/* Not its widgets. */
void steer_row_free(gpointer row);
GtkWidget *steer_row_box(const SteerRow *row);

/* As steer_list_know, steer_list_hear and steer_list_look. */
void steer_row_grey(SteerRow *row);
void steer_row_hear(SteerRow *row, gchar *const why[CONDITIONS_MOST]);
void steer_row_look(SteerRow *row);

/* What a row asks of its list (steer_list.c), besides what the menu does. */

/* Source of each layer that can be chosen. */
const GArray *steer_list_sources(const SteerList *list);

/* What there is to know of a kind (RENDERER_KINDS) that the model takes; NULL: nothing. */
const gchar *steer_list_note(const SteerList *list, guint32 kind);

/* The controls are being set, by nobody but us. */
gboolean steer_list_showing(const SteerList *list);

/* The artist has changed something. */
void steer_list_tell(SteerList *list);

/* Asks for a picture's file, and links the condition's to it. */
void steer_list_link(SteerList *list, const Condition *condition);

void steer_list_remove(SteerList *list, const Condition *condition);

/* Makes its rows anew. */
void steer_list_rebuild(SteerList *list);
