/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "steer_row.h"

#include <string.h>

#include "known.h"
#include "linked.h"
#include "region_lines.h"
#include "sources.h"
#include "steer_menu.h"
#include "step_part.h"

#define GAP 4

enum { NOTHING = -1, LINKED = -2, ANOTHER_FILE = -3 };

struct SteerRow {
    SteerList *list;
    Condition *condition; /* the list's */
    GtkWidget *box, *on, *title, *layer, *embed, *weight, *prompt, *lines, *prepare, *aspect, *silent, *part;
    gboolean filling; /* `layer` is being filled */
    GArray *choices; /* gint32: the layers that `layer` has, or one of these */
};

static void on_toggled(GtkToggleButton *button, SteerRow *row) {
    row->condition->on = gtk_toggle_button_get_active(button);
    steer_list_tell(row->list);
}

static void weight_changed(GtkSpinButton *weight, SteerRow *row) {
    row->condition->scale = gtk_spin_button_get_value(weight);
    steer_list_tell(row->list);
}

static void prompt_changed(GtkEditable *entry, SteerRow *row) {
    (void)entry;
    condition_text(&row->condition->prompt, gtk_entry_get_text(GTK_ENTRY(row->prompt)));
    steer_list_tell(row->list);
}

/* A control for inpainting follows no layer. */
static void show_layer(SteerRow *row) {
    gboolean linked = condition_is_linked(row->condition);
    if (row->layer) gtk_widget_set_visible(row->layer, linked || condition_has_layer(row->condition));
    if (row->embed) gtk_widget_set_visible(row->embed, linked);
}

static void add_choice(SteerRow *row, gint32 choice, const gchar *text, gboolean chosen) {
    gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(row->layer), text);
    g_array_append_val(row->choices, choice);
    if (chosen) gtk_combo_box_set_active(GTK_COMBO_BOX(row->layer), (gint)row->choices->len - 1);
}

/* The layers of the image, or its groups alone, none where the condition's is not among them, and the files that its picture may be
 * linked to in their place. */
static void fill_layers(SteerRow *row) {
    const Condition *c = row->condition;
    const GArray *sources = steer_list_sources(row->list);
    gboolean found = condition_is_linked(c);
    row->filling = TRUE;
    gtk_list_store_clear(GTK_LIST_STORE(gtk_combo_box_get_model(GTK_COMBO_BOX(row->layer))));
    g_array_set_size(row->choices, 0);
    for (guint i = 0; i < sources->len; i++) {
        const Source *source = &g_array_index(sources, Source, i);
        if (c->group && !source->group) continue;
        gboolean chosen = !found && source->layer == c->layer;
        add_choice(row, source->layer, source->name, chosen);
        found = found || chosen;
    }
    if (condition_is_linked(c)) {
        gchar *name = known_name(c->picture), *text = g_strdup_printf("%s (linked)", name);
        add_choice(row, LINKED, text, TRUE);
        g_free(name);
        g_free(text);
    } else if (!found) {
        add_choice(row, NOTHING, c->group ? "choose a group" : "choose a layer", TRUE);
    }
    if (c->kind != SCUMBLE_CONDITION_REGION) add_choice(row, ANOTHER_FILE, "a picture's file\xe2\x80\xa6", FALSE);
    row->filling = FALSE;
}

static void layer_changed(GtkComboBox *box, SteerRow *row) {
    gint at = gtk_combo_box_get_active(box);
    gint32 choice = at < 0 || at >= (gint)row->choices->len ? NOTHING : g_array_index(row->choices, gint32, at);
    if (steer_list_showing(row->list) || row->filling) return;
    if (choice > 0) {
        condition_link(row->condition, "", NULL);
        source_choose(row->condition, choice);
        if (row->lines) region_lines_look(row->lines, steer_list_image(row->list));
        show_layer(row);
        steer_list_tell(row->list);
    } else if (choice == ANOTHER_FILE) {
        fill_layers(row); /* as it was, until a file is chosen */
        steer_list_link(row->list, row->condition);
    }
}

