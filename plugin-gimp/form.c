/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "form.h"

#include "chooser.h"
#include "device_row.h"
#include "prompt_box.h"

#define GAP 6
#define BETWEEN 3 /* lines: with all of them the dialog fits a screen of 768, with GIMP 3's theme, too */
/* Where the sliders end; scripts may go on to what the engine takes. */
#define STEPS_SHOWN 50
#define GUIDANCE_SHOWN 20.0
#define PAINT_GUIDANCE_SHOWN 10.0

/* A number with a slider and a box, or with the box alone. */
typedef struct {
    GtkAdjustment *adjustment;
    GtkWidget *box;
    gboolean known; /* what the model's own value is */
    gboolean own; /* the model's own value, until the artist moves it */
} Number;

struct Form {
    GtkWidget *box, *prompt, *negative, *samplers, *models;
    GtkWidget *keeps; /* the line of paint_guidance: only for models that have one */
    GtkWidget *share, *note; /* ... why the model runs where it does, and why it is not shared */
    DeviceRow *device;
    GtkSizeGroup *labels;
    Number strength, steps, guidance, seed, paint_guidance;
    GPtrArray *names;   /* of the entries of `samplers`; the first is "" */
    GPtrArray *folders; /* of the entries of `models`; the first is "" */
    gint model;         /* the entry chosen */
    gboolean showing;   /* the controls are being set by us */
    void (*changed)(gboolean, gpointer), (*get)(gpointer), (*drawn)(gpointer);
    gpointer data;
};

static void tell(Form *f, gboolean other_model) {
    if (!f->showing) f->changed(other_model, f->data);
}

static GtkWidget *row(Form *f, const gchar *text, GtkWidget *named) {
    GtkWidget *line = box_new(GTK_ORIENTATION_HORIZONTAL, GAP), *label = gtk_label_new_with_mnemonic(text);
    align_left(label);
    gtk_size_group_add_widget(f->labels, label);
    gtk_label_set_mnemonic_widget(GTK_LABEL(label), named);
    gtk_box_pack_start(GTK_BOX(line), label, FALSE, FALSE, 0);
    gtk_box_pack_start(GTK_BOX(f->box), line, FALSE, FALSE, 0);
    return line;
}

/* Another label in a line. */
static void join(GtkWidget *line, const gchar *text, GtkWidget *named) {
    GtkWidget *label = gtk_label_new_with_mnemonic(text);
    gtk_label_set_mnemonic_widget(GTK_LABEL(label), named);
    gtk_box_pack_start(GTK_BOX(line), label, FALSE, FALSE, 0);
}

static void text_changed(GtkEditable *entry, Form *f) {
    (void)entry;
    tell(f, FALSE);
}

static GtkWidget *add_text(Form *f, const gchar *label, const gchar *tip) {
    GtkWidget *entry = gtk_entry_new();
    gtk_entry_set_activates_default(GTK_ENTRY(entry), TRUE);
    gtk_entry_set_width_chars(GTK_ENTRY(entry), 28);
    gtk_widget_set_tooltip_text(entry, tip);
    gtk_box_pack_start(GTK_BOX(row(f, label, entry)), entry, TRUE, TRUE, 0);
    g_signal_connect(entry, "changed", G_CALLBACK(text_changed), f);
    return entry;
}

static void number_changed(GtkAdjustment *adjustment, Form *f) {
    Number *numbers[] = {&f->strength, &f->steps, &f->guidance, &f->seed, &f->paint_guidance};
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (numbers[i]->adjustment == adjustment && !f->showing) numbers[i]->own = FALSE;
    tell(f, FALSE);
}

/* As long as no model has told its own value none is shown. */
static gboolean number_shown(GtkSpinButton *box, Number *n) {
    if (!n->own || n->known) return FALSE;
    gtk_entry_set_text(GTK_ENTRY(box), "");
    return TRUE;
}

/* Left blank it stays blank: nobody has given a number. */
static gint number_typed(GtkSpinButton *box, gdouble *value, Number *n) {
    if (!n->own || n->known || *gtk_entry_get_text(GTK_ENTRY(box))) return FALSE;
    *value = gtk_adjustment_get_value(n->adjustment);
    return TRUE;
}

