/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "dialog_state.h"

#include "canvas.h"
#include "regions.h"

#define FINAL 1.0  /* seconds that Apply and Close wait for the finished picture; */
#define ENOUGH 4.0 /* ... and for what is begun to be written, while hands or a dialog hold it up */

static gdouble seconds_in_state(const Dialog *d) { return (gdouble)(g_get_monotonic_time() - d->since) / 1e6; }

static void show_buttons(Dialog *d) {
    view_show_buttons(&d->view, d->live != NULL);
    gtk_toggle_button_set_active(GTK_TOGGLE_BUTTON(d->view.live), d->live != NULL);
}

void dialog_end_live(Dialog *d) {
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
        dialog_go_to(d, d->live ? LIVE : EDITING);
    } else {
        dialog_go_to(d, STOPPING);
    }
    dialog_say(d);
}

static void compare_toggled(GtkToggleButton *button, Dialog *d) {
    (void)button;
    dialog_say(d);
    dialog_tick_in(d, 1);
}

static void keep_toggled(GtkToggleButton *button, Dialog *d) { d->settings->keep = gtk_toggle_button_get_active(button); }

void dialog_build_live(Dialog *d) {
    show_buttons(d);
    g_signal_connect(d->view.live, "toggled", G_CALLBACK(live_toggled), d);
    g_signal_connect(d->view.compare, "toggled", G_CALLBACK(compare_toggled), d);
    g_signal_connect(d->view.keep, "toggled", G_CALLBACK(keep_toggled), d);
}

/* The live layer is gone, or can no longer be one; nothing of it is ours to remove any more. */
static void live_ended(Dialog *d, LiveState state) {
    gboolean keep = d->settings->keep;
    d->settings->keep = TRUE;
    dialog_end_live(d);
    d->settings->keep = keep;
    if (state == LIVE_LAYER_GONE) d->made = -1;
    dialog_tell(d, state == LIVE_INDEXED ? "The image is indexed now, which Scumble cannot render. Choose Image > Mode > RGB, then Live again."
                                  : "The live layer was removed, merged or undone. Choose Live to make a new one.");
    if (d->state == CLOSING) {
        dialog_leave(d);
        return;
    }
    show_buttons(d);
    dialog_go_to(d, EDITING);
    if (state != LIVE_INDEXED) dialog_read_layer(d);
}

static void apply(Dialog *d) {
    gboolean above = d->state == STORING;
    dialog_note(d);
    gint32 layer = live_apply(d->live, above, d->settings->prompt);
    dialog_tell(d, layer <= 0 ? "GIMP could not copy the live layer: memory ran out, or its group is locked."
            : above    ? "A copy is stored above the live layer, hidden."
                       : "The picture is an ordinary layer below the live one now, and the one that you paint on.");
    dialog_go_to(d, LIVE);
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

void dialog_tick_live(Dialog *d, guint *delay) {
    GError *error = NULL;
    if (dialog_failed(d)) d->behind = TRUE;
    gboolean compares = d->state == LIVE && gtk_toggle_button_get_active(GTK_TOGGLE_BUTTON(d->view.compare));
    live_show(d->live, d->renderer, d->behind && d->state < STOPPING && !copies(d) ? SHOWS_HALF : compares ? SHOWS_NOTHING : SHOWS_PICTURE);
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
        dialog_go_to(d, LIVE);
        return;
    }
    if (copies(d)) {
        apply(d);
        return;
    }
    State state = d->state;
    dialog_end_live(d);
    if (state == CLOSING) {
        dialog_leave(d);
        return;
    }
    show_buttons(d);
    dialog_go_to(d, EDITING);
    dialog_read_layer(d);
}
