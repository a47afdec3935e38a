/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "dialog_state.h"

#include <string.h>

#include "kept.h"
#include "mark.h"
#include "sources.h"
#include "styles.h"

void dialog_steer(Dialog *d, Look look) {
    if (d->live) {
        live_look(d->live);
        return;
    }
    GeglRectangle canvas;
    if (!d->renderer || !gimp_item_is_valid(d->layer)) return;
    gimp_drawable_offsets(d->layer, &canvas.x, &canvas.y);
    canvas.width = gimp_drawable_width(d->layer);
    canvas.height = gimp_drawable_height(d->layer);
    steering_follow(d->steering, d->renderer, &canvas, look == LOOK_IN_TURN ? LOOK_AT_EACH : look); /* nobody looks again soon */
}

static void keep(Dialog *d, const GPtrArray *conditions) {
    kept_save(d->image, conditions);
    g_free(d->kept);
    d->kept = kept_text(d->image);
}

/* Takes over what the image has kept. FALSE if some of it is damaged. */
static gboolean take_over(Dialog *d) {
    gboolean good;
    g_free(d->kept);
    d->kept = kept_text(d->image);
    steering_set(d->steering, kept_load(d->image, &good));
    steer_list_show(d->list, steering_conditions(d->steering));
    return good;
}

/* TRUE if another dialog of this image has set what steers it since this one looked. */
static gboolean is_anothers(const Dialog *d) {
    gchar *now = kept_text(d->image);
    gboolean differs = g_strcmp0(now, d->kept) != 0;
    g_free(now);
    return differs;
}

static void steer_changed(const gchar *wrong, gpointer data) {
    Dialog *d = data;
    if (d->left) return; /* the window goes, and its numbers with it */
    if (!wrong && is_anothers(d)) { /* a chooser of ours was open meanwhile */
        wrong = "Another window of this image has changed what steers it meanwhile, and this list shows that now: change it once more.";
        take_over(d);
        dialog_steer(d, LOOK_IN_TURN);
    }
    dialog_tell(d, wrong);
    if (!wrong) {
        steering_set(d->steering, conditions_copy(steer_list_conditions(d->list)));
        keep(d, steering_conditions(d->steering));
        if (!dialog_engine_failed(d)) dialog_forget_error(d);
        dialog_steer(d, LOOK_IN_TURN);
        dialog_set_sensitive(d);
    }
    dialog_say(d);
    dialog_tick_in(d, DIALOG_QUICK);
}

void dialog_show_settings(Dialog *d, const gchar *model) {
    form_show(d->form, d->settings);
    steer_list_show(d->list, steering_conditions(d->steering));
    style_menu_show(d->styles, d->settings->style, d->settings->words);
    keep(d, steering_conditions(d->steering));
    d->knows_model = FALSE; /* what stands at the model's own is shown anew */
    dialog_settings_changed(strcmp(model, d->settings->model) != 0, d);
    dialog_steer(d, LOOK_IN_TURN);
}

/* That it has another name now, and what it could not be given. */
static void tell_of_style(Dialog *d, const Style *style, const GError *missing) {
    gchar *named = style && style->before ? g_strdup_printf("There is a style \xe2\x80\x9c%s\xe2\x80\x9d already, so this one is kept as \xe2\x80\x9c%s\xe2\x80\x9d.",
                                                            style->before, style->name) : NULL;
    gchar *all = named && missing ? g_strconcat(named, " ", missing->message, NULL) : NULL;
    if (named || missing) dialog_tell(d, all ? all : named ? named : missing->message);
    g_free(all);
    g_free(named);
}

static void style_chosen(const Style *style, gpointer data) {
    Dialog *d = data;
    GError *missing = NULL;
    if (is_anothers(d)) take_over(d);
    dialog_note(d);
    gchar *model = g_strdup(d->settings->model);
    GPtrArray *conditions = style_apply(style, d->settings, steering_conditions(d->steering), &missing);
    gint32 layer = active_layer(d->image);
    for (guint i = 0; i < conditions->len; i++) {
        Condition *c = conditions_at(conditions, i);
        if (c->kind == SCUMBLE_CONDITION_CONTROL && c->layer <= 0 && !*c->name && layer > 0 && !mark_is_own(layer)) source_choose(c, layer);
    }
    steering_set(d->steering, conditions);
    dialog_show_settings(d, model);
    tell_of_style(d, style, missing);
    g_clear_error(&missing);
    g_free(model);
    dialog_say(d);
}

static void style_failed(const gchar *sentence, gpointer data) {
    dialog_tell(data, sentence);
    dialog_say(data);
}

static Style *style_made(const gchar *name, const gchar *words, GError **error, gpointer data) {
    Dialog *d = data;
    form_read(d->form, d->settings);
    return style_of(name, words, d->settings, steering_conditions(d->steering), error);
}

void dialog_build_steering(Dialog *d) {
    d->styles = style_menu_new((StyleCalls){style_chosen, style_failed, style_made}, d);
    form_beside_prompt(d->form, style_menu_button(d->styles));
    style_menu_show(d->styles, d->settings->style, d->settings->words);
    d->list = steer_list_new(d->view.form, d->image, steer_changed, d);
    if (!take_over(d)) dialog_tell(d, "What this image has kept of what steers it is damaged; what could be read is listed under Steer by.");
}

void dialog_keep_steering(Dialog *d) {
    if (gimp_image_is_valid(d->image) && !is_anothers(d)) {
        steer_list_look(d->list); /* layers may have other names now */
        keep(d, steer_list_conditions(d->list));
    }
    g_clear_pointer(&d->kept, g_free);
}

void dialog_look_at_steering(Dialog *d) {
    if (!is_anothers(d)) {
        steer_list_look(d->list);
        return;
    }
    take_over(d);
    dialog_steer(d, LOOK_IN_TURN);
}
