/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "chooser.h"

typedef struct {
    void (*chosen)(const gchar *, gpointer);
    gpointer data;
    gchar *suffix; /* of what is saved; NULL: as it is typed */
} Answer;

static void responded(GtkDialog *chooser, gint response, Answer *answer) {
    gchar *path = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_filename(GTK_FILE_CHOOSER(chooser)) : NULL;
    gchar *utf8 = path ? g_filename_to_utf8(path, -1, NULL, NULL, NULL) : NULL;
    Answer now = *answer;
    g_free(path);
    if (utf8 && now.suffix && !g_str_has_suffix(utf8, now.suffix)) {
        /* As if it had been typed whole: GTK asks before it is written over a file. */
        gchar *whole = g_strconcat(utf8, now.suffix, NULL);
        gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(chooser), whole);
        g_free(whole);
        g_free(utf8);
        gtk_dialog_response(chooser, GTK_RESPONSE_ACCEPT);
        return;
    }
    gtk_widget_destroy(GTK_WIDGET(chooser)); /* and the answer with it */
    if (utf8) now.chosen(utf8, now.data);
    g_free(utf8);
}

static void free_answer(gpointer answer, GClosure *closure) {
    (void)closure;
    g_free(((Answer *)answer)->suffix);
    g_free(answer);
}

void chooser_show(GtkWidget *near, const ChooserAsk *ask, void (*chosen)(const gchar *, gpointer), gpointer data) {
    gboolean saves = ask->action == GTK_FILE_CHOOSER_ACTION_SAVE;
    GtkWidget *chooser = gtk_file_chooser_dialog_new(ask->title, GTK_WINDOW(gtk_widget_get_toplevel(near)), ask->action, "_Cancel",
                                                     GTK_RESPONSE_CANCEL, saves ? "_Save" : "_Open", GTK_RESPONSE_ACCEPT, NULL);
    GtkFileChooser *files = GTK_FILE_CHOOSER(chooser);
    gtk_window_set_modal(GTK_WINDOW(chooser), TRUE);
    gtk_window_set_destroy_with_parent(GTK_WINDOW(chooser), TRUE);
    gtk_dialog_set_default_response(GTK_DIALOG(chooser), GTK_RESPONSE_ACCEPT);
    gtk_file_chooser_set_current_folder(files, ask->folder ? ask->folder : g_get_home_dir());
    if (saves) {
        gtk_file_chooser_set_current_name(files, ask->name);
        gtk_file_chooser_set_do_overwrite_confirmation(files, TRUE);
    }
    if (ask->pattern) {
        GtkFileFilter *filter = gtk_file_filter_new();
        gtk_file_filter_set_name(filter, ask->kind);
        gtk_file_filter_add_pattern(filter, ask->pattern);
        gtk_file_chooser_add_filter(files, filter);
    }
    Answer *answer = g_new(Answer, 1);
    *answer = (Answer){chosen, data, saves && ask->pattern ? g_strdup(ask->pattern + 1) : NULL};
    g_signal_connect_data(chooser, "response", G_CALLBACK(responded), answer, free_answer, 0);
    gtk_widget_show(chooser);
}