static void know(Number *n, gboolean known, gdouble value) {
    gtk_spin_button_update(GTK_SPIN_BUTTON(n->box)); /* first: a box that is blank must not be read as 0 */
    n->known = known;
    if (n->own && known) gtk_adjustment_set_value(n->adjustment, value);
    if (!n->own) return;
    g_signal_emit_by_name(n->adjustment, "value-changed"); /* shows it, also if it is the same */
}

/* In a line of its own, or at the end of one. */
static GtkWidget *add_number(Form *f, Number *n, GtkWidget *line, const gchar *label, gdouble least, gdouble most, gboolean slide,
                             gdouble step, guint digits, const gchar *tip) {
    n->adjustment = GTK_ADJUSTMENT(gtk_adjustment_new(least, least, most, step, step * 10.0, 0.0));
    GtkWidget *box = gtk_spin_button_new(n->adjustment, step, digits);
    if (line) join(line, label, box);
    else line = row(f, label, box);
    gtk_entry_set_activates_default(GTK_ENTRY(box), TRUE);
    gtk_widget_set_tooltip_text(box, tip);
    n->box = box;
    g_signal_connect(box, "output", G_CALLBACK(number_shown), n);
    g_signal_connect(box, "input", G_CALLBACK(number_typed), n);
    if (slide) {
        GtkWidget *slider = slider_new(n->adjustment);
        gtk_scale_set_draw_value(GTK_SCALE(slider), FALSE);
        gtk_range_set_round_digits(GTK_RANGE(slider), (gint)digits); /* without a value it would not: the box shows what is rendered */
        gtk_widget_set_size_request(slider, 40, -1);
        gtk_widget_set_tooltip_text(slider, tip);
        gtk_box_pack_start(GTK_BOX(line), slider, TRUE, TRUE, 0);
    }
    gtk_box_pack_start(GTK_BOX(line), box, FALSE, FALSE, 0);
    g_signal_connect(n->adjustment, "value-changed", G_CALLBACK(number_changed), f);
    return line;
}

static void dice(GtkButton *button, Form *f) {
    (void)button;
    if (f->drawn) f->drawn(f->data);
    gtk_adjustment_set_value(f->seed.adjustment, g_random_int_range(0, SEED_MOST));
}

/* Lists these samplers, behind the model's own. */
static void list_samplers(Form *f, gchar **names) {
    gtk_list_store_clear(GTK_LIST_STORE(gtk_combo_box_get_model(GTK_COMBO_BOX(f->samplers))));
    g_ptr_array_set_size(f->names, 0);
    g_ptr_array_add(f->names, g_strdup(""));
    gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(f->samplers), "The model's own");
    for (; names && *names; names++) {
        g_ptr_array_add(f->names, g_strdup(*names));
        gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(f->samplers), *names);
    }
}

/* One that is not in the list is put there: what a model can take is known when it is loaded. */
static void choose_sampler(Form *f, const gchar *name) {
    guint entry = 0;
    while (entry < f->names->len && strcmp(g_ptr_array_index(f->names, entry), name)) entry++;
    if (entry == f->names->len) {
        g_ptr_array_add(f->names, g_strdup(name));
        gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(f->samplers), name);
    }
    gtk_combo_box_set_active(GTK_COMBO_BOX(f->samplers), (gint)entry);
}

static const gchar *chosen_sampler(const Form *f) {
    gint entry = gtk_combo_box_get_active(GTK_COMBO_BOX(f->samplers));
    return entry < 0 ? "" : g_ptr_array_index(f->names, (guint)entry);
}

static void sampler_changed(GtkComboBox *samplers, Form *f) {
    (void)samplers;
    tell(f, FALSE);
}

