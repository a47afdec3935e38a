/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "region_lines.h"

#include <string.h>

#include "regions.h"
#include "sources.h"

#define NAME_LETTERS 12
#define GAP 4
#define KEY "scumble-lines"

typedef struct {
    Condition *condition;
    GArray *layers;    /* gint32, of each line */
    GPtrArray *names;  /* a label of each, which the box owns */
    GtkWidget *box;
    gboolean showing;  /* the lines are being set by us */
    void (*changed)(gpointer);
    gpointer data;
} Lines;

static void lines_free(gpointer data) {
    Lines *l = data;
    g_array_unref(l->layers);
    g_ptr_array_unref(l->names);
    g_free(l);
}

GtkWidget *region_lines_new(Condition *condition, void (*changed)(gpointer), gpointer data) {
    Lines *l = g_new0(Lines, 1);
    l->condition = condition;
    l->layers = g_array_new(FALSE, FALSE, sizeof(gint32));
    l->names = g_ptr_array_new();
    l->box = box_new(GTK_ORIENTATION_VERTICAL, 0);
    l->changed = changed;
    l->data = data;
    g_object_set_data_full(G_OBJECT(l->box), KEY, l, lines_free);
    return l->box;
}

static void written(GtkEntry *entry, Lines *l) {
    gint32 layer = GPOINTER_TO_INT(g_object_get_data(G_OBJECT(entry), "layer"));
    if (l->showing) return;
    gchar *text = g_strstrip(g_strdup(gtk_entry_get_text(entry)));
    source_words(l->condition, layer, text);
    g_free(text);
    l->changed(l->data);
}

static void add_line(Lines *l, gint32 layer) {
    GtkWidget *line = box_new(GTK_ORIENTATION_HORIZONTAL, GAP), *label = gtk_label_new(NULL), *entry = gtk_entry_new();
    gtk_label_set_ellipsize(GTK_LABEL(label), PANGO_ELLIPSIZE_END);
    gtk_label_set_width_chars(GTK_LABEL(label), NAME_LETTERS);
    gtk_label_set_max_width_chars(GTK_LABEL(label), NAME_LETTERS);
    align_left(label);
    gtk_entry_set_max_length(GTK_ENTRY(entry), CONDITION_TEXT_MOST / 4);
    gtk_entry_set_text(GTK_ENTRY(entry), condition_words(l->condition, layer));
    gtk_widget_set_tooltip_text(entry, "What the picture shows where this layer is painted; left empty, that is the layer's name");
    g_object_set_data(G_OBJECT(entry), "layer", GINT_TO_POINTER(layer));
    g_signal_connect(entry, "changed", G_CALLBACK(written), l);
    gtk_box_pack_start(GTK_BOX(line), label, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(line), entry, TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(l->box), line, FALSE, FALSE, 0);
    g_array_append_val(l->layers, layer);
    g_ptr_array_add(l->names, label);
    gtk_widget_show_all(line);
}

static void remove_child(GtkWidget *child, gpointer box) { gtk_container_remove(GTK_CONTAINER(box), child); }

static void build(Lines *l, const gint32 *layers, gint count) {
    gtk_container_foreach(GTK_CONTAINER(l->box), remove_child, l->box);
    g_array_set_size(l->layers, 0);
    g_ptr_array_set_size(l->names, 0);
    for (gint i = 0; i < count; i++) add_line(l, layers[i]);
    if (count) return;
    GtkWidget *none = gtk_label_new("No layer is in this group yet");
    align_left(none);
    gtk_box_pack_start(GTK_BOX(l->box), none, FALSE, FALSE, 0);
    gtk_widget_show(none);
}

void region_lines_look(GtkWidget *lines, gint32 image) {
    Lines *l = g_object_get_data(G_OBJECT(lines), KEY);
    gint count = 0;
    gboolean there = source_is_there(l->condition) && gimp_item_is_group(l->condition->layer);
    gint32 *layers = there ? regions_layers(image, l->condition->layer, &count) : NULL;
    l->showing = TRUE;
    /* What is being written in a line stays where the layers are the same. */
    if (!count || l->layers->len != (guint)count || memcmp(l->layers->data, layers, (gsize)count * sizeof *layers)) build(l, layers, count);
    for (gint i = 0; i < count; i++) {
        gchar *name = gimp_item_get_name(layers[i]);
        GtkWidget *label = g_ptr_array_index(l->names, i);
        gtk_label_set_text(GTK_LABEL(label), name ? name : "");
        gtk_widget_set_tooltip_text(label, name);
        g_free(name);
    }
    l->showing = FALSE;
    g_free(layers);
}
