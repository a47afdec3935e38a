/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "fold.h"

/* TRUE if the keys go to something in it. */
static gboolean has_keys(GtkWidget *body) {
    GtkWidget *window = gtk_widget_get_toplevel(body), *focus = GTK_IS_WINDOW(window) ? gtk_window_get_focus(GTK_WINDOW(window)) : NULL;
    return focus && gtk_widget_is_ancestor(focus, body);
}

static void turned(GtkExpander *head, GParamSpec *what, GtkWidget *body) {
    (void)what;
    gboolean open = gtk_expander_get_expanded(head), lost = !open && has_keys(body);
    gtk_widget_set_visible(body, open);
    if (open || lost) gtk_widget_grab_focus(GTK_WIDGET(head)); /* who opened it by its key goes on by Tab */
}

GtkWidget *fold_new(const gchar *label, const gchar *tip, GtkWidget *body) {
    GtkWidget *head = gtk_expander_new_with_mnemonic(label);
    gtk_widget_set_tooltip_text(head, tip);
    gtk_widget_show_all(body);
    gtk_widget_set_visible(body, FALSE);
    gtk_widget_set_no_show_all(body, TRUE);
    g_signal_connect(head, "notify::expanded", G_CALLBACK(turned), body);
    return head;
}

void fold_count(GtkWidget *head, const gchar *label, guint count) {
    gchar *text = count ? g_strdup_printf("%s (%u)", label, count) : g_strdup(label);
    if (g_strcmp0(text, gtk_expander_get_label(GTK_EXPANDER(head)))) gtk_expander_set_label(GTK_EXPANDER(head), text);
    g_free(text);
}

void fold_open(GtkWidget *head, gboolean open) { gtk_expander_set_expanded(GTK_EXPANDER(head), open); }

static void fold_other(GtkExpander *head, GParamSpec *what, GtkWidget *other) {
    (void)what;
    if (gtk_expander_get_expanded(head)) fold_open(other, FALSE);
}

void fold_pair(GtkWidget *one, GtkWidget *other) {
    g_signal_connect(one, "notify::expanded", G_CALLBACK(fold_other), other);
    g_signal_connect(other, "notify::expanded", G_CALLBACK(fold_other), one);
}
