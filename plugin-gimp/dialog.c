/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "dialog.h"

#include "canvas.h"
#include "form.h"
#include "live.h"
#include "preview.h"
#include "run.h"
#include "view.h"

#include <string.h>

#define QUICK 30   /* milliseconds between looks while the engine works */
#define IDLE 500   /* ... and while it does not and nothing is live: is the image still there? */

typedef struct {
    gint32 image, layer, made;
    Settings *settings;
    Form *form;
    Renderer *renderer; /* NULL if the engine could not be started */
    Live *live;         /* NULL: the picture is made by OK */
    GdkPixbuf *paint;   /* the paint's small picture */
    const Paint *paint_of; /* the live paint that it was made of */
    View view;
    guint timer;
    gboolean knows_model, finishing, applying, failed, rests;
} Dialog;

static gboolean tick(gpointer data);

static void tick_in(Dialog *d, guint delay) {
    if (d->timer) g_source_remove(d->timer);
    d->timer = g_timeout_add(delay, tick, d);
}

static void say_error(Dialog *d, GError *error) {
    if (!error) return;
    d->failed = TRUE;
    view_say(&d->view, error->message);
    g_error_free(error);
}

static void set_sensitive(Dialog *d) {
    view_allow(&d->view, GTK_RESPONSE_OK, d->renderer && !d->finishing);
    view_allow(&d->view, RESPONSE_RESET, !d->finishing);
    view_allow(&d->view, RESPONSE_APPLY, d->renderer && d->renderer->frame);
    gtk_widget_set_sensitive(d->view.live, !d->finishing);
    form_set_sensitive(d->form, !d->finishing);
}

static void show_buttons(Dialog *d) {
    view_show_buttons(&d->view, d->live != NULL);
    set_sensitive(d);
}

static void show_picture(Dialog *d) {
    const Paint *live = d->live ? live_paint(d->live) : NULL;
    if (live && live != d->paint_of) {
        g_clear_object(&d->paint);
        d->paint = preview_of_paint(live);
        d->paint_of = live;
    }
    if (!d->paint) return;
    GdkPixbuf *shown = preview_of_picture(d->renderer, d->paint);
    gtk_image_set_from_pixbuf(GTK_IMAGE(d->view.picture), shown);
    g_object_unref(shown);
}

/* Reads the layer and hands it over; what has not changed makes no work. */
static gboolean read_layer(Dialog *d) {
    GError *error = NULL;
    if (!d->renderer) return FALSE;
    Paint *paint = canvas_read_layer(d->image, d->layer);
    if (!paint) {
        view_say(&d->view, "The layer is gone. Close this window and choose another one.");
        return FALSE;
    }
    gboolean good = renderer_push(d->renderer, paint, &error);
    say_error(d, error);
    g_clear_object(&d->paint);
    d->paint = preview_of_paint(paint);
    d->paint_of = NULL;
    paint_free(paint);
    show_picture(d);
    return good;
}

static void start_renderer(Dialog *d) {
    GError *error = NULL;
    renderer_free(d->renderer);
    d->knows_model = d->failed = FALSE;
    view_say(&d->view, NULL);
    d->renderer = renderer_new(d->settings->model, &error);
    if (d->renderer) renderer_set(d->renderer, d->settings, &error);
    say_error(d, error);
    if (d->live) live_restart(d->live);
    else read_layer(d);
    set_sensitive(d);
    tick_in(d, QUICK);
}

static gboolean engine_failed(Dialog *d) {
    ScumbleEngineInfo info;
    if (!d->renderer) return TRUE;
    renderer_info(d->renderer, &info);
    return info.state == SCUMBLE_ENGINE_FAILED;
}

static void settings_changed(gboolean other_model, gpointer data) {
    Dialog *d = data;
    GError *error = NULL;
    form_read(d->form, d->settings);
    /* After a failure the next change tries again: the model may be in its place by now. */
    if (other_model || engine_failed(d)) {
        start_renderer(d);
        return;
    }
    if (d->failed) view_say(&d->view, NULL);
    d->failed = FALSE;
    renderer_set(d->renderer, d->settings, &error);
    say_error(d, error);
    tick_in(d, QUICK);
}