static void row_changed(gpointer data) { steer_list_tell(((SteerRow *)data)->list); }

static void prepare_changed(GtkComboBox *box, SteerRow *row) {
    gint at = gtk_combo_box_get_active(box);
    if (steer_list_showing(row->list) || at < 0) return;
    row->condition->prepare = (guint32)at;
    fill_layers(row);
    show_layer(row);
    steer_list_tell(row->list);
}

static void aspect_changed(GtkComboBox *box, SteerRow *row) {
    gint at = gtk_combo_box_get_active(box);
    if (steer_list_showing(row->list) || at < 0) return;
    row->condition->aspect = (guint32)at;
    steer_list_tell(row->list);
}

static void remove_clicked(GtkButton *button, SteerRow *row) {
    (void)button;
    steer_list_remove(row->list, row->condition);
}

/* What was linked is kept in the image from now on, as a hidden layer. */
static void embed_clicked(GtkButton *button, SteerRow *row) {
    SteerList *l = row->list;
    GError *error = NULL;
    (void)button;
    const gchar *path = row->condition->picture_path;
    gint32 layer = path ? aside_file(steer_list_image(l), path, linked_size(row->condition), &error) : -1;
    if (layer > 0) {
        condition_link(row->condition, "", NULL);
        source_choose(row->condition, layer);
        steer_list_rebuild(l);
        steer_list_tell(l);
    } else if (error) {
        steer_list_fail(l, error->message);
    }
    g_clear_error(&error);
}

#define GIVES "What of the picture is taken over: how it is painted, where things are, or all of it"
#define WEIGHS "How much it steers: 0 is not at all, 1 as it was made"

void steer_row_grey(SteerRow *row) {
    guint32 kind = renderer_kind(row->condition);
    const gchar *why = steer_list_reason(row->list, kind), *note = steer_list_note(row->list, kind);
    gtk_widget_set_sensitive(row->title, !why);
    gtk_widget_set_sensitive(row->weight, !why && !note);
    gtk_widget_set_tooltip_text(row->weight, note ? note : WEIGHS);
    if (row->layer) gtk_widget_set_sensitive(row->layer, !why);
    if (row->prepare) gtk_widget_set_sensitive(row->prepare, !why);
    if (row->prompt) gtk_widget_set_sensitive(row->prompt, !why);
    if (row->aspect) {
        const gchar *whole = why ? why : steer_list_reason(row->list, RENDERER_ASPECTS);
        gtk_widget_set_sensitive(row->aspect, !whole);
        gtk_widget_set_tooltip_text(row->aspect, whole ? whole : GIVES);
    }
    if (row->lines) gtk_widget_set_sensitive(row->lines, !why);
    gtk_widget_set_sensitive(row->part, !why);
    gtk_widget_set_tooltip_text(row->on, why ? why : "Whether it steers");
}

static GtkWidget *weight_of(SteerRow *row) {
    gdouble least = row->condition->kind == SCUMBLE_CONDITION_LORA ? -CONDITION_SCALE_MOST : 0.0;
    GtkWidget *weight = gtk_spin_button_new_with_range(least, CONDITION_SCALE_MOST, 0.05);
    gtk_spin_button_set_digits(GTK_SPIN_BUTTON(weight), 2);
    gtk_spin_button_set_value(GTK_SPIN_BUTTON(weight), row->condition->scale);
    gtk_entry_set_width_chars(GTK_ENTRY(weight), 5);
    g_signal_connect(weight, "value-changed", G_CALLBACK(weight_changed), row);
    return weight;
}

