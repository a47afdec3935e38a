/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "step_part.h"

#define GAP 4
#define PERCENT 100.0
#define TIP "In which part of the steps it steers: early ones lay out the picture, late ones make detail"

typedef struct {
    Condition *condition;
    GtkWidget *start, *end;
    gboolean showing; /* the numbers are being set by us */
    void (*changed)(gpointer);
    gpointer data;
} StepPart;

static void show(StepPart *p) {
    p->showing = TRUE;
    gtk_spin_button_set_value(GTK_SPIN_BUTTON(p->start), p->condition->start * PERCENT);
    gtk_spin_button_set_value(GTK_SPIN_BUTTON(p->end), p->condition->end * PERCENT);
    p->showing = FALSE;
}

/* Where one passes the other, it takes it along. What an image has between two percent stays until that number is changed. */
static void value_changed(GtkSpinButton *box, StepPart *p) {
    Condition *c = p->condition;
    gdouble value = gtk_spin_button_get_value(box) / PERCENT;
    if (p->showing) return;
    if (GTK_WIDGET(box) == p->start) {
        c->start = value;
        c->end = MAX(c->end, value);
    } else {
        c->end = value;
        c->start = MIN(c->start, value);
    }
    show(p);
    p->changed(p->data);
}

static GtkWidget *number_of(GtkWidget *line) {
    GtkWidget *box = gtk_spin_button_new_with_range(0.0, PERCENT, 5.0);
    gtk_entry_set_width_chars(GTK_ENTRY(box), 4);
    gtk_widget_set_tooltip_text(box, TIP);
    gtk_box_pack_start(GTK_BOX(line), box, FALSE, FALSE, 0);
    return box;
}

static void toggled(GtkToggleButton *button, GtkWidget *line) { gtk_widget_set_visible(line, gtk_toggle_button_get_active(button)); }

GtkWidget *step_part_new(Condition *condition, GtkWidget **line, void (*changed)(gpointer), gpointer data) {
    StepPart *p = g_new0(StepPart, 1);
    GtkWidget *button = gtk_toggle_button_new_with_label("\xe2\x8b\xaf");
    p->condition = condition;
    p->changed = changed;
    p->data = data;
    *line = box_new(GTK_ORIENTATION_HORIZONTAL, GAP);
    gtk_box_pack_start(GTK_BOX(*line), gtk_label_new("Steps from"), FALSE, FALSE, 0);
    p->start = number_of(*line);
    gtk_box_pack_start(GTK_BOX(*line), gtk_label_new("to"), FALSE, FALSE, 0);
    p->end = number_of(*line);
    gtk_box_pack_start(GTK_BOX(*line), gtk_label_new("%"), FALSE, FALSE, 0);
    show(p);
    g_signal_connect(p->start, "value-changed", G_CALLBACK(value_changed), p);
    g_signal_connect(p->end, "value-changed", G_CALLBACK(value_changed), p);
    gtk_widget_set_tooltip_text(button, "The part of the steps in which it steers");
    gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(button), condition->start > 0.0 || condition->end < 1.0);
    gtk_widget_show_all(*line);
    gtk_widget_set_no_show_all(*line, TRUE);
    toggled(GTK_TOGGLE_BUTTON(button), *line);
    g_signal_connect(button, "toggled", G_CALLBACK(toggled), *line);
    g_object_set_data_full(G_OBJECT(button), "scumble-step-part", p, g_free);
    return button;
}
