/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Windows in which the artist chooses a file or folder. None runs a loop of its own: the image, and the dialog with it, may
 * be closed meanwhile. */
#pragma once

#include "compat.h"

typedef struct {
    const gchar *title;
    GtkFileChooserAction action;
    const gchar *folder;          /* where to begin; NULL: at home */
    const gchar *name;            /* of a file that is saved, at first */
    const gchar *kind, *pattern;  /* what is shown of files, "LoRAs" and "*.safetensors", as what is saved ends, too; NULL: all */
} ChooserAsk;

/* Asks over the window of `near`; `chosen` is called with a path in UTF-8, unless the artist thinks better of it. `near` must
 * outlive the window, or destroy it with its own. */
void chooser_show(GtkWidget *near, const ChooserAsk *ask, void (*chosen)(const gchar *path, gpointer data), gpointer data);
