/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The dialog's button for styles: chosen, saved, given away, taken. */
#pragma once

#include "compat.h"
#include "styles.h"

typedef struct StyleMenu StyleMenu;

/* What it asks of the dialog. */
typedef struct {
    void (*chosen)(const Style *style, gpointer data); /* NULL: none */
    void (*failed)(const gchar *sentence, gpointer data);
    Style *(*made)(const gchar *name, const gchar *words, GError **error, gpointer data); /* of what is set now */
} StyleCalls;

StyleMenu *style_menu_new(StyleCalls calls, gpointer data);
void style_menu_free(StyleMenu *menu);
GtkWidget *style_menu_button(const StyleMenu *menu);

/* The style that is chosen now, "" for none. */
void style_menu_show(StyleMenu *menu, const gchar *name, const gchar *words);