static void add_samplers(Form *f, GtkWidget *line) {
    f->samplers = gtk_combo_box_text_new();
    narrow_box(f->samplers, 9);
    f->names = g_ptr_array_new_with_free_func(g_free);
    list_samplers(f, NULL);
    gtk_widget_set_tooltip_text(f->samplers, "How noise becomes a picture; a model's own is what it was made for");
    join(line, "Sampl_er:", f->samplers);
    gtk_box_pack_start(GTK_BOX(line), f->samplers, TRUE, TRUE, 0);
    g_signal_connect(f->samplers, "changed", G_CALLBACK(sampler_changed), f);
}

/* The entry of a folder in the list of models, which is added if it is not there yet. */
static gint model_entry(Form *f, const gchar *folder) {
    for (guint i = 0; i < f->folders->len; i++)
        if (!strcmp(g_ptr_array_index(f->folders, i), folder)) return (gint)i;
    gchar *name = g_filename_display_basename(folder);
    gtk_combo_box_text_insert_text(GTK_COMBO_BOX_TEXT(f->models), (gint)f->folders->len, name);
    g_ptr_array_add(f->folders, g_strdup(folder));
    g_free(name);
    return (gint)f->folders->len - 1;
}

static void show_model(Form *f) {
    gboolean was = f->showing;
    f->showing = TRUE;
    gtk_combo_box_set_active(GTK_COMBO_BOX(f->models), f->model);
    f->showing = was;
}

static void folder_chosen(const gchar *folder, gpointer data) { form_choose_model(data, folder); }

static void choose_folder(Form *f) {
    /* Models lie side by side: begin where the last one is. */
    const gchar *last = g_ptr_array_index(f->folders, f->folders->len - 1);
    gchar *beside = *last ? g_path_get_dirname(last) : NULL;
    chooser_show(f->box, &(ChooserAsk){"Choose the Folder of a Model", GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, beside, NULL, NULL, NULL}, folder_chosen, f);
    g_free(beside);
}

static void model_changed(GtkComboBox *models, Form *f) {
    gint before = f->model, entry = gtk_combo_box_get_active(models);
    if (f->showing || entry < 0) return;
    if (entry < (gint)f->folders->len) f->model = entry;
    else choose_folder(f); /* the last entry */
    show_model(f);
    if (f->model != before) tell(f, TRUE);
}

static void device_changed(gpointer form) { tell(form, TRUE); }

static void add_device(Form *f) {
    f->device = device_row_new(device_changed, f);
    device_row_in(f->device, row(f, "Runs on:", device_row_list(f->device)));
}

static void share_toggled(GtkToggleButton *share, Form *f) {
    (void)share;
    tell(f, TRUE);
}

static void add_share(Form *f) {
    f->share = gtk_check_button_new_with_label("Share the model between programs");
    gtk_widget_set_tooltip_text(f->share, "GIMP, Krita and others where this is ticked load a model once for all, and render by turns");
    gtk_box_pack_start(GTK_BOX(f->box), f->share, FALSE, FALSE, 0);
    g_signal_connect(f->share, "toggled", G_CALLBACK(share_toggled), f);
    f->note = gtk_label_new(NULL);
    align_left(f->note);
    gtk_label_set_line_wrap(GTK_LABEL(f->note), TRUE);
    gtk_label_set_width_chars(GTK_LABEL(f->note), 40);
    gtk_box_pack_start(GTK_BOX(f->box), f->note, FALSE, FALSE, 0);
    gtk_widget_set_no_show_all(f->note, TRUE);
}

/* Only where the artist wants to share it: the window has little room. */
static void show_note(Form *f, const gchar *note) {
    gboolean shared = gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(f->share));
    gtk_label_set_text(GTK_LABEL(f->note), note ? note : "");
    gtk_widget_set_visible(f->note, shared && note && *note);
}

static void get_clicked(GtkButton *button, Form *f) {
    (void)button;
    if (f->get) f->get(f->data);
}

