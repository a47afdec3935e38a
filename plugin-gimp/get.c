/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "get.h"

#include <gdk/gdkkeysyms.h>
#include <string.h>

#define GAP 6
#define LOOK 100 /* milliseconds between looks at a download */
#define WIDE 460 /* pixels of a line of text */

/* Something that can be got; its texts are copies. */
typedef struct {
    guint32 want;
    gchar *name, *title, *about, *folder;
    gboolean here;
} Offer;

typedef struct {
    GtkWidget *window, *list, *other, *about, *agree, *bar, *say, *get, *cancel;
    GPtrArray *offers; /* of the entries of `list` */
    ScumbleDownload *download;
    guint32 want; /* what is being got */
    guint timer;
    gboolean terms; /* it waits for an agreement */
    GetDone done;
    gpointer data;
} Get;

static void offer_free(gpointer pointer) {
    Offer *offer = pointer;
    g_free(offer->name), g_free(offer->title), g_free(offer->about), g_free(offer->folder);
    g_free(offer);
}

/* "2.5 GB", "25 MB". */
static gchar *size_of(guint64 bytes) {
    if (bytes >= 1000000000) return g_strdup_printf("%.1f GB", (gdouble)bytes / 1e9);
    return g_strdup_printf("%" G_GUINT64_FORMAT " MB", MAX(1, (bytes + 500000) / 1000000));
}

/* As markup: what it is, and each licence with the address of its text. */
static gchar *about_of(const gchar *first, const gchar *second, const gchar *licences, const gchar *urls) {
    GString *text = g_string_new(NULL);
    gchar **plain = g_strsplit(licences, "\n", -1), **url = g_strsplit(urls, "\n", -1);
    const gchar *lines[] = {first, second};
    for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
        gchar *line = *lines[i] ? g_markup_printf_escaped("%s\n", lines[i]) : g_strdup("");
        g_string_append(text, line);
        g_free(line);
    }
    for (guint i = 0; plain[i] && url[i]; i++) {
        gchar *line = g_markup_printf_escaped("\n<b>Licence</b> %s <a href=\"%s\">the whole text</a>", plain[i], url[i]);
        g_string_append(text, line);
        g_free(line);
    }
    g_strfreev(plain);
    g_strfreev(url);
    return g_string_free(text, FALSE);
}

static void add_offer(guint32 want, const ScumbleEntry *entry, gpointer data) {
    Get *g = data;
    Offer *offer = g_new0(Offer, 1);
    gchar *size = size_of(entry->bytes);
    offer->want = want;
    offer->here = entry->offer == SCUMBLE_OFFER_INSTALLED;
    offer->name = g_strdup(entry->name);
    offer->folder = g_strdup(entry->folder);
    offer->about = about_of(entry->good_at, entry->note, entry->licence, entry->licence_url);
    offer->title = g_strdup_printf("%s%s \xe2\x80\x93 %s%s", want == SCUMBLE_WANT_ANNOTATOR ? "Annotator: " : "", entry->title, size,
                                   offer->here ? ", is here" : entry->offer == SCUMBLE_OFFER_PARTIAL ? ", begun"
                                   : entry->usable ? "" : ", will not run well here");
    gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(g->list), offer->title);
    g_ptr_array_add(g->offers, offer);
    g_free(size);
}

static const gchar *typed(const Get *g) { return gtk_entry_get_text(GTK_ENTRY(g->other)); }

/* The one of the list that is meant; NULL where another name is typed. */
static const Offer *chosen(const Get *g) {
    gint entry = gtk_combo_box_get_active(GTK_COMBO_BOX(g->list));
    return *typed(g) || entry < 0 || entry >= (gint)g->offers->len ? NULL : g_ptr_array_index(g->offers, (guint)entry);
}

static void say(Get *g, const gchar *sentence) { gtk_label_set_text(GTK_LABEL(g->say), sentence); }

static gboolean agreed(const Get *g) { return gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(g->agree)); }

static void show_buttons(Get *g) {
    const Offer *offer = chosen(g);
    gboolean runs = g->download != NULL, here = offer && offer->here;
    gboolean able = g->terms ? agreed(g) : offer ? here || agreed(g) : *typed(g) != 0;
    gtk_widget_set_sensitive(g->list, !runs);
    gtk_widget_set_sensitive(g->other, !runs);
    gtk_widget_set_sensitive(g->agree, g->terms || (offer && !here && !runs));
    gtk_widget_set_sensitive(g->get, able && (g->terms || !runs));
    gtk_widget_set_sensitive(g->cancel, runs);
    gtk_button_set_label(GTK_BUTTON(g->get), here && !runs ? "_Use It" : offer || g->terms ? "_Get" : "_Look");
}

static void show_offer(Get *g) {
    const Offer *offer = chosen(g);
    gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(g->agree), FALSE); /* to the licence of another one */
    gtk_label_set_markup(GTK_LABEL(g->about), offer ? offer->about : "Look tells what it is, how large, and under which licence.");
    show_buttons(g);
}