static GtkWidget *layer_of(SteerRow *row) {
    GtkWidget *layer = gtk_combo_box_text_new();
    narrow_box(layer, 10);
    gtk_widget_set_tooltip_text(layer, row->condition->group
                                           ? "The group whose layers are regions. Hidden, or above the live layer, it is not part of the paint"
                                       : row->condition->kind == SCUMBLE_CONDITION_REFERENCE
                                           ? "The layer whose picture it is, wherever that lies. Hidden, or above the live layer, it is not part of the paint"
                                           : "The layer that it follows, or a picture's file. Hidden, or above the live layer, it is not part of the paint");
    g_signal_connect(layer, "changed", G_CALLBACK(layer_changed), row);
    return layer;
}

/* What SCUMBLE_PREPARE_* are called, by their numbers. */
static const gchar *const PREPARATIONS[] = {"as it is", "drawn lines", "lines of a picture", "edges (Canny)", "blurred", "depth", "soft edges", "pose", "paint around selection"};

/* A line of its own: what is made of the layer, and why that says nothing. */
static void add_prepare(SteerRow *row) {
    GtkWidget *line = box_new(GTK_ORIENTATION_HORIZONTAL, GAP);
    row->prepare = gtk_combo_box_text_new();
    for (guint i = 0; i < G_N_ELEMENTS(PREPARATIONS); i++) gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(row->prepare), PREPARATIONS[i]);
    gtk_combo_box_set_active(GTK_COMBO_BOX(row->prepare), (gint)row->condition->prepare);
    gtk_widget_set_tooltip_text(row->prepare, "What is made of the layer before the ControlNet sees it: white lines on black, or what it was "
                                              "trained with.\nas it is: what is transparent is black\n"
                                              "drawn lines: lines that are drawn on it, of any colour, on paper or on nothing\n"
                                              "lines of a picture: those that somebody would draw of what is painted on it\n"
                                              "edges (Canny): of what is painted on it, by Canny's detector\n"
                                              "blurred: what is painted on it, soft, for ControlNets that make detail (tile)\n"
                                              "depth: how far away it is, as a network sees it (an annotator: Get\xe2\x80\xa6 beside the model has one)\n"
                                              "soft edges: strong and weak ones, as a network sees them (so, too)\n"
                                              "pose: how people stand in it, as a network sees them (so, too)\n"
                                              "paint around selection: no layer, but the paint with what is selected to be filled, for ControlNets for inpainting");
    g_signal_connect(row->prepare, "changed", G_CALLBACK(prepare_changed), row);
    row->silent = gtk_label_new(NULL);
    gtk_label_set_ellipsize(GTK_LABEL(row->silent), PANGO_ELLIPSIZE_END);
    align_left(row->silent);
    gtk_box_pack_start(GTK_BOX(line), row->prepare, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(line), row->silent, TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(row->box), line, FALSE, FALSE, 0);
}

/* What SCUMBLE_ASPECT_* are called, by their numbers. */
static const gchar *const ASPECTS[] = {"all of it", "its style", "its layout"};

static void add_aspect(SteerRow *row) {
    row->aspect = gtk_combo_box_text_new();
    for (guint i = 0; i < G_N_ELEMENTS(ASPECTS); i++) gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(row->aspect), ASPECTS[i]);
    gtk_combo_box_set_active(GTK_COMBO_BOX(row->aspect), (gint)row->condition->aspect);
    g_signal_connect(row->aspect, "changed", G_CALLBACK(aspect_changed), row);
    gtk_box_pack_start(GTK_BOX(row->box), row->aspect, FALSE, FALSE, 0);
}

