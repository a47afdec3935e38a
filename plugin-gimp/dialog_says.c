/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "dialog_state.h"

#include "canvas.h"

void dialog_say_error(Dialog *d, GError *error) {
    if (!error) return;
    g_free(d->error);
    d->error = g_strdup(error->message);
    g_error_free(error);
}

void dialog_forget_error(Dialog *d) { g_clear_pointer(&d->error, g_free); }

void dialog_tell(Dialog *d, const gchar *sentence) {
    g_free(d->told);
    d->told = g_strdup(sentence);
    d->told_at = g_get_monotonic_time();
}

gboolean dialog_engine_failed(const Dialog *d) {
    ScumbleEngineInfo info;
    if (!d->renderer || d->renderer->dead) return TRUE;
    renderer_info(d->renderer, &info);
    return info.state == SCUMBLE_ENGINE_FAILED;
}

gboolean dialog_failed(const Dialog *d) { return dialog_engine_failed(d) || d->renderer->failed; }

void dialog_set_sensitive(Dialog *d) {
    gboolean rests = d->state == EDITING || d->state == LIVE;
    view_allow(&d->view, GTK_RESPONSE_OK, d->state == EDITING && !dialog_failed(d) && !d->nothing_selected);
    view_allow(&d->view, RESPONSE_RESET, rests);
    view_allow(&d->view, RESPONSE_APPLY, d->state == LIVE && d->renderer && d->renderer->picture.laid);
    view_allow(&d->view, RESPONSE_STORE, d->state == LIVE && d->renderer && d->renderer->picture.laid);
    gtk_widget_set_sensitive(d->view.live, rests);
    gtk_widget_set_sensitive(d->view.compare, d->state == LIVE);
    form_set_sensitive(d->form, rests);
    steer_list_set_sensitive(d->list, rests);
    history_strip_set_sensitive(d->strip, rests);
}

/* What is rendered, by what: what stands in the window when there is nothing else to say. */
static gchar *plain_sentence(const Dialog *d) {
    ScumbleEngineInfo info = {.model_name = "", .device = ""};
    gchar *name = d->live ? gimp_item_get_name(live_layer(d->live)) : gimp_item_get_name(d->layer);
    if (d->renderer) renderer_info(d->renderer, &info);
    gboolean known = info.model_name && *info.model_name;
    gchar *text = g_strdup_printf("%s \xe2\x80\x9c%s\xe2\x80\x9d%s%s%s%s.",
                                  d->live ? "Renders everything that is shown below the layer" : "Renders the layer", name ? name : "?",
                                  known ? " with " : "", known ? info.model_name : "", known ? " on " : "", known ? info.device : "");
    g_free(name);
    return text;
}

/* What is on and steers nothing all the same: told at its row; the first of them as a sentence, NULL: none. Free it. */
static gchar *silent_sentence(Dialog *d) {
    gchar *why[CONDITIONS_MOST], *found = steering_silent(d->steering, d->renderer, why);
    steer_list_hear(d->list, why);
    for (guint i = 0; i < CONDITIONS_MOST; i++) g_free(why[i]);
    return found;
}

static void show_sentence(Dialog *d) {
    gchar *plain = NULL, *silent = silent_sentence(d);
    const gchar *text = d->error ? d->error : NULL;
    gchar *faded = NULL;
    if (d->error && d->live && d->behind)
        text = faded = g_strdup_printf("%s (The live layer is half transparent: it does not follow the paint.)", d->error);
    else if (!text && d->live && d->live_state == LIVE_PAINTED_ON)
        text = "The live layer itself is chosen: what you paint on it is written over. Choose the layer below it in the Layers dialog.";
    else if (!text && d->live && gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(d->view.compare)))
        text = "The live layer is empty while you compare, and goes on following: press \xe2\x80\x9cPaint only\xe2\x80\x9d again to see it.";
    else if (!text && d->nothing_selected && !d->live)
        text = CANVAS_NOTHING_SELECTED;
    if (!text && d->renderer && *d->renderer->doing) text = d->renderer->doing;
    if (!text) text = steering_problem(d->steering);
    if (!text) text = d->told;
    if (!text) text = silent;
    if (!text && !d->nothing_selected && d->renderer && d->renderer->picture.laid && *d->renderer->note) text = d->renderer->note;
    if (!text) text = plain = plain_sentence(d);
    view_say(&d->view, text);
    g_free(plain);
    g_free(silent);
    g_free(faded);
}

static void show_progress(Dialog *d) {
    ScumbleEngineInfo info = {.state = SCUMBLE_ENGINE_FAILED};
    gchar *text = NULL;
    gdouble done = 0.0;
    if (d->renderer) renderer_info(d->renderer, &info);
    if (info.state == SCUMBLE_ENGINE_READY && !d->knows_model) {
        d->knows_model = TRUE;
        gchar **samplers = renderer_samplers(d->renderer);
        form_know_model(d->form, &info, samplers);
        g_strfreev(samplers);
        gchar *reasons[RENDERER_KINDS] = {NULL}, *notes[RENDERER_KINDS] = {NULL};
        renderer_conditions(d->renderer, reasons, notes);
        steer_list_know(d->list, reasons, notes);
        steering_block(d->steering, reasons);
        renderer_conditions_free(reasons, notes);
    }
    const Renderer *r = d->renderer;
    if (d->starter) {
        text = g_strdup("Reading the layer\xe2\x80\xa6");
    } else if (info.state == SCUMBLE_ENGINE_LOADING) {
        text = g_strdup("Loading the model\xe2\x80\xa6");
        done = info.progress;
    } else if (dialog_failed(d) || d->error) {
        text = g_strdup("No picture");
    } else if (d->live && d->live_state == LIVE_RESTS) {
        text = g_strdup("Resting: the live layer is hidden or locked");
    } else if (renderer_busy(r)) {
        gboolean some = r->picture.laid && r->info.revision >= r->asked && r->info.steps;
        text = some ? g_strdup_printf("Step %u of %u", r->info.step, r->info.steps) : g_strdup("Rendering\xe2\x80\xa6");
        done = some ? (gdouble)r->info.step / r->info.steps : 0.0;
    } else if (d->live && !live_settled(d->live, d->renderer)) {
        text = g_strdup("Showing\xe2\x80\xa6");
        done = 1.0;
    } else if (r->picture.laid) {
        text = g_strdup_printf("Up to date, rendered in %.2f s", (gdouble)r->info.since_start_us / 1e6);
        done = 1.0;
    }
    view_progress(&d->view, text, done);
    g_free(text);
}

void dialog_say(Dialog *d) {
    show_progress(d);
    show_sentence(d);
}
