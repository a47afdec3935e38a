/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Heads that show and hide what lies below them. */
#pragma once

#include "compat.h"

/* A head for `body`, which is folded at first and asks for no place then. */
GtkWidget *fold_new(const gchar *label, const gchar *tip, GtkWidget *body);

/* The same label, with a number behind it; 0: without. */
void fold_count(GtkWidget *head, const gchar *label, guint count);

void fold_open(GtkWidget *head, gboolean open);

/* Opening one folds the other: two that share a place. */
void fold_pair(GtkWidget *one, GtkWidget *other);