SteerRow *steer_row_new(SteerList *l, GtkBox *column, Condition *condition) {
    SteerRow *row = g_new0(SteerRow, 1);
    row->list = l;
    row->condition = condition;
    row->box = box_new(GTK_ORIENTATION_VERTICAL, 0);
    row->choices = g_array_new(FALSE, FALSE, sizeof(gint32));
    GtkWidget *line = box_new(GTK_ORIENTATION_HORIZONTAL, GAP), *remove = gtk_button_new_with_label("\xe2\x9c\x95");
    gchar *title = condition_title(condition);
    row->title = gtk_label_new(title);
    g_free(title);
    gtk_label_set_ellipsize(GTK_LABEL(row->title), PANGO_ELLIPSIZE_END);
    align_left(row->title);
    row->on = gtk_check_button_new();
    gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(row->on), condition->on);
    g_signal_connect(row->on, "toggled", G_CALLBACK(on_toggled), row);
    gtk_box_pack_start(GTK_BOX(line), row->on, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(line), row->title, TRUE, TRUE, 0);
    if (condition->kind != SCUMBLE_CONDITION_LORA) {
        row->layer = layer_of(row);
        fill_layers(row);
        row->embed = gtk_button_new_with_label("Embed");
        gtk_widget_set_tooltip_text(row->embed, "Keeps the picture in this image from now on, as a hidden layer");
        g_signal_connect(row->embed, "clicked", G_CALLBACK(embed_clicked), row);
        gtk_box_pack_start(GTK_BOX(line), row->layer, FALSE, FALSE, 0);
        gtk_box_pack_start(GTK_BOX(line), row->embed, FALSE, FALSE, 0);
    }
    row->weight = weight_of(row);
    gtk_box_pack_start(GTK_BOX(line), row->weight, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(line), step_part_new(condition, &row->part, row_changed, row), FALSE, FALSE, 0);
    gtk_widget_set_tooltip_text(remove, "Takes it out of the list");
    gtk_box_pack_start(GTK_BOX(line), remove, FALSE, FALSE, 0);
    g_signal_connect(remove, "clicked", G_CALLBACK(remove_clicked), row);
    gtk_box_pack_start(GTK_BOX(row->box), line, FALSE, FALSE, 0);
    if (condition->kind == SCUMBLE_CONDITION_CONTROL) add_prepare(row);
    if (condition->kind == SCUMBLE_CONDITION_REFERENCE) add_aspect(row);
    if (condition->group) {
        row->lines = region_lines_new(condition, row_changed, row);
        region_lines_look(row->lines, steer_list_image(l));
        gtk_box_pack_start(GTK_BOX(row->box), row->lines, FALSE, FALSE, 0);
    } else if (condition->kind == SCUMBLE_CONDITION_REGION) {
        row->prompt = gtk_entry_new();
        gtk_entry_set_max_length(GTK_ENTRY(row->prompt), CONDITION_TEXT_MOST / 4);
        gtk_entry_set_text(GTK_ENTRY(row->prompt), condition->prompt);
        gtk_widget_set_tooltip_text(row->prompt, "What the picture shows where the region's layer is painted");
        g_signal_connect(row->prompt, "changed", G_CALLBACK(prompt_changed), row);
        gtk_box_pack_start(GTK_BOX(row->box), row->prompt, FALSE, FALSE, 0);
    }
    gtk_box_pack_start(GTK_BOX(row->box), row->part, FALSE, FALSE, 0);
    steer_row_grey(row);
    gtk_box_pack_start(column, row->box, FALSE, FALSE, 0);
    gtk_widget_show_all(row->box);
    show_layer(row);
    return row;
}

void steer_row_free(gpointer data) {
    SteerRow *row = data;
    g_array_unref(row->choices);
    g_free(row);
}

GtkWidget *steer_row_box(const SteerRow *row) { return row->box; }

void steer_row_hear(SteerRow *row, gchar *const why[CONDITIONS_MOST]) {
    const gchar *text = why[row->condition->number] ? why[row->condition->number] : "";
    if (!row->silent || !strcmp(gtk_label_get_text(GTK_LABEL(row->silent)), text)) return;
    gtk_label_set_text(GTK_LABEL(row->silent), text);
    gtk_widget_set_tooltip_text(row->silent, text);
}

void steer_row_look(SteerRow *row) {
    if (row->layer) fill_layers(row);
    if (row->lines) region_lines_look(row->lines, steer_list_image(row->list));
}