static void add_models(Form *f) {
    f->models = gtk_combo_box_text_new();
    f->folders = g_ptr_array_new_with_free_func(g_free);
    gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(f->models), "The model that comes with Scumble");
    gtk_combo_box_text_append_text(GTK_COMBO_BOX_TEXT(f->models), "Choose a folder\xe2\x80\xa6");
    g_ptr_array_add(f->folders, g_strdup(""));
    GtkWidget *line = row(f, "_Model:", f->models), *get = gtk_button_new_with_mnemonic("Get\xe2\x80\xa6");
    gtk_widget_set_tooltip_text(get, "Gets a model, or ONNX Runtime, which runs them");
    gtk_box_pack_start(GTK_BOX(line), f->models, TRUE, TRUE, 0);
    gtk_box_pack_start(GTK_BOX(line), get, FALSE, FALSE, 0);
    g_signal_connect(get, "clicked", G_CALLBACK(get_clicked), f);
    g_signal_connect(f->models, "changed", G_CALLBACK(model_changed), f);
}

Form *form_new(GtkBox *box, const Settings *settings, void (*changed)(gboolean, gpointer), gpointer data) {
    Form *f = g_new0(Form, 1);
    f->changed = changed;
    f->data = data;
    f->showing = TRUE;
    f->labels = gtk_size_group_new(GTK_SIZE_GROUP_HORIZONTAL);
    f->box = box_new(GTK_ORIENTATION_VERTICAL, BETWEEN);
    gtk_box_pack_start(box, f->box, FALSE, FALSE, 0);
    f->prompt = add_text(f, "_Prompt:", "What the picture shows. Alt+Up brings back what you wrote before, and so does the menu");
    prompt_box_on(f->prompt);
    f->negative = add_text(f, "_Negative:", "What the picture must not show; works while guidance is above 1");
    add_number(f, &f->strength, NULL, "_Strength:", 0.0, 1.0, TRUE, 0.01, 2, "0 = the paint itself, 1 = the paint says nothing");
    GtkWidget *steps = add_number(f, &f->steps, NULL, "S_teps:", 1.0, STEPS_SHOWN, TRUE, 1.0, 0, "More steps take longer");
    add_number(f, &f->guidance, steps, "_Guidance:", 0.0, GUIDANCE_SHOWN, FALSE, 0.1, 1,
               "How strictly the prompt is followed; up to 1 it costs nothing");
    GtkWidget *seed = add_number(f, &f->seed, NULL, "See_d:", 0.0, SEED_MOST, FALSE, 1.0, 0, "Another number, another picture");
    gtk_entry_set_width_chars(GTK_ENTRY(f->seed.box), 8);
    GtkWidget *button = gtk_button_new_with_mnemonic("Ne_w");
    gtk_widget_set_tooltip_text(button, "Draws a random number: another picture");
    gtk_box_pack_start(GTK_BOX(seed), button, FALSE, FALSE, 0);
    g_signal_connect(button, "clicked", G_CALLBACK(dice), f);
    add_samplers(f, seed);
    f->keeps = add_number(f, &f->paint_guidance, NULL, "_Keep to paint:", 1.0, PAINT_GUIDANCE_SHOWN, TRUE, 0.1, 1,
                          "How closely this model keeps to the paint that it is told to change");
    for (GList *one = gtk_container_get_children(GTK_CONTAINER(f->keeps)), *next; one; one = next) {
        gtk_widget_show(one->data);
        next = g_list_delete_link(one, one);
    }
    gtk_widget_set_no_show_all(f->keeps, TRUE);
    add_models(f);
    add_device(f);
    add_share(f);
    form_show(f, settings);
    return f;
}

void form_on_get(Form *f, void (*get)(gpointer)) { f->get = get; }

void form_on_new_seed(Form *f, void (*drawn)(gpointer)) { f->drawn = drawn; }

void form_choose_model(Form *f, const gchar *folder) {
    gint before = f->model;
    f->model = model_entry(f, folder);
    show_model(f);
    tell(f, f->model != before); /* the same may lie there anew, and be tried again where it failed */
}

void form_choose_device(Form *f, const gchar *device) {
    device_row_look(f->device);
    device_row_show(f->device, device);
    tell(f, TRUE);
}

void form_free(Form *f) {
    if (!f) return;
    f->showing = TRUE;
    device_row_free(f->device);
    g_ptr_array_unref(f->names);
    g_ptr_array_unref(f->folders);
    g_object_unref(f->labels);
    g_free(f);
}

