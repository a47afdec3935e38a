/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "history_strip.h"

#include "fold.h"

#define LABEL "Last pict_ures"
#define HEIGHT 92 /* as the list of what steers, whose place it takes */

typedef struct {
    HistoryStrip *strip;
    GtkWidget *button, *image;
    guint number; /* of what it shows; 0: nothing */
    gboolean whole; /* its pixels are kept */
} Slot;

struct HistoryStrip {
    GtkWidget *head, *body, *none;
    Slot slots[HISTORY_MOST]; /* each stays where it is: the keys stay, too */
    StripCalls calls;
    gpointer data;
};

static void clicked(GtkButton *button, Slot *slot) {
    (void)button;
    if (slot->number) slot->strip->calls.back(slot->number, slot->strip->data);
}

static guint number_of(GtkMenuItem *item) { return GPOINTER_TO_UINT(g_object_get_data(G_OBJECT(item), "number")); }
static void back_chosen(GtkMenuItem *item, HistoryStrip *s) { s->calls.back(number_of(item), s->data); }
static void lay_chosen(GtkMenuItem *item, HistoryStrip *s) { s->calls.lay(number_of(item), s->data); }

static void entry(const Slot *slot, GtkWidget *menu, const gchar *text, const gchar *tip, gboolean can, GCallback chosen) {
    GtkWidget *item = gtk_menu_item_new_with_label(text);
    gtk_widget_set_sensitive(item, can);
    gtk_widget_set_tooltip_text(item, tip);
    /* What stands here may be another one when the menu is used. */
    g_object_set_data(G_OBJECT(item), "number", GUINT_TO_POINTER(slot->number));
    g_signal_connect(item, "activate", chosen, slot->strip);
    gtk_menu_shell_append(GTK_MENU_SHELL(menu), item);
}

static gboolean menu_wanted(GtkWidget *button, Slot *slot) {
    if (!slot->number) return FALSE;
    GtkWidget *menu = gtk_menu_new();
    entry(slot, menu, "Back to its words and settings", NULL, TRUE, G_CALLBACK(back_chosen));
    entry(slot, menu, "Put this picture into a hidden layer", slot->whole ? NULL : "Its words and settings are kept, its pixels are not any more",
          slot->whole, G_CALLBACK(lay_chosen));
    gtk_widget_show_all(menu);
    menu_popup(menu, button);
    return TRUE;
}

static gboolean pressed(GtkWidget *button, GdkEventButton *event, Slot *slot) {
    return event->type == GDK_BUTTON_PRESS && event->button == 3 && menu_wanted(button, slot);
}

static void build(Slot *slot, HistoryStrip *s, GtkBox *row) {
    slot->strip = s;
    slot->button = gtk_button_new();
    slot->image = gtk_image_new();
    gtk_button_set_relief(GTK_BUTTON(slot->button), GTK_RELIEF_NONE);
    gtk_container_add(GTK_CONTAINER(slot->button), slot->image);
    g_signal_connect(slot->button, "clicked", G_CALLBACK(clicked), slot);
    g_signal_connect(slot->button, "button-press-event", G_CALLBACK(pressed), slot);
    g_signal_connect(slot->button, "popup-menu", G_CALLBACK(menu_wanted), slot);
    gtk_box_pack_start(row, slot->button, FALSE, FALSE, 0);
    gtk_widget_show(slot->image);
    gtk_widget_set_no_show_all(slot->button, TRUE);
}

HistoryStrip *history_strip_new(StripCalls calls, gpointer data) {
    HistoryStrip *s = g_new0(HistoryStrip, 1);
    s->calls = calls;
    s->data = data;
    s->body = gtk_scrolled_window_new(NULL, NULL);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(s->body), GTK_POLICY_AUTOMATIC, GTK_POLICY_NEVER);
    gtk_widget_set_size_request(s->body, -1, HEIGHT);
    GtkWidget *row = box_new(GTK_ORIENTATION_HORIZONTAL, 0);
    s->none = gtk_label_new("Pictures come here when they are finished");
    gtk_widget_set_sensitive(s->none, FALSE);
    gtk_box_pack_start(GTK_BOX(row), s->none, TRUE, TRUE, 0);
    for (guint i = 0; i < HISTORY_MOST; i++) build(&s->slots[i], s, GTK_BOX(row));
    scroll_add(s->body, row);
    s->head = fold_new(LABEL, "Earlier pictures of this image: a click brings the words and settings of one back, the right button has more", s->body);
    return s;
}

void history_strip_free(HistoryStrip *s) { g_free(s); }

GtkWidget *history_strip_head(const HistoryStrip *s) { return s->head; }
GtkWidget *history_strip_body(const HistoryStrip *s) { return s->body; }

static gchar *told_of(const Kept *k) {
    const Settings *s = &k->settings;
    gchar *words = g_strstrip(g_strdup(s->prompt)), *strength = s->strength < 0.0 ? g_strdup("") : g_strdup_printf(" \xc2\xb7 strength %.2f", s->strength);
    gchar *text = g_strdup_printf("%s \xc2\xb7 seed %d%s%s%s", *words ? words : "no words", s->seed, strength, *s->style ? " \xc2\xb7 " : "", s->style);
    g_free(words);
    g_free(strength);
    return text;
}

void history_strip_show(HistoryStrip *s, const History *history) {
    guint count = history_count(history);
    for (guint i = 0; i < HISTORY_MOST; i++) {
        Slot *slot = &s->slots[i];
        const Kept *k = i < count ? history_at(history, i) : NULL;
        slot->whole = k && k->pixels;
        if (k && slot->number != k->number) {
            gchar *text = told_of(k);
            gtk_image_set_from_pixbuf(GTK_IMAGE(slot->image), k->small);
            gtk_widget_set_tooltip_text(slot->button, text);
            g_free(text);
        }
        slot->number = k ? k->number : 0;
        gtk_widget_set_visible(slot->button, k != NULL);
    }
    gtk_widget_set_visible(s->none, !count);
    fold_count(s->head, LABEL, count);
}

void history_strip_set_sensitive(HistoryStrip *s, gboolean sensitive) { gtk_widget_set_sensitive(s->body, sensitive); }
