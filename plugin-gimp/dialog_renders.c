/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "dialog_state.h"

#include <string.h>

#include "canvas.h"
#include "known.h"

#define READ 4.0   /* seconds that a sentence about what was done stands while pictures go on */
#define RESTED 700 /* milliseconds without a change, then a model that failed is tried anew */

gboolean dialog_layer_usable(const Dialog *d, GError **error) {
    if (gimp_item_is_valid(d->layer)) return canvas_usable(d->image, d->layer, error);
    g_set_error_literal(error, SCUMBLE_DOMAIN, 0, "The layer that was rendered is gone. Close this window and choose another one, or undo what took it away.");
    return FALSE;
}

gboolean dialog_read_layer(Dialog *d) {
    GError *error = NULL;
    if (!d->renderer) return FALSE;
    Paint *paint = dialog_layer_usable(d, &error) ? canvas_read_layer(d->image, d->layer) : NULL;
    if (!paint) {
        if (!error)
            g_set_error_literal(&error, SCUMBLE_DOMAIN, 0, "The layer could not be read: it is gone, or memory ran out. Close this window and choose another one.");
        dialog_say_error(d, error);
        return FALSE;
    }
    d->nothing_selected = paint->selected == SELECTED_NONE;
    gboolean good = !d->nothing_selected && renderer_push(d->renderer, paint, &error);
    if (good) dialog_steer(d, LOOK_WHOLE);
    dialog_say_error(d, error);
    preview_set_paint(d->view.preview, paint);
    preview_set_picture(d->view.preview, d->nothing_selected ? NULL : d->renderer);
    paint_free(paint);
    return good;
}

void dialog_start_renderer(Dialog *d) {
    GError *error = NULL;
    dialog_start_no_more(d);
    preview_set_picture(d->view.preview, NULL);
    if (d->live) live_restart(d->live, d->renderer);
    renderer_free(d->renderer);
    d->knows_model = d->unnoted = FALSE;
    form_know_model(d->form, NULL, NULL);
    steer_list_know(d->list, NULL, NULL);
    steering_block(d->steering, NULL);
    steering_forget(d->steering);
    dialog_forget_error(d);
    d->renderer = renderer_new(d->settings, &error);
    if (d->renderer) renderer_set(d->renderer, d->settings, &error);
    dialog_say_error(d, error);
    preview_set_picture(d->view.preview, d->renderer);
    if (!d->live) dialog_read_layer(d);
    dialog_set_sensitive(d);
    dialog_tick_in(d, DIALOG_QUICK);
}

void dialog_settings_changed(gboolean other_model, gpointer data) {
    Dialog *d = data;
    GError *error = NULL;
    if (d->left) return; /* the window goes, and its numbers with it */
    gboolean again = dialog_failed(d);
    if (other_model) dialog_note(d);
    form_read(d->form, d->settings);
    if (other_model && *d->settings->model) g_free(known_remember(KNOWN_MODELS, d->settings->model));
    if (other_model) {
        dialog_start_renderer(d);
        return;
    }
    /* After a failure a change tries again, as soon as the hands rest: the model may be in its place by now. */
    if (dialog_engine_failed(d)) {
        d->retries = TRUE;
        dialog_tick_in(d, RESTED);
        return;
    }
    dialog_forget_error(d);
    dialog_tell(d, NULL);
    renderer_set(d->renderer, d->settings, &error);
    dialog_say_error(d, error);
    if (again) dialog_set_sensitive(d);
    dialog_tick_in(d, DIALOG_QUICK);
}

void dialog_poll(Dialog *d) {
    GError *error = NULL;
    gboolean fresh = FALSE;
    if (!d->renderer || (d->live && live_writing(d->live))) return;
    if (!renderer_poll(d->renderer, &fresh, &error)) {
        if (steering_do_without(d->steering, d->renderer, error)) {
            g_clear_error(&error); /* it is told with what does not steer */
        } else if (d->state == FINISHING && !renderer_tries_again(error)) {
            dialog_go_to(d, EDITING);
        }
        dialog_say_error(d, error);
        dialog_set_sensitive(d);
    } else if (fresh) {
        if (!d->renderer->failed) dialog_forget_error(d);
        if (!renderer_busy(d->renderer)) steering_made(d->steering);
        if (d->renderer->info.revision >= d->renderer->failed_at) d->behind = FALSE;
        /* The artist goes on: what was done is of before. */
        if (d->state == LIVE && d->told && (gdouble)(g_get_monotonic_time() - d->told_at) / 1e6 > READ) dialog_tell(d, NULL);
        d->unnoted = TRUE;
        d->fresh_at = g_get_monotonic_time();
        preview_set_picture(d->view.preview, d->renderer);
        dialog_set_sensitive(d);
    }
}

void dialog_reset(Dialog *d) {
    Settings first;
    dialog_note(d);
    settings_init(&first);
    settings_text(&first.device, d->settings->device); /* of this computer, and no setting of a picture */
    form_show(d->form, &first);
    settings_clear(&first);
    settings_text(&d->settings->style, "");
    settings_text(&d->settings->words, "");
    style_menu_show(d->styles, "", "");
    d->knows_model = FALSE;
    dialog_settings_changed(d->settings->share || strcmp(d->renderer ? d->renderer->model : "", ""), d);
}