/* As its box shows it: what is typed there may lie between two. */
static gint whole_of(const Number *n) { return (gint)(gtk_adjustment_get_value(n->adjustment) + 0.5); }

void form_read(const Form *f, Settings *s) {
    settings_text(&s->prompt, gtk_entry_get_text(GTK_ENTRY(f->prompt)));
    settings_text(&s->negative, gtk_entry_get_text(GTK_ENTRY(f->negative)));
    settings_text(&s->sampler, chosen_sampler(f));
    settings_text(&s->model, g_ptr_array_index(f->folders, f->model));
    settings_text(&s->device, device_row_chosen(f->device));
    s->strength = f->strength.own ? -1.0 : gtk_adjustment_get_value(f->strength.adjustment);
    s->guidance = f->guidance.own ? -1.0 : gtk_adjustment_get_value(f->guidance.adjustment);
    s->paint_guidance = f->paint_guidance.own ? 0.0 : gtk_adjustment_get_value(f->paint_guidance.adjustment);
    s->steps = f->steps.own ? 0 : whole_of(&f->steps);
    s->seed = whole_of(&f->seed);
    s->share = gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(f->share));
}

void form_show(Form *f, const Settings *s) {
    f->showing = TRUE;
    gtk_entry_set_text(GTK_ENTRY(f->prompt), s->prompt);
    gtk_entry_set_text(GTK_ENTRY(f->negative), s->negative);
    f->strength.own = s->strength < 0.0;
    f->guidance.own = s->guidance < 0.0;
    f->steps.own = s->steps == 0;
    f->paint_guidance.own = s->paint_guidance == 0.0;
    if (!f->paint_guidance.own) gtk_adjustment_set_value(f->paint_guidance.adjustment, s->paint_guidance);
    if (!f->strength.own) gtk_adjustment_set_value(f->strength.adjustment, s->strength);
    if (!f->guidance.own) gtk_adjustment_set_value(f->guidance.adjustment, s->guidance);
    if (!f->steps.own) gtk_adjustment_set_value(f->steps.adjustment, s->steps);
    gtk_adjustment_set_value(f->seed.adjustment, s->seed);
    choose_sampler(f, s->sampler);
    gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(f->share), s->share);
    device_row_show(f->device, s->device);
    f->model = model_entry(f, s->model);
    gtk_combo_box_set_active(GTK_COMBO_BOX(f->models), f->model);
    f->showing = FALSE;
}

void form_know_model(Form *f, const ScumbleEngineInfo *info, gchar **samplers) {
    gchar *chosen = g_strdup(chosen_sampler(f));
    gboolean fits = !samplers || !*chosen || g_strv_contains((const gchar *const *)samplers, chosen);
    f->showing = TRUE;
    if (!info) device_row_look(f->device); /* a build of ONNX Runtime may have come or gone */
    list_samplers(f, samplers);
    choose_sampler(f, fits ? chosen : "");
    g_free(chosen);
    know(&f->strength, info != NULL, info ? info->default_strength : 0.0);
    know(&f->guidance, info != NULL, info ? info->default_guidance : 0.0);
    know(&f->steps, info != NULL, info ? info->default_steps : 0.0);
    gboolean keeps = info != NULL && info->default_paint_guidance > 0.0f;
    know(&f->paint_guidance, keeps, keeps ? info->default_paint_guidance : 1.0);
    gtk_widget_set_visible(f->keeps, keeps);
    show_note(f, info ? info->device_note : NULL);
    f->showing = FALSE;
    if (!fits) tell(f, FALSE);
}

void form_beside_prompt(Form *f, GtkWidget *widget) {
    gtk_box_pack_start(GTK_BOX(gtk_widget_get_parent(f->prompt)), widget, FALSE, FALSE, 0);
}

void form_focus(Form *f) { gtk_widget_grab_focus(f->prompt); }

void form_set_sensitive(Form *f, gboolean sensitive) { gtk_widget_set_sensitive(f->box, sensitive); }
