/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "device_row.h"

#include <string.h>

#include "engine.h"
#include "settings.h"

#define BEST ""
#define PROCESSOR "cpu"
#define OPENVINO "openvino"
#define ALWAYS 2 /* entries that are always there */

struct DeviceRow {
    GtkWidget *list, *line;
    GPtrArray *names; /* of the entries */
    gboolean showing; /* the list is being set by us */
    void (*changed)(gpointer);
    gpointer data;
};

static const gchar *title_of(const gchar *device) {
    static const struct {
        const gchar *name, *title;
    } titles[] = {{BEST, "The best there is"}, {PROCESSOR, "The processor"}, {OPENVINO, "The processor, by OpenVINO"},
                  {"webgpu", "The graphics card"}, {"cuda", "The NVIDIA graphics card"}};
    for (guint i = 0; i < G_N_ELEMENTS(titles); i++)
        if (!strcmp(titles[i].name, device)) return titles[i].title;
    return device;
}

static GPtrArray *names_new(void) { return g_ptr_array_new_with_free_func(g_free); }

/* Its place among them, at the end if it is not there yet. */
static gint place_of(GPtrArray *names, const gchar *device) {
    for (guint i = 0; i < names->len; i++)
        if (!strcmp(g_ptr_array_index(names, i), device)) return (gint)i;
    g_ptr_array_add(names, g_strdup(device));
    return (gint)names->len - 1;
}

static void add_build(guint32 want, const ScumbleEntry *build, gpointer names) {
    (void)want;
    if (build->offer == SCUMBLE_OFFER_INSTALLED) place_of(names, build->name);
}

/* Adds what the installed builds were made for; without the library there are none, and the engine says so. */
static void add_builds(GPtrArray *names) { offers_each(SCUMBLE_WANT_RUNTIME, add_build, names, NULL); }

static gboolean alike(const GPtrArray *a, const GPtrArray *b) {
    gboolean same = a->len == b->len;
    for (guint i = 0; same && i < a->len; i++) same = !strcmp(g_ptr_array_index(a, i), g_ptr_array_index(b, i));
    return same;
}

/* Appends those from that place on to the list. */
static void append_from(DeviceRow *row, guint place) {
    for (guint i = place; i < row->names->len; i++)
        gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(row->list), title_of(g_ptr_array_index(row->names, i)));
}

const gchar *device_of_new_runtime(void) {
    GPtrArray *names = names_new();
    add_builds(names);
    guint builds = names->len;
    gboolean found = place_of(names, OPENVINO) < (gint)builds;
    g_ptr_array_unref(names);
    return found ? OPENVINO : BEST;
}

static void list_changed(GtkComboBox *list, DeviceRow *row) {
    (void)list;
    if (row->showing) return;
    settings_keep_device(device_row_chosen(row));
    row->changed(row->data);
}

DeviceRow *device_row_new(void (*changed)(gpointer), gpointer data) {
    DeviceRow *row = g_new0(DeviceRow, 1);
    row->changed = changed;
    row->data = data;
    row->names = names_new();
    row->list = gtk_combo_box_text_new();
    gtk_widget_set_tooltip_text(row->list, "On what models run, for all images. The best there is: a graphics card that ONNX Runtime can use, else the processor");
    g_signal_connect(row->list, "changed", G_CALLBACK(list_changed), row);
    return row;
}

void device_row_free(DeviceRow *row) {
    g_ptr_array_unref(row->names);
    g_free(row);
}

GtkWidget *device_row_list(const DeviceRow *row) { return row->list; }

void device_row_in(DeviceRow *row, GtkWidget *line) {
    row->line = line;
    gtk_box_pack_start(GTK_BOX(line), row->list, TRUE, TRUE, 0);
    gtk_widget_show_all(line);
    gtk_widget_set_no_show_all(line, TRUE);
}

void device_row_look(DeviceRow *row) {
    gchar *chosen = g_strdup(device_row_chosen(row));
    GPtrArray *names = names_new();
    place_of(names, BEST);
    place_of(names, PROCESSOR);
    add_builds(names);
    place_of(names, chosen);
    gboolean other = !alike(names, row->names); /* the artist may be in the middle of the list */
    g_ptr_array_unref(other ? row->names : names);
    if (other) {
        row->names = names;
        row->showing = TRUE;
        gtk_list_store_clear(GTK_LIST_STORE(gtk_combo_box_get_model(GTK_COMBO_BOX(row->list))));
        append_from(row, 0);
        device_row_show(row, chosen);
    }
    g_free(chosen);
}

void device_row_show(DeviceRow *row, const gchar *device) {
    guint before = row->names->len;
    gint place = place_of(row->names, device);
    row->showing = TRUE;
    append_from(row, before);
    gtk_combo_box_set_active(GTK_COMBO_BOX(row->list), place);
    row->showing = FALSE;
    /* Where there is nothing but the processor there is nothing to choose. */
    gtk_widget_set_visible(row->line, *device || row->names->len > ALWAYS);
}

const gchar *device_row_chosen(const DeviceRow *row) {
    gint entry = gtk_combo_box_get_active(GTK_COMBO_BOX(row->list));
    return entry < 0 ? BEST : g_ptr_array_index(row->names, (guint)entry);
}
