/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The dialog's window and what is in it, without what it does. */
#pragma once

#include "compat.h"
#include "preview.h"
#include "settings.h"

/* The buttons beside GTK's own OK, Cancel and Help. */
enum { RESPONSE_RESET = 1, RESPONSE_APPLY, RESPONSE_STORE, RESPONSE_CLOSE };

typedef struct {
    GtkWidget *window, *bar, *message, *live, *keep, *compare;
    Preview *preview;
    GtkBox *form; /* where the settings go */
    gchar *said;  /* the sentence shown */
} View;

/* Makes all of it but shows no window yet; the form is still empty. `image` is named in the title. */
void view_build(View *view, gint32 image, const Settings *settings);

/* Puts the window where it was the last time, or at the screen's right edge. Once it is shown. */
void view_place_window(View *view, const Settings *settings);
void view_remember_window(View *view, Settings *settings);

void view_free(View *view);

/* A sentence below the preview: it takes the same place, however long it is, and can be selected. */
void view_say(View *view, const gchar *sentence);

/* What the progress bar says and how far it is, 0 to 1. */
void view_progress(View *view, const gchar *text, gdouble done);

void view_allow(View *view, gint response, gboolean allowed);

/* The buttons of the live layer, or those of a filter. */
void view_show_buttons(View *view, gboolean live);

/* Opens a window with a short help. */
void view_help(View *view);
