/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "dialog.h"

#include "canvas.h"
#include "dialog_state.h"
#include "known.h"
#include "regions.h"
#include "run.h"

#include <string.h>

#define IDLE 500   /* ... and while it does not and nothing is live: is the image still there? */
#define FINAL 1.0  /* seconds that Apply and Close wait for the finished picture; */
#define ENOUGH 4.0 /* ... and for what is begun to be written, while hands or a dialog hold it up */

#define READ 4.0   /* seconds that a sentence about what was done stands while pictures go on */
#define RESTED 700 /* milliseconds without a change, then a model that failed is tried anew */

static gboolean tick(gpointer data);

void dialog_tick_in(Dialog *d, guint delay) {
    if (d->timer) g_source_remove(d->timer);
    d->timer = d->left ? 0 : g_timeout_add(delay, tick, d);
}

static void go_to(Dialog *d, State state) {
    d->state = state;
    d->since = g_get_monotonic_time();
    dialog_set_sensitive(d);
    dialog_tick_in(d, 1);
}

static gdouble seconds_in_state(const Dialog *d) { return (gdouble)(g_get_monotonic_time() - d->since) / 1e6; }

/* FALSE and a sentence if the layer that the dialog was opened for cannot be rendered, or is gone: no other takes its place. */
static gboolean layer_usable(const Dialog *d, GError **error) {
    if (gimp_item_is_valid(d->layer)) return canvas_usable(d->image, d->layer, error);
    g_set_error_literal(error, SCUMBLE_DOMAIN, 0, "The layer that was rendered is gone. Close this window and choose another one, or undo what took it away.");
    return FALSE;
}

/* Reads the layer and hands it over; what has not changed makes no work. */
static gboolean read_layer(Dialog *d) {
    GError *error = NULL;
    if (!d->renderer) return FALSE;
    Paint *paint = layer_usable(d, &error) ? canvas_read_layer(d->image, d->layer) : NULL;
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
    if (!d->live) read_layer(d);
    dialog_set_sensitive(d);
    dialog_tick_in(d, DIALOG_QUICK);
}

void dialog_settings_changed(gboolean other_model, gpointer data) {
    Dialog *d = data;
    GError *error = NULL;
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

static void show_buttons(Dialog *d) {
    view_show_buttons(&d->view, d->live != NULL);
    gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(d->view.live), d->live != NULL);
}

/* Ends the live layer, keeping it or not as the artist has chosen. */
static void end_live(Dialog *d) {
    if (!d->live) return;
    d->made = live_free(d->live, d->settings->keep, d->settings->prompt);
    d->used = TRUE;
    d->live = NULL;
    if (d->made > 0) dialog_tell(d, "The live layer is an ordinary one now, half transparent so that what you paint below it is seen.");
}

static void begin_live(Dialog *d) {
    GError *error = NULL;
    gint32 layer = active_layer(d->image);
    layer = regions_below(d->image, steering_conditions(d->steering), layer > 0 ? layer : d->layer);
    if (dialog_engine_failed(d)) dialog_start_renderer(d); /* what was missing may be there by now */
    if (dialog_engine_failed(d)) return;            /* and no live layer without a picture */
    if (canvas_usable(d->image, layer, &error)) d->live = live_new(d->image, layer, d->view.window, d->steering, &error);
    /* Nothing failed that a picture of the filter would mend. */
    dialog_tell(d, error ? error->message : d->live ? live_begun(d->live) : NULL);
    g_clear_error(&error);
    if (!d->live) return;
    dialog_forget_error(d);
    d->live_state = LIVE_ON;
    preview_set_picture(d->view.preview, d->renderer);
}

static void live_toggled(GtkToggleButton *button, Dialog *d) {
    gboolean on = gtk_toggle_button_get_active(button);
    if (on == (d->live != NULL)) return;
    if (on) {
        begin_live(d);
        show_buttons(d);
        go_to(d, d->live ? LIVE : EDITING);
    } else {
        go_to(d, STOPPING);
    }
    dialog_say(d);
}

static void compare_toggled(GtkToggleButton *button, Dialog *d) {
    (void)button;
    dialog_say(d);
    dialog_tick_in(d, 1);
}

static void keep_toggled(GtkToggleButton *button, Dialog *d) { d->settings->keep = gtk_toggle_button_get_active(button); }

static void leave(Dialog *d) {
    d->left = TRUE;
    if (d->timer) g_source_remove(d->timer);
    d->timer = 0;
    gtk_main_quit();
}

/* The finished picture becomes a layer. */
static void finish(Dialog *d) {
    GError *error = NULL;
    d->made = -1;
    if (layer_usable(d, &error))
        d->made = canvas_add_picture(d->image, d->layer, d->renderer, d->settings->prompt, &error);
    if (d->made <= 0) {
        dialog_say_error(d, error);
        go_to(d, EDITING);
        return;
    }
    gimp_displays_flush();
    dialog_note(d);
    d->used = TRUE;
    leave(d);
}

