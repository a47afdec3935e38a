/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "style_menu.h"

#include <string.h>

#include "chooser.h"

#define LETTERS 12 /* of a name, on the button */

struct StyleMenu {
    GtkWidget *button, *label;
    GPtrArray *known; /* those of the menu that was opened last */
    gchar *name, *words;
    StyleCalls calls;
    gpointer data;
};

/* The one that is chosen, among those of the menu; NULL. */
static const Style *current(const StyleMenu *m) {
    for (guint i = 0; i < m->known->len; i++) {
        const Style *style = g_ptr_array_index(m->known, i);
        if (*m->name && !strcmp(style->name, m->name)) return style;
    }
    return NULL;
}

static void fail(StyleMenu *m, GError *error) {
    m->calls.failed(error->message, m->data);
    g_error_free(error);
}

/* Among the artist's own from now on, and chosen. The style is taken over. */
static void keep(StyleMenu *m, Style *style, GError *error) {
    if (style && style_save(style, &error)) m->calls.chosen(style, m->data);
    if (error) fail(m, error);
    style_free(style);
}

static void choose(GtkMenuItem *item, StyleMenu *m) {
    m->calls.chosen(g_object_get_data(G_OBJECT(item), "style"), m->data);
}

typedef struct {
    StyleMenu *menu;
    GtkWidget *name, *words;
} Asked;

static void saved(GtkDialog *dialog, gint response, Asked *asked) {
    StyleMenu *m = asked->menu;
    GError *error = NULL;
    Style *style = NULL;
    if (response == GTK_RESPONSE_OK)
        style = m->calls.made(gtk_entry_get_text(GTK_ENTRY(asked->name)), gtk_entry_get_text(GTK_ENTRY(asked->words)), &error, m->data);
    gtk_widget_destroy(GTK_WIDGET(dialog)); /* and what was asked with it */
    keep(m, style, error);
}

static void free_asked(gpointer asked, GClosure *closure) {
    (void)closure;
    g_free(asked);
}

static GtkWidget *ask(GtkBox *box, const gchar *question, const gchar *text) {
    GtkWidget *label = gtk_label_new_with_mnemonic(question), *entry = gtk_entry_new();
    align_left(label);
    gtk_label_set_mnemonic_widget(GTK_LABEL(label), entry);
    gtk_entry_set_text(GTK_ENTRY(entry), text);
    gtk_entry_set_width_chars(GTK_ENTRY(entry), 40);
    gtk_entry_set_activates_default(GTK_ENTRY(entry), TRUE);
    gtk_box_pack_start(box, label, FALSE, FALSE, 0);
    gtk_box_pack_start(box, entry, FALSE, FALSE, 0);
    return entry;
}

static void save_as(GtkMenuItem *item, StyleMenu *m) {
    (void)item;
    GtkWidget *dialog = gtk_dialog_new_with_buttons("Save as a Style", GTK_WINDOW(gtk_widget_get_toplevel(m->button)),
                                                    GTK_DIALOG_MODAL | GTK_DIALOG_DESTROY_WITH_PARENT, "_Cancel", GTK_RESPONSE_CANCEL,
                                                    "_Save", GTK_RESPONSE_OK, NULL);
    GtkBox *box = GTK_BOX(gtk_dialog_get_content_area(GTK_DIALOG(dialog)));
    gtk_box_set_spacing(box, 6);
    gtk_container_set_border_width(GTK_CONTAINER(dialog), 8);
    Asked *asked = g_new(Asked, 1);
    asked->menu = m;
    asked->name = ask(box, "Its _name", m->name);
    asked->words = ask(box, "_Words that it adds to the prompt", m->words);
    gtk_entry_set_max_length(GTK_ENTRY(asked->name), STYLE_NAME_MOST);
    gtk_dialog_set_default_response(GTK_DIALOG(dialog), GTK_RESPONSE_OK);
    g_signal_connect_data(dialog, "response", G_CALLBACK(saved), asked, free_asked, 0);
    gtk_widget_show_all(dialog);
}

static void take(const gchar *path, gpointer data) {
    GError *error = NULL;
    Style *style = style_read(path, &error);
    if (style) style_name_anew(style);
    keep(data, style, error);
}

static void import(GtkMenuItem *item, StyleMenu *m) {
    (void)item;
    chooser_show(m->button, &(ChooserAsk){"Import a Style", GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL, "Styles", "*" STYLE_SUFFIX}, take, m);
}

static void give(const gchar *path, gpointer data) {
    StyleMenu *m = data;
    GError *error = NULL;
    const Style *style = current(m);
    if (style && !style_write(style, path, &error)) fail(m, error);
}

