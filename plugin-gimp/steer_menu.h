/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The menu of the list's Add: what may steer, from files, layers and what was chosen before; and files that are dropped. */
#pragma once

#include "steer_list.h"

void steer_menu_show(SteerList *list, GtkWidget *button);

/* Files that are dropped on that window are added: a ControlNet, a LoRA, and any other one as a reference's picture. */
void steer_menu_take_drops(SteerList *list, GtkWidget *window);

/* Asks for a picture's file. */
void steer_menu_choose_picture(SteerList *list, void (*chosen)(const gchar *path, gpointer list));

/* What the menu asks of its list (steer_list.c). */
gint32 steer_list_image(const SteerList *list);
GtkWidget *steer_list_button(const SteerList *list);

/* Why the model takes none of that kind (RENDERER_KINDS); NULL: it does. */
const gchar *steer_list_reason(const SteerList *list, guint32 kind);

/* TRUE, and told, if there can be no more. */
gboolean steer_list_full(SteerList *list);
void steer_list_fail(SteerList *list, const gchar *sentence);

/* One more, by that layer or, with -1, the one that is painted on. A region's words are its layer's name at first; what a control is
 * shown goes by its network's name. */
void steer_list_add(SteerList *list, guint32 kind, const gchar *id, const gchar *path, gint32 layer);

/* One more: a reference that is linked to that file. */
void steer_list_add_linked(SteerList *list, const gchar *path);

/* One more: the layers of that group are regions. */
void steer_list_add_group(SteerList *list, gint32 group);