/* The live layer is gone, or can no longer be one; nothing of it is ours to remove any more. */
static void live_ended(Dialog *d, LiveState state) {
    gboolean keep = d->settings->keep;
    d->settings->keep = TRUE;
    end_live(d);
    d->settings->keep = keep;
    if (state == LIVE_LAYER_GONE) d->made = -1;
    dialog_tell(d, state == LIVE_INDEXED ? "The image is indexed now, which Scumble cannot render. Choose Image > Mode > RGB, then Live again."
                                  : "The live layer was removed, merged or undone. Choose Live to make a new one.");
    if (d->state == CLOSING) {
        leave(d);
        return;
    }
    show_buttons(d);
    go_to(d, EDITING);
    if (state != LIVE_INDEXED) read_layer(d);
}

static void apply(Dialog *d) {
    gboolean above = d->state == STORING;
    dialog_note(d);
    gint32 layer = live_apply(d->live, above, d->settings->prompt);
    dialog_tell(d, layer <= 0 ? "GIMP could not copy the live layer: memory ran out, or its group is locked."
            : above    ? "A copy is stored above the live layer, hidden."
                       : "The picture is an ordinary layer below the live one now, and the one that you paint on.");
    go_to(d, LIVE);
}

/* A copy is made of the picture alone, whatever has failed meanwhile. */
static gboolean copies(const Dialog *d) { return d->state == APPLYING || d->state == STORING; }

/* TRUE if what the state waits for is there. */
static gboolean may_go_on(const Dialog *d) {
    gdouble waited = seconds_in_state(d);
    /* Nothing but the picture is copied, however long the hands hold it up. */
    gboolean enough = waited > ENOUGH && (!copies(d) || live_holds_picture(d->live));
    gboolean comes = !dialog_failed(d) && renderer_busy(d->renderer);
    gboolean quiet = d->live_state == LIVE_RESTS || enough || (!comes && live_settled(d->live, d->renderer));
    return quiet || (waited > FINAL && !live_writing(d->live) && live_holds_picture(d->live));
}

static void poll(Dialog *d) {
    GError *error = NULL;
    gboolean fresh = FALSE;
    if (!d->renderer || (d->live && live_writing(d->live))) return;
    if (!renderer_poll(d->renderer, &fresh, &error)) {
        if (d->state == FINISHING && !renderer_tries_again(error)) go_to(d, EDITING);
        dialog_say_error(d, error);
        dialog_set_sensitive(d);
    } else if (fresh) {
        if (!d->renderer->failed) dialog_forget_error(d);
        /* The artist goes on: what was done is of before. */
        if (d->state == LIVE && d->told && (gdouble)(g_get_monotonic_time() - d->told_at) / 1e6 > READ) dialog_tell(d, NULL);
        d->unnoted = TRUE;
        d->fresh_at = g_get_monotonic_time();
        preview_set_picture(d->view.preview, d->renderer);
        dialog_set_sensitive(d);
    }
}

static void tick_live(Dialog *d, guint *delay) {
    GError *error = NULL;
    gboolean compares = d->state == LIVE && gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(d->view.compare));
    live_show(d->live, d->renderer, dialog_failed(d) && d->state < STOPPING && !copies(d) ? SHOWS_HALF : compares ? SHOWS_NOTHING : SHOWS_PICTURE);
    d->live_state = live_tick(d->live, d->renderer, delay, &error);
    dialog_say_error(d, error);
    Paint *paint = live_take_paint(d->live);
    if (paint) preview_set_paint(d->view.preview, paint);
    paint_free(paint);
    if (d->live_state == LIVE_LAYER_GONE || d->live_state == LIVE_INDEXED) {
        live_ended(d, d->live_state);
        return;
    }
    if (d->live_state == LIVE_IMAGE_CLOSED) *delay = 1;
    if (d->state == LIVE || !may_go_on(d)) return;
    if (copies(d) && d->live_state == LIVE_RESTS) {
        dialog_tell(d, "The live layer is hidden or locked, so it does not follow the paint: show or unlock it, then try again.");
        go_to(d, LIVE);
        return;
    }
    if (copies(d)) {
        apply(d);
        return;
    }
    State state = d->state;
    end_live(d);
    if (state == CLOSING) {
        leave(d);
        return;
    }
    show_buttons(d);
    go_to(d, EDITING);
    read_layer(d);
}