static void export(GtkMenuItem *item, StyleMenu *m) {
    gchar *name = g_strconcat(m->name, STYLE_SUFFIX, NULL);
    (void)item;
    g_strdelimit(name, "/", '_');
    chooser_show(m->button, &(ChooserAsk){"Export a Style", GTK_FILE_CHOOSER_ACTION_SAVE, NULL, name, "Styles", "*" STYLE_SUFFIX}, give, m);
    g_free(name);
}

static void delete(GtkMenuItem *item, StyleMenu *m) {
    GError *error = NULL;
    const Style *style = current(m);
    (void)item;
    if (style && style_remove(style, &error)) m->calls.chosen(NULL, m->data);
    if (error) fail(m, error);
}

static GtkWidget *entry(StyleMenu *m, GtkWidget *menu, GtkWidget *item, GCallback clicked) {
    g_signal_connect(item, "activate", clicked, m);
    gtk_menu_shell_append(GTK_MENU_SHELL(menu), item);
    return item;
}

/* The ticks are set before the clicks are listened to. */
static void style_entry(StyleMenu *m, GtkWidget *menu, const Style *style) {
    GtkWidget *item = gtk_check_menu_item_new_with_label(style ? style->name : "None");
    gtk_check_menu_item_set_draw_as_radio(GTK_CHECK_MENU_ITEM(item), TRUE);
    gtk_check_menu_item_set_active(GTK_CHECK_MENU_ITEM(item), style ? style == current(m) : !*m->name);
    g_object_set_data(G_OBJECT(item), "style", (gpointer)style);
    if (style) gtk_widget_set_tooltip_text(item, style->words);
    entry(m, menu, item, G_CALLBACK(choose));
}

static void named_entry(StyleMenu *m, GtkWidget *menu, const gchar *verb, GCallback clicked) {
    gchar *text = g_strdup_printf("%s \xe2\x80\x9c%s\xe2\x80\x9d%s", verb, m->name, clicked == G_CALLBACK(export) ? "\xe2\x80\xa6" : "");
    entry(m, menu, gtk_menu_item_new_with_label(text), clicked);
    g_free(text);
}

static void opened(GtkButton *button, StyleMenu *m) {
    (void)button;
    GtkWidget *menu = gtk_menu_new();
    g_ptr_array_unref(m->known);
    m->known = styles_known();
    style_entry(m, menu, NULL);
    for (guint i = 0; i < m->known->len; i++) style_entry(m, menu, g_ptr_array_index(m->known, i));
    gtk_menu_shell_append(GTK_MENU_SHELL(menu), gtk_separator_menu_item_new());
    entry(m, menu, gtk_menu_item_new_with_label("Save as a style\xe2\x80\xa6"), G_CALLBACK(save_as));
    entry(m, menu, gtk_menu_item_new_with_label("Import\xe2\x80\xa6"), G_CALLBACK(import));
    if (current(m)) named_entry(m, menu, "Export", G_CALLBACK(export));
    if (current(m) && current(m)->own) named_entry(m, menu, "Delete", G_CALLBACK(delete));
    gtk_widget_show_all(menu);
    menu_popup(menu, m->button);
}

StyleMenu *style_menu_new(StyleCalls calls, gpointer data) {
    StyleMenu *m = g_new0(StyleMenu, 1);
    m->calls = calls;
    m->data = data;
    m->known = styles_known();
    m->button = gtk_button_new();
    m->label = gtk_label_new("Style");
    gtk_label_set_ellipsize(GTK_LABEL(m->label), PANGO_ELLIPSIZE_END);
    gtk_label_set_max_width_chars(GTK_LABEL(m->label), LETTERS);
    gtk_container_add(GTK_CONTAINER(m->button), m->label);
    g_signal_connect(m->button, "clicked", G_CALLBACK(opened), m);
    style_menu_show(m, "", "");
    return m;
}

void style_menu_free(StyleMenu *m) {
    if (!m) return;
    g_ptr_array_unref(m->known);
    g_free(m->name);
    g_free(m->words);
    g_free(m);
}

GtkWidget *style_menu_button(const StyleMenu *m) { return m->button; }

void style_menu_show(StyleMenu *m, const gchar *name, const gchar *words) {
    settings_text(&m->name, name);
    settings_text(&m->words, words);
    glong letters = g_utf8_strlen(m->name, -1);
    gtk_label_set_width_chars(GTK_LABEL(m->label), letters ? (gint)MIN(letters + 1, LETTERS) : -1);
    gtk_label_set_text(GTK_LABEL(m->label), *m->name ? m->name : "Style");
    gchar *tip = *m->words ? g_strdup_printf("Adds to your prompt: %s", m->words) : g_strdup("Words and settings under a name");
    gtk_widget_set_tooltip_text(m->button, tip);
    g_free(tip);
}