static void fill(Get *g) {
    GError *error = NULL;
    gint entry = gtk_combo_box_get_active(GTK_COMBO_BOX(g->list));
    gtk_list_store_clear(GTK_LIST_STORE(gtk_combo_box_get_model(GTK_COMBO_BOX(g->list))));
    g_ptr_array_set_size(g->offers, 0);
    for (guint32 want = SCUMBLE_WANT_MODEL; want <= SCUMBLE_WANT_ANNOTATOR; want++)
        if (!offers_each(want, add_offer, g, &error)) {
            say(g, error->message);
            g_clear_error(&error);
        }
    gtk_combo_box_set_active(GTK_COMBO_BOX(g->list), MAX(entry, 0));
    show_offer(g);
}

static void ended(Get *g, const ScumbleDownloadInfo *info) {
    guint32 want = g->want;
    gboolean good = info->state == SCUMBLE_DOWNLOAD_DONE;
    gchar *folder = g_strdup(info->folder); /* and what was kept of the artist's files in it: */
    gchar *text = good ? g_strdup_printf("%s is here.%s%s", info->title, *info->message ? " " : "", info->message) : g_strdup(info->message);
    download_free(g->download);
    g->download = NULL;
    g->terms = FALSE;
    gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(g->bar), good ? 1.0 : 0.0);
    if (good) gtk_entry_set_text(GTK_ENTRY(g->other), "");
    fill(g);
    say(g, text);
    if (good) g->done(want, folder, g->data);
    g_free(folder);
    g_free(text);
}

/* Reads what is about to be got, once, and waits for an agreement. */
static void show_terms(Get *g, const ScumbleDownloadInfo *info) {
    gchar *size = size_of(info->bytes), *first = g_strdup_printf("%s, %s", info->title, size);
    gchar *about = about_of(first, info->remarks, info->licence, info->licence_url);
    gtk_label_set_markup(GTK_LABEL(g->about), about);
    say(g, "Read the licence and agree to it, and it is downloaded.");
    g->terms = TRUE;
    show_buttons(g);
    g_free(size), g_free(first), g_free(about);
}

static void show_progress(Get *g, const ScumbleDownloadInfo *info) {
    gchar *done = size_of(info->bytes_done), *all = size_of(info->bytes);
    gchar *text = *info->message ? g_strdup(info->message)
                  : info->state == SCUMBLE_DOWNLOAD_LOADING ? g_strdup_printf("%s of %s, %s", done, all, info->file)
                  : info->state == SCUMBLE_DOWNLOAD_WAITING ? g_strdup("Another program is getting it; this goes on when that is done.")
                                                            : g_strdup("Asking what there is\xe2\x80\xa6");
    gdouble part = info->bytes ? (gdouble)info->bytes_done / (gdouble)info->bytes : 0.0;
    gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(g->bar), CLAMP(part, 0.0, 1.0));
    say(g, text);
    g_free(done), g_free(all), g_free(text);
}

static gboolean look(gpointer data) {
    Get *g = data;
    ScumbleDownloadInfo info;
    download_look(g->download, &info);
    if (info.state >= SCUMBLE_DOWNLOAD_DONE) {
        g->timer = 0;
        ended(g, &info);
        return G_SOURCE_REMOVE;
    }
    if (info.state == SCUMBLE_DOWNLOAD_TERMS && !g->terms) show_terms(g, &info);
    if (info.state != SCUMBLE_DOWNLOAD_TERMS) show_progress(g, &info);
    return G_SOURCE_CONTINUE;
}

static void get_clicked(GtkButton *button, Get *g) {
    (void)button;
    const Offer *offer = chosen(g);
    GError *error = NULL;
    if (g->terms) {
        g->terms = FALSE;
        download_agree(g->download);
    } else if (offer && offer->here) {
        gchar *folder = g_strdup(offer->folder);
        g->done(offer->want, folder, g->data);
        g_free(folder);
        return;
    } else {
        g->want = offer ? offer->want : SCUMBLE_WANT_MODEL;
        g->download = download_start(g->want, offer ? offer->name : typed(g), offer && agreed(g), &error);
        if (error) say(g, error->message);
        g_clear_error(&error);
        if (g->download) g->timer = g_timeout_add(LOOK, look, g);
    }
    show_buttons(g);
}

static void cancel_clicked(GtkButton *button, Get *g) {
    (void)button;
    if (g->download) download_cancel(g->download);
}

static void other_chosen(GtkWidget *widget, Get *g) {
    (void)widget;
    if (!g->download && g->offers->len) show_offer(g);
}

static void agree_toggled(GtkWidget *widget, Get *g) {
    (void)widget;
    show_buttons(g);
}

/* What is being got is let go; it goes on from there the next time. */
static void destroyed(GtkWidget *window, Get *g) {
    (void)window;
    if (g->timer) g_source_remove(g->timer);
    download_free(g->download);
    g_ptr_array_unref(g->offers);
    g_free(g);
}

