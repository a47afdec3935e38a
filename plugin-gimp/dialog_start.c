/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The window has something to show before the layer is read and the engine started, which takes seconds on a large one. */
#include "dialog_state.h"

#define UNSEEN 1000 /* milliseconds for the window to be drawn in, if it is shown at all */

void dialog_start_no_more(Dialog *d) {
    if (d->starter) g_source_remove(d->starter);
    d->starter = 0;
}

static gboolean start(gpointer data) {
    Dialog *d = data;
    d->starter = 0;
    dialog_start_renderer(d);
    if (d->begins_live) gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(d->view.live), TRUE);
    return G_SOURCE_REMOVE;
}

static gboolean drawn(GtkWidget *window, gpointer what, Dialog *d) {
    (void)what;
    g_signal_handlers_disconnect_by_func(window, drawn, d);
    if (d->starter) {
        g_source_remove(d->starter);
        d->starter = g_idle_add_full(G_PRIORITY_LOW, start, d, NULL); /* behind what else is to be drawn */
    }
    return FALSE;
}

void dialog_start_when_drawn(Dialog *d) {
    g_signal_connect_after(d->view.window, GTK_MAJOR_VERSION >= 3 ? "draw" : "expose-event", G_CALLBACK(drawn), d);
    d->starter = g_timeout_add(UNSEEN, start, d);
}
