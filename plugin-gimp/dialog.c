/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "dialog.h"

#include "canvas.h"
#include "dialog_state.h"
#include "run.h"

#define IDLE 500 /* milliseconds between looks while the engine does nothing and nothing is live: is the image still there? */

static gboolean tick(gpointer data);

void dialog_tick_in(Dialog *d, guint delay) {
    if (d->timer) g_source_remove(d->timer);
    d->timer = d->left ? 0 : g_timeout_add(delay, tick, d);
}

void dialog_go_to(Dialog *d, State state) {
    d->state = state;
    d->since = g_get_monotonic_time();
    dialog_set_sensitive(d);
    dialog_tick_in(d, 1);
}

void dialog_leave(Dialog *d) {
    d->left = TRUE;
    if (d->timer) g_source_remove(d->timer);
    d->timer = 0;
    gtk_main_quit();
}

/* The finished picture becomes a layer. */
static void finish(Dialog *d) {
    GError *error = NULL;
    d->made = -1;
    if (dialog_layer_usable(d, &error))
        d->made = canvas_add_picture(d->image, d->layer, d->renderer, d->settings->prompt, &error);
    if (d->made <= 0) {
        dialog_say_error(d, error);
        dialog_go_to(d, EDITING);
        return;
    }
    gimp_displays_flush();
    dialog_note(d);
    d->used = TRUE;
    dialog_leave(d);
}

static gboolean tick(gpointer data) {
    Dialog *d = data;
    guint delay = IDLE;
    d->timer = 0;
    if (!gimp_image_is_valid(d->image)) {
        d->made = -1;
        dialog_leave(d);
        return G_SOURCE_REMOVE;
    }
    if (d->retries && dialog_engine_failed(d)) dialog_start_renderer(d);
    d->retries = FALSE;
    dialog_poll(d);
    if (d->live) {
        dialog_tick_live(d, &delay);
    } else if (d->renderer && renderer_busy(d->renderer)) {
        delay = DIALOG_QUICK;
    } else if (d->state == FINISHING) {
        if (d->renderer && renderer_finished(d->renderer)) finish(d);
        else dialog_go_to(d, EDITING); /* it came to rest without a picture */
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

/* A number that is being typed counts, as where the focus leaves it. */
static void take_typed(GtkWindow *window) {
    GtkWidget *focus = gtk_window_get_focus(window);
    if (focus && GTK_IS_SPIN_BUTTON(focus)) gtk_spin_button_update(GTK_SPIN_BUTTON(focus));
}

static void respond(GtkDialog *window, gint response, Dialog *d) {
    take_typed(GTK_WINDOW(window));
    gboolean rests = d->state == EDITING || d->state == LIVE;
    switch (response) {
    case GTK_RESPONSE_HELP: view_help(&d->view); break;
    case RESPONSE_RESET: dialog_reset(d); break;
    case RESPONSE_APPLY:
        if (d->state == LIVE) dialog_go_to(d, APPLYING);
        break;
    case RESPONSE_STORE:
        if (d->state == LIVE) dialog_go_to(d, STORING);
        break;
    case GTK_RESPONSE_OK:
        /* What has been painted since is in the picture too. */
        if (rests && dialog_read_layer(d)) dialog_go_to(d, FINISHING);
        else dialog_go_to(d, d->state);
        break;
    default: /* Cancel, Close, Escape, the window's own button; asked for again it does not wait */
        if (d->live && d->state != CLOSING) {
            dialog_go_to(d, CLOSING);
            break;
        }
        dialog_end_live(d);
        dialog_leave(d);
    }
}

/* The artist comes back from the image, where the layer may have been painted on. */
static gboolean focused(GtkWidget *window, GdkEvent *event, Dialog *d) {
    (void)window, (void)event;
    if (!gimp_image_is_valid(d->image)) return FALSE;
    dialog_look_at_steering(d);
    if (d->state == EDITING && d->renderer) {
        if (watch_layer(d->watch, d->image, d->layer)) dialog_read_layer(d);
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
    dialog_build_live(d);
    dialog_set_sensitive(d);
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
    dialog_end_live(&d); /* the image is gone, and so is the layer */
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
