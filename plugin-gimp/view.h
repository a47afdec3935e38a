/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The dialog's window and what is in it, without what it does. */
#pragma once

#include "compat.h"

/* The buttons beside GTK's own OK, Cancel and Help. */
enum { RESPONSE_RESET = 1, RESPONSE_APPLY, RESPONSE_CLOSE };

typedef struct {
    GtkWidget *window, *picture, *bar, *message, *live, *keep;
    GtkBox *form; /* where the settings go */
} View;

/* Makes all of it but shows no window yet; the form is still empty. */
void view_build(View *view, gboolean keep);

/* A sentence below the preview; NULL takes it away. */
void view_say(View *view, const gchar *sentence);

/* What the progress bar says and how far it is, 0 to 1. */
void view_progress(View *view, const gchar *text, gdouble done);

void view_allow(View *view, gint response, gboolean allowed);

/* The buttons of the live layer, or those of a filter. */
void view_show_buttons(View *view, gboolean live);

/* Opens a window with a short help. */
void view_help(View *view);