static void show_progress(Dialog *d) {
    ScumbleEngineInfo info = {.state = SCUMBLE_ENGINE_FAILED};
    gchar *text = NULL;
    gdouble done = 0.0;
    if (d->renderer) renderer_info(d->renderer, &info);
    if (info.state == SCUMBLE_ENGINE_READY && !d->knows_model) {
        d->knows_model = TRUE;
        form_know_model(d->form, &info);
    }
    if (info.state == SCUMBLE_ENGINE_LOADING) {
        text = g_strdup("Loading the model\xe2\x80\xa6");
        done = info.progress;
    } else if (info.state == SCUMBLE_ENGINE_FAILED || d->failed) {
        text = g_strdup("No picture");
    } else if (d->live && d->rests) {
        text = g_strdup("Resting: the live layer is hidden or locked");
    } else if (renderer_busy(d->renderer)) {
        const ScumbleFrameInfo *i = &d->renderer->info;
        gboolean some = d->renderer->frame && i->revision >= d->renderer->asked && i->steps;
        text = some ? g_strdup_printf("Rendering, step %u of %u", i->step, i->steps) : g_strdup("Rendering\xe2\x80\xa6");
        done = some ? (gdouble)i->step / i->steps : 0.0;
    } else if (d->renderer->frame) {
        text = g_strdup_printf("Up to date, rendered in %.2f s", (gdouble)d->renderer->info.since_start_us / 1e6);
        done = 1.0;
    }
    view_progress(&d->view, text, done);
    g_free(text);
}

/* Ends the live layer, keeping it or not as the artist has chosen. */
static void end_live(Dialog *d) {
    if (!d->live) return;
    d->made = d->settings->keep ? live_layer(d->live) : -1;
    live_free(d->live, d->settings->keep, d->settings->prompt);
    d->live = NULL;
    d->paint_of = NULL;
}

static void begin_live(Dialog *d) {
    GError *error = NULL;
    gint32 layer = active_layer(d->image);
    if (layer <= 0) layer = d->layer;
    if (!d->renderer) start_renderer(d); /* what was missing may be there by now */
    if (d->renderer && canvas_usable(d->image, layer, &error)) d->live = live_new(d->image, layer, &error);
    if (d->live) view_say(&d->view, NULL);
    say_error(d, error);
}

static void live_toggled(GtkToggleButton *button, Dialog *d) {
    gboolean on = gtk_toggle_button_get_active(button);
    if (on == (d->live != NULL)) return;
    if (on) begin_live(d);
    else end_live(d);
    if (on && !d->live) gtk_toggle_button_set_active(button, FALSE);
    show_buttons(d);
    if (!d->live) read_layer(d);
    tick_in(d, QUICK);
}

static void keep_toggled(GtkToggleButton *button, Dialog *d) { d->settings->keep = gtk_toggle_button_get_active(button); }

static void leave(Dialog *d) {
    if (d->timer) g_source_remove(d->timer);
    d->timer = 0;
    gtk_main_quit();
}

/* The finished picture becomes a layer. */
static void finish(Dialog *d) {
    d->finishing = FALSE;
    d->made = gimp_item_is_valid(d->layer) ? canvas_add_picture(d->image, d->layer, d->renderer, d->settings->prompt) : -1;
    if (d->made <= 0) {
        view_say(&d->view, "GIMP could not add a layer for the picture: the layer that was rendered is gone or locked.");
        set_sensitive(d);
        return;
    }
    gimp_displays_flush();
    settings_save(d->settings);
    leave(d);
}

/* What became of the live layer that ended by itself. */
static void live_ended(Dialog *d, LiveState state) {
    d->settings->keep = TRUE; /* nothing of it is ours to remove any more */
    end_live(d);
    d->settings->keep = gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(d->view.keep));
    gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(d->view.live), FALSE);
    show_buttons(d);
    view_say(&d->view, state == LIVE_INDEXED ? "The image is indexed now, which Scumble cannot render. Choose Image > Mode > RGB, then Live again."
                                 : "The live layer was removed or undone. Choose Live to make a new one.");
}

static void apply(Dialog *d) {
    d->applying = FALSE;
    gint32 layer = live_apply(d->live, d->settings->prompt);
    settings_save(d->settings);
    view_say(&d->view, layer > 0 ? "The picture is an ordinary layer above the live one now." : "GIMP could not copy the live layer.");
}

