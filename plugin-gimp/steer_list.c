/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "steer_list.h"

#include "fold.h"
#include "known.h"
#include "mark.h"
#include "sources.h"
#include "steer_menu.h"
#include "steer_row.h"

#define LABEL "Steer b_y"
#define GAP 4
#define HEIGHT 92 /* three lines; more can be scrolled to */

struct SteerList {
    gint32 image;
    GPtrArray *conditions, *rows; /* SteerRow of each */
    GtkWidget *box, *line, *head, *add, *column;
    GArray *sources;
    gchar *reasons[RENDERER_KINDS], *notes[RENDERER_KINDS];
    guint32 linking;  /* whose picture is being chosen: the rows may change meanwhile */
    gboolean showing; /* the controls are being set by us */
    void (*changed)(const gchar *, gpointer);
    gpointer data;
};

void steer_list_tell(SteerList *l) {
    if (!l->showing) l->changed(NULL, l->data);
}

static void count(SteerList *l) {
    fold_count(l->head, LABEL, l->conditions->len);
}

static void take_sources(SteerList *l) {
    if (l->sources) g_array_unref(l->sources);
    l->sources = sources_of(l->image);
}

static void build_rows(SteerList *l) {
    gboolean was = l->showing;
    l->showing = TRUE;
    for (guint i = 0; i < l->rows->len; i++) gtk_widget_destroy(steer_row_box(g_ptr_array_index(l->rows, i)));
    g_ptr_array_set_size(l->rows, 0);
    if (l->conditions->len) take_sources(l);
    for (guint i = 0; i < l->conditions->len; i++) g_ptr_array_add(l->rows, steer_row_new(l, GTK_BOX(l->column), conditions_at(l->conditions, i)));
    count(l);
    l->showing = was;
}

/* Shows others. What the rows had until now may be named by them until they are gone. */
static void take_over(SteerList *l, GPtrArray *conditions) {
    GPtrArray *before = l->conditions;
    l->conditions = conditions;
    build_rows(l);
    g_ptr_array_unref(before);
}

void steer_list_rebuild(SteerList *l) { take_over(l, conditions_copy(l->conditions)); }

void steer_list_remove(SteerList *l, const Condition *condition) {
    GPtrArray *left = conditions_copy(l->conditions);
    guint at = 0;
    while (conditions_at(l->conditions, at) != condition) at++;
    g_ptr_array_remove_index(left, at);
    take_over(l, left);
    steer_list_tell(l);
}

gint32 steer_list_image(const SteerList *l) { return l->image; }
GtkWidget *steer_list_button(const SteerList *l) { return l->add; }
const gchar *steer_list_reason(const SteerList *l, guint32 kind) { return l->reasons[kind]; }
const gchar *steer_list_note(const SteerList *l, guint32 kind) { return l->notes[kind]; }
const GArray *steer_list_sources(const SteerList *l) { return l->sources; }
gboolean steer_list_showing(const SteerList *l) { return l->showing; }
void steer_list_fail(SteerList *l, const gchar *sentence) { l->changed(sentence, l->data); }

gboolean steer_list_full(SteerList *l) {
    gboolean full = l->conditions->len >= CONDITIONS_MOST;
    if (full) steer_list_fail(l, "32 things steer this image, and there can be no more.");
    return full;
}

static void show_added(SteerList *l) {
    build_rows(l);
    fold_open(l->head, TRUE);
    steer_list_tell(l);
}

void steer_list_add_group(SteerList *l, gint32 group) {
    if (steer_list_full(l)) return;
    Condition *c = conditions_add(l->conditions, SCUMBLE_CONDITION_REGION, "", NULL);
    c->group = TRUE;
    source_choose(c, group);
    show_added(l);
}

void steer_list_add(SteerList *l, guint32 kind, const gchar *id, const gchar *path, gint32 layer) {
    if (steer_list_full(l)) return;
    Condition *c = conditions_add(l->conditions, kind, id, path);
    if (layer <= 0) layer = active_layer(l->image);
    if (condition_has_layer(c) && layer > 0 && !mark_is_own(layer)) source_choose(c, layer);
    if (kind == SCUMBLE_CONDITION_REGION) condition_text(&c->prompt, c->name);
    if (condition_has_file(c) && kind == SCUMBLE_CONDITION_CONTROL) {
        gchar *name = known_name(id);
        c->prepare = preparation_usual(name);
        g_free(name);
    }
    show_added(l);
}

void steer_list_add_linked(SteerList *l, const gchar *path) {
    if (steer_list_full(l)) return;
    gchar *id = known_remember(KNOWN_PICTURES, path);
    condition_link(conditions_add(l->conditions, SCUMBLE_CONDITION_REFERENCE, "", NULL), id, path);
    g_free(id);
    show_added(l);
}

