/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* drag FILE...: a small window at the screen's lower left corner from which those files can be dragged. For the tests. */
#include <gtk/gtk.h>

static void give(GtkWidget *window, GdkDragContext *context, GtkSelectionData *data, guint info, guint time, gchar **uris) {
    (void)window, (void)context, (void)info, (void)time;
    gtk_selection_data_set_uris(data, uris);
}

int main(int count, char **arguments) {
    gtk_init(&count, &arguments);
    gchar **uris = g_new0(gchar *, count);
    for (int i = 1; i < count; i++) uris[i - 1] = g_filename_to_uri(arguments[i], NULL, NULL);
    GtkWidget *window = gtk_window_new(GTK_WINDOW_TOPLEVEL);
    gtk_window_set_title(GTK_WINDOW(window), "drag from here");
    gtk_window_set_default_size(GTK_WINDOW(window), 120, 60);
    gtk_drag_source_set(window, GDK_BUTTON1_MASK, NULL, 0, GDK_ACTION_COPY);
    gtk_drag_source_add_uri_targets(window);
    g_signal_connect(window, "drag-data-get", G_CALLBACK(give), uris);
    gtk_widget_show_all(window);
    gtk_main();
}