static gboolean poll(Dialog *d) {
    GError *error = NULL;
    gboolean fresh = FALSE;
    if (!d->renderer || (d->live && live_writing(d->live))) return FALSE;
    if (!renderer_poll(d->renderer, &fresh, &error)) {
        d->finishing = FALSE;
        say_error(d, error);
        set_sensitive(d);
    } else if (fresh) {
        if (d->failed) view_say(&d->view, NULL);
        d->failed = FALSE;
        show_picture(d);
        set_sensitive(d);
    }
    return fresh;
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
    gboolean fresh = poll(d);
    if (d->live && d->renderer) {
        GError *error = NULL;
        LiveState state = live_tick(d->live, d->renderer, fresh, &delay, &error);
        say_error(d, error);
        if (state == LIVE_LAYER_GONE || state == LIVE_INDEXED) live_ended(d, state);
        if (state == LIVE_IMAGE_CLOSED) delay = 1;
        d->rests = state == LIVE_RESTS;
        if (d->live && d->applying && !live_writing(d->live)) apply(d);
    } else if (d->renderer && renderer_busy(d->renderer) && !d->failed) {
        delay = QUICK;
    } else if (d->finishing && renderer_finished(d->renderer)) {
        finish(d);
        if (d->made > 0) return G_SOURCE_REMOVE;
    }
    if (d->renderer && !d->knows_model && !engine_failed(d)) delay = MIN(delay, QUICK);
    show_progress(d);
    tick_in(d, delay);
    return G_SOURCE_REMOVE;
}

static void reset(Dialog *d) {
    Settings first;
    settings_init(&first);
    form_show(d->form, &first);
    settings_clear(&first);
    d->knows_model = FALSE;
    settings_changed(strcmp(d->renderer ? d->renderer->model : "", "") != 0, d);
}

static void respond(GtkDialog *window, gint response, Dialog *d) {
    (void)window;
    switch (response) {
    case GTK_RESPONSE_HELP: view_help(&d->view); break;
    case RESPONSE_RESET: reset(d); break;
    case RESPONSE_APPLY:
        d->applying = d->live != NULL; /* as soon as no picture is half written */
        tick_in(d, 1);
        break;
    case GTK_RESPONSE_OK:
        /* What has been painted since is in the picture too. */
        d->finishing = read_layer(d);
        set_sensitive(d);
        tick_in(d, 1);
        break;
    default: /* Cancel, Close, Escape, the window's own button */
        if (d->live) {
            settings_save(d->settings);
            end_live(d);
        }
        leave(d);
    }
}

/* The artist comes back from the image, where the layer may have been painted on. */
static gboolean focused(GtkWidget *window, GdkEvent *event, Dialog *d) {
    (void)window, (void)event;
    if (!d->live && !d->finishing && d->renderer && gimp_image_is_valid(d->image)) {
        read_layer(d);
        tick_in(d, QUICK);
    }
    return FALSE;
}

static void build(Dialog *d) {
    view_build(&d->view, d->settings->keep);
    d->form = form_new(d->view.form, d->settings, settings_changed, d);
    gtk_widget_show_all(GTK_WIDGET(d->view.form));
    show_buttons(d);
    g_signal_connect(d->view.live, "toggled", G_CALLBACK(live_toggled), d);
    g_signal_connect(d->view.keep, "toggled", G_CALLBACK(keep_toggled), d);
    g_signal_connect(d->view.window, "response", G_CALLBACK(respond), d);
    g_signal_connect(d->view.window, "delete-event", G_CALLBACK(gtk_true), NULL);
    g_signal_connect(d->view.window, "focus-in-event", G_CALLBACK(focused), d);
}

gint32 dialog_run(gint32 image, gint32 layer, gboolean live, Settings *settings) {
    Dialog d = {.image = image, .layer = layer, .made = -1, .settings = settings};
    build(&d);
    gtk_widget_show(d.view.window);
    gimp_window_set_transient(GTK_WINDOW(d.view.window)); /* else it drops behind the image */
    start_renderer(&d);
    if (live) gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(d.view.live), TRUE);
    gtk_main();
    end_live(&d);
    gtk_widget_destroy(d.view.window);
    form_free(d.form);
    renderer_free(d.renderer);
    g_clear_object(&d.paint);
    return d.made;
}
