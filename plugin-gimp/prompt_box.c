/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "prompt_box.h"

#include <gdk/gdkkeysyms.h>
#include <string.h>

#include "prompts.h"

#define SHOWN 12 /* of the last prompts, in the menu */
#define WIDTH 60 /* letters of each */

typedef struct {
    GtkEntry *entry;
    gchar *typed;      /* what stood here before the artist went back, */
    gchar **known;     /* and the prompts that there were: one that is looked at for long is not moved under the artist */
    gint at;           /* of the last prompts; -1: what was typed */
    gboolean going;    /* the text is being set by us */
} PromptBox;

static void box_free(gpointer data) {
    PromptBox *b = data;
    g_free(b->typed);
    g_strfreev(b->known);
    g_free(b);
}

static void put(PromptBox *b, const gchar *text) {
    if (!strcmp(text, gtk_entry_get_text(b->entry))) return;
    b->going = TRUE;
    gtk_entry_set_text(b->entry, text); /* as if it was typed */
    gtk_editable_set_position(GTK_EDITABLE(b->entry), -1);
    b->going = FALSE;
}

/* So many prompts back from what stands here. */
static void go(PromptBox *b, gint back) {
    gboolean begins = b->at < 0 && !b->known;
    if (begins) {
        g_free(b->typed);
        b->typed = g_strdup(gtk_entry_get_text(b->entry));
        b->known = prompts_known();
    }
    gchar **known = b->known;
    gint count = (gint)g_strv_length(known), wanted = b->at + back;
    if (b->at < 0) {
        gchar *words = g_strstrip(g_strdup(b->typed));
        if (wanted >= 0 && count && !strcmp(known[0], words)) wanted++; /* it stands here already */
        g_free(words);
    }
    if (wanted < count) {
        put(b, wanted >= 0 ? known[wanted] : b->typed);
        b->at = MAX(wanted, -1);
    }
}

static gboolean pressed(GtkWidget *entry, GdkEventKey *event, PromptBox *b) {
    (void)entry;
    gboolean up = event->keyval == GDK_KEY_Up || event->keyval == GDK_KEY_KP_Up;
    gboolean down = event->keyval == GDK_KEY_Down || event->keyval == GDK_KEY_KP_Down;
    if (!(event->state & GDK_MOD1_MASK) || !(up || down)) return FALSE;
    go(b, up ? 1 : -1);
    return TRUE;
}

static void changed(GtkEditable *entry, PromptBox *b) {
    (void)entry;
    if (b->going) return;
    b->at = -1;
    g_clear_pointer(&b->known, g_strfreev);
}

static void chosen(GtkMenuItem *item, PromptBox *b) {
    b->at = -1;
    g_clear_pointer(&b->known, g_strfreev);
    put(b, g_object_get_data(G_OBJECT(item), "prompt"));
}

/* One line of it, not too long. */
static gchar *line_of(const gchar *prompt) {
    gchar *line = g_strdelimit(g_strdup(prompt), "\t\r\n", ' ');
    if (g_utf8_strlen(line, -1) <= WIDTH) return line;
    gchar *cut = g_utf8_substring(line, 0, WIDTH - 1), *whole = g_strconcat(cut, "\xe2\x80\xa6", NULL);
    g_free(cut);
    g_free(line);
    return whole;
}

static void menu_opens(GtkEntry *entry, GtkWidget *menu, PromptBox *b) {
    (void)entry;
    if (!GTK_IS_MENU(menu)) return;
    GtkWidget *last = gtk_menu_item_new_with_label("Last prompts"), *list = gtk_menu_new();
    gchar **known = prompts_known();
    for (guint i = 0; i < SHOWN && known[i]; i++) {
        gchar *line = line_of(known[i]);
        GtkWidget *item = gtk_menu_item_new_with_label(line);
        g_object_set_data_full(G_OBJECT(item), "prompt", g_strdup(known[i]), g_free);
        g_signal_connect(item, "activate", G_CALLBACK(chosen), b);
        gtk_menu_shell_append(GTK_MENU_SHELL(list), item);
        g_free(line);
    }
    gtk_widget_set_sensitive(last, *known != NULL);
    gtk_menu_item_set_submenu(GTK_MENU_ITEM(last), list);
    gtk_menu_shell_prepend(GTK_MENU_SHELL(menu), gtk_separator_menu_item_new());
    gtk_menu_shell_prepend(GTK_MENU_SHELL(menu), last);
    gtk_widget_show_all(menu);
    g_strfreev(known);
}

void prompt_box_on(GtkWidget *entry) {
    PromptBox *b = g_new0(PromptBox, 1);
    b->entry = GTK_ENTRY(entry);
    b->at = -1;
    g_object_set_data_full(G_OBJECT(entry), "scumble-prompt-box", b, box_free);
    g_signal_connect(entry, "key-press-event", G_CALLBACK(pressed), b);
    g_signal_connect(entry, "changed", G_CALLBACK(changed), b);
    g_signal_connect(entry, "populate-popup", G_CALLBACK(menu_opens), b);
}