static GtkWidget *text_new(void) {
    GtkWidget *label = gtk_label_new("");
    align_left(label);
    gtk_label_set_line_wrap(GTK_LABEL(label), TRUE);
    gtk_widget_set_size_request(label, WIDE, -1);
#if GTK_MAJOR_VERSION >= 3
    gtk_label_set_max_width_chars(GTK_LABEL(label), 60);
#endif
    return label;
}

static GtkWidget *button_new(Get *g, GtkWidget *row, const gchar *label, const gchar *tip, void (*clicked)(GtkButton *, Get *)) {
    GtkWidget *button = gtk_button_new_with_mnemonic(label);
    gtk_widget_set_tooltip_text(button, tip);
    gtk_box_pack_start(GTK_BOX(row), button, TRUE, TRUE, 0);
    g_signal_connect(button, "clicked", G_CALLBACK(clicked), g);
    return button;
}

/* Before the window goes: what has just arrived counts, although nobody has looked since. */
static void look_last(Get *g) {
    ScumbleDownloadInfo info;
    if (!g->download) return;
    download_look(g->download, &info);
    if (info.state != SCUMBLE_DOWNLOAD_DONE) return;
    g_source_remove(g->timer);
    g->timer = 0;
    ended(g, &info);
}

static void close_clicked(GtkButton *button, Get *g) {
    (void)button;
    look_last(g);
    gtk_widget_destroy(g->window);
}

static gboolean key_pressed(GtkWidget *window, GdkEventKey *event, Get *g) {
    if (event->keyval != GDK_KEY_Escape) return FALSE;
    look_last(g);
    gtk_widget_destroy(window);
    return TRUE;
}

static void build(Get *g, GtkWindow *parent) {
    g->window = gtk_window_new(GTK_WINDOW_TOPLEVEL);
    gtk_window_set_title(GTK_WINDOW(g->window), "Get a Model");
    gtk_window_set_transient_for(GTK_WINDOW(g->window), parent);
    gtk_window_set_destroy_with_parent(GTK_WINDOW(g->window), TRUE);
    gtk_window_set_modal(GTK_WINDOW(g->window), TRUE);
    gtk_container_set_border_width(GTK_CONTAINER(g->window), 2 * GAP);
    GtkWidget *column = box_new(GTK_ORIENTATION_VERTICAL, GAP), *row = box_new(GTK_ORIENTATION_HORIZONTAL, GAP);
    g->list = gtk_combo_box_text_new();
    g->other = gtk_entry_new();
    gtk_widget_set_tooltip_text(g->other, "Any other model in ONNX form: OWNER/NAME of its repository; its licence is shown first");
    g->about = text_new();
    g->agree = gtk_check_button_new_with_mnemonic("I have read the licence and _agree to it");
    g->bar = gtk_progress_bar_new();
    g->say = text_new();
    GtkWidget *other = box_new(GTK_ORIENTATION_HORIZONTAL, GAP), *label = gtk_label_new_with_mnemonic("Any _other (OWNER/NAME):");
    gtk_label_set_mnemonic_widget(GTK_LABEL(label), g->other);
    gtk_box_pack_start(GTK_BOX(other), label, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(other), g->other, TRUE, TRUE, 0);
    GtkWidget *all[] = {g->list, other, g->about, g->agree, g->bar, g->say, row};
    for (guint i = 0; i < G_N_ELEMENTS(all); i++) gtk_box_pack_start(GTK_BOX(column), all[i], all[i] == g->about, TRUE, 0);
    g->get = button_new(g, row, "_Get", NULL, get_clicked);
    g->cancel = button_new(g, row, "_Cancel", "What has arrived is kept, and goes on from there the next time", cancel_clicked);
    button_new(g, row, "Clo_se", "A download that is not done is cancelled; what has arrived is kept", close_clicked);
    gtk_container_add(GTK_CONTAINER(g->window), column);
    g_signal_connect(g->list, "changed", G_CALLBACK(other_chosen), g);
    g_signal_connect(g->other, "changed", G_CALLBACK(other_chosen), g);
    g_signal_connect(g->agree, "toggled", G_CALLBACK(agree_toggled), g);
    g_signal_connect(g->window, "key-press-event", G_CALLBACK(key_pressed), g);
    g_signal_connect(g->window, "destroy", G_CALLBACK(destroyed), g);
}

void get_show(GtkWindow *parent, gboolean runtime, GetDone done, gpointer data) {
    Get *g = g_new0(Get, 1);
    g->done = done;
    g->data = data;
    g->offers = g_ptr_array_new_with_free_func(offer_free);
    build(g, parent);
    fill(g);
    for (guint i = 0; runtime && i < g->offers->len; i++) {
        const Offer *offer = g_ptr_array_index(g->offers, i);
        if (offer->want != SCUMBLE_WANT_RUNTIME) continue;
        gtk_combo_box_set_active(GTK_COMBO_BOX(g->list), (gint)i);
        break;
    }
    gtk_widget_show_all(g->window);
}