static gboolean tick(gpointer data) {
    Dialog *d = data;
    guint delay = IDLE;
    d->timer = 0;
    if (!gimp_image_is_valid(d->image)) {
        d->made = -1;
        leave(d);
        return G_SOURCE_REMOVE;
    }
    if (d->retries && dialog_engine_failed(d)) dialog_start_renderer(d);
    d->retries = FALSE;
    poll(d);
    if (d->live) {
        tick_live(d, &delay);
    } else if (d->renderer && renderer_busy(d->renderer)) {
        delay = DIALOG_QUICK;
    } else if (d->state == FINISHING) {
        if (d->renderer && renderer_finished(d->renderer)) finish(d);
        else go_to(d, EDITING); /* it came to rest without a picture */
        delay = DIALOG_QUICK;
    }
    if (d->left) return G_SOURCE_REMOVE;
    dialog_note_rested(d);
    if (d->renderer && !d->knows_model && !dialog_engine_failed(d)) delay = MIN(delay, DIALOG_QUICK);
    gboolean knew = d->knows_model;
    dialog_say(d);
    if (d->knows_model && !knew) dialog_steer(d, LOOK_IN_TURN); /* without what it cannot take */
    dialog_tick_in(d, delay);
    return G_SOURCE_REMOVE;
}

static void reset(Dialog *d) {
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

static void respond(GtkDialog *window, gint response, Dialog *d) {
    (void)window;
    gboolean rests = d->state == EDITING || d->state == LIVE;
    switch (response) {
    case GTK_RESPONSE_HELP: view_help(&d->view); break;
    case RESPONSE_RESET: reset(d); break;
    case RESPONSE_APPLY:
        if (d->state == LIVE) go_to(d, APPLYING);
        break;
    case RESPONSE_STORE:
        if (d->state == LIVE) go_to(d, STORING);
        break;
    case GTK_RESPONSE_OK:
        /* What has been painted since is in the picture too. */
        if (rests && read_layer(d)) go_to(d, FINISHING);
        else go_to(d, d->state);
        break;
    default: /* Cancel, Close, Escape, the window's own button; asked for again it does not wait */
        if (d->live && d->state != CLOSING) {
            go_to(d, CLOSING);
            break;
        }
        end_live(d);
        leave(d);
    }
}

/* The artist comes back from the image, where the layer may have been painted on. */
static gboolean focused(GtkWidget *window, GdkEvent *event, Dialog *d) {
    (void)window, (void)event;
    if (!gimp_image_is_valid(d->image)) return FALSE;
    dialog_look_at_steering(d);
    if (d->state == EDITING && d->renderer) {
        if (watch_layer(d->watch, d->image, d->layer)) read_layer(d);
        else dialog_steer(d, LOOK_AT_EACH);
        dialog_set_sensitive(d);
        dialog_tick_in(d, DIALOG_QUICK);
    }
    return FALSE;
}

static void build(Dialog *d) {
    view_build(&d->view, d->image, d->settings);
    d->form = form_new(d->view.form, d->settings, dialog_settings_changed, d);
    form_on_get(d->form, dialog_get_model);
    dialog_build_steering(d);
    dialog_build_history(d);
    gtk_widget_show_all(GTK_WIDGET(d->view.form));
    form_focus(d->form);
    show_buttons(d);
    dialog_set_sensitive(d);
    g_signal_connect(d->view.live, "toggled", G_CALLBACK(live_toggled), d);
    g_signal_connect(d->view.compare, "toggled", G_CALLBACK(compare_toggled), d);
    g_signal_connect(d->view.keep, "toggled", G_CALLBACK(keep_toggled), d);
    g_signal_connect(d->view.window, "response", G_CALLBACK(respond), d);
    g_signal_connect(d->view.window, "delete-event", G_CALLBACK(gtk_true), NULL);
    g_signal_connect(d->view.window, "focus-in-event", G_CALLBACK(focused), d);
}

gint32 dialog_run(gint32 image, gint32 layer, gboolean live, Settings *settings) {
    Dialog d = {.image = image, .layer = layer, .made = -1, .settings = settings, .watch = watch_new(), .steering = steering_new(image),
                .begins_live = live};
    build(&d);
    gtk_widget_realize(d.view.window);
    gimp_window_set_transient(GTK_WINDOW(d.view.window)); /* else it drops behind the image */
    view_place_window(&d.view, settings);
    dialog_say(&d);
    dialog_start_when_drawn(&d);
    gtk_widget_show(d.view.window);
    gtk_main();
    dialog_start_no_more(&d);
    dialog_note(&d);
    end_live(&d); /* the image is gone, and so is the layer */
    view_remember_window(&d.view, settings);
    settings_save(settings, d.used);
    dialog_keep_steering(&d);
    view_free(&d.view);
    steer_list_free(d.list);
    history_strip_free(d.strip);
    history_free(d.history);
    style_menu_free(d.styles);
    steering_free(d.steering);
    form_free(d.form);
    watch_free(d.watch);
    renderer_free(d.renderer);
    g_free(d.error);
    g_free(d.told);
    return d.made;
}
