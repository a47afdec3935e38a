/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The dialog's row of the last pictures: a click brings the words and settings of one back, a menu has the rest. */
#pragma once

#include "compat.h"
#include "history.h"

typedef struct HistoryStrip HistoryStrip;

/* What it asks of the dialog, of the picture with that number. */
typedef struct {
    void (*back)(guint number, gpointer data);
    void (*lay)(guint number, gpointer data); /* as a hidden layer */
} StripCalls;

HistoryStrip *history_strip_new(StripCalls calls, gpointer data);
void history_strip_free(HistoryStrip *strip);

/* What opens it (fold.h), and the pictures. */
GtkWidget *history_strip_head(const HistoryStrip *strip);
GtkWidget *history_strip_body(const HistoryStrip *strip);

void history_strip_show(HistoryStrip *strip, const History *history);
void history_strip_set_sensitive(HistoryStrip *strip, gboolean sensitive);