static void linked(const gchar *path, gpointer data) {
    SteerList *l = data;
    for (guint i = 0; i < l->conditions->len; i++) {
        Condition *c = conditions_at(l->conditions, i);
        if (c->number != l->linking) continue;
        gchar *id = known_remember(KNOWN_PICTURES, path);
        condition_link(c, id, path);
        g_free(id);
        steer_list_rebuild(l);
        steer_list_tell(l);
        return;
    }
}

void steer_list_link(SteerList *l, const Condition *condition) {
    l->linking = condition->number;
    steer_menu_choose_picture(l, linked);
}

static void add_clicked(GtkButton *button, SteerList *l) { steer_menu_show(l, GTK_WIDGET(button)); }

SteerList *steer_list_new(GtkBox *box, gint32 image, void (*changed)(const gchar *, gpointer), gpointer data) {
    SteerList *l = g_new0(SteerList, 1);
    l->image = image;
    l->changed = changed;
    l->data = data;
    l->conditions = conditions_new();
    l->rows = g_ptr_array_new_with_free_func(steer_row_free);
    GtkWidget *scroll = gtk_scrolled_window_new(NULL, NULL);
    l->line = box_new(GTK_ORIENTATION_HORIZONTAL, GAP);
    gtk_scrolled_window_set_policy(GTK_SCROLLED_WINDOW(scroll), GTK_POLICY_NEVER, GTK_POLICY_AUTOMATIC);
    gtk_widget_set_size_request(scroll, -1, HEIGHT);
    l->column = box_new(GTK_ORIENTATION_VERTICAL, 0);
    scroll_add(scroll, l->column);
    l->head = fold_new(LABEL, "ControlNets, regions, references and LoRAs that the picture follows besides paint and words", scroll);
    l->add = gtk_button_new_with_mnemonic("Add\xe2\x80\xa6");
    gtk_widget_set_tooltip_text(l->add, "A ControlNet, region or reference, which follows a layer, or a LoRA; their files may be dropped on this window, too");
    g_signal_connect(l->add, "clicked", G_CALLBACK(add_clicked), l);
    gtk_box_pack_start(GTK_BOX(l->line), l->head, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(l->line), l->add, FALSE, FALSE, 0);
    l->box = box_new(GTK_ORIENTATION_VERTICAL, GAP);
    gtk_box_pack_start(GTK_BOX(l->box), l->line, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(l->box), scroll, FALSE, FALSE, 0);
    gtk_box_pack_start(box, l->box, FALSE, FALSE, GAP);
    gtk_widget_show_all(l->box);
    steer_menu_take_drops(l, gtk_widget_get_toplevel(l->box));
    return l;
}

void steer_list_free(SteerList *l) {
    if (!l) return;
    steer_list_know(l, NULL, NULL);
    if (l->sources) g_array_unref(l->sources);
    g_ptr_array_unref(l->rows);
    g_ptr_array_unref(l->conditions);
    g_free(l);
}

void steer_list_show(SteerList *l, const GPtrArray *conditions) {
    take_over(l, conditions_copy(conditions));
    if (l->conditions->len) fold_open(l->head, TRUE);
}

const GPtrArray *steer_list_conditions(const SteerList *l) { return l->conditions; }

void steer_list_know(SteerList *l, gchar *const reasons[RENDERER_KINDS], gchar *const notes[RENDERER_KINDS]) {
    for (guint i = 0; i < RENDERER_KINDS; i++) {
        g_free(l->reasons[i]);
        g_free(l->notes[i]);
        l->reasons[i] = reasons ? g_strdup(reasons[i]) : NULL;
        l->notes[i] = notes ? g_strdup(notes[i]) : NULL;
    }
    for (guint i = 0; i < l->rows->len && reasons; i++) steer_row_grey(g_ptr_array_index(l->rows, i));
}

void steer_list_hear(SteerList *l, gchar *const why[CONDITIONS_MOST]) {
    for (guint i = 0; i < l->rows->len; i++) steer_row_hear(g_ptr_array_index(l->rows, i), why);
}

void steer_list_look(SteerList *l) {
    if (!l->conditions->len) return; /* an image may have very many layers */
    l->showing = TRUE;
    sources_find(l->image, l->conditions);
    take_sources(l);
    for (guint i = 0; i < l->rows->len; i++) steer_row_look(g_ptr_array_index(l->rows, i));
    l->showing = FALSE;
}

void steer_list_share(SteerList *l, GtkWidget *head, GtkWidget *body) {
    gtk_box_pack_end(GTK_BOX(l->line), head, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(l->box), body, FALSE, FALSE, 0);
    gtk_widget_show(head);
    fold_pair(l->head, head);
}

void steer_list_set_sensitive(SteerList *l, gboolean sensitive) {
    gtk_widget_set_sensitive(l->column, sensitive);
    gtk_widget_set_sensitive(l->add, sensitive);
}
