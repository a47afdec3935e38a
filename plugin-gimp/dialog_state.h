/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the dialog knows, for its own files: dialog.c is its window, timer and states, dialog_start.c its beginning, dialog_renders.c
 * what it does about what is rendered, dialog_live.c about the live layer, dialog_steers.c about what steers and styles,
 * dialog_history.c about the last pictures, dialog_gets.c about models that are got, dialog_says.c what it tells. */
#pragma once

#include "form.h"
#include "history_strip.h"
#include "live.h"
#include "steer_list.h"
#include "style_menu.h"
#include "view.h"
#include "watch.h"

/* What the artist has asked for last. */
typedef enum {
    EDITING,   /* a filter: OK makes the picture */
    FINISHING, /* OK: as soon as the picture is finished */
    LIVE,
    APPLYING,  /* live, and these as soon as the picture is finished and written: a copy below, */
    STORING,   /* a copy above */
    STOPPING,  /* a filter again */
    CLOSING,   /* the end of the dialog */
} State;

typedef struct {
    gint32 image, layer, made;
    Settings *settings;
    Form *form;
    Renderer *renderer; /* NULL if the engine could not be started */
    Live *live;         /* not NULL from LIVE on */
    State state;
    gint64 since;       /* when that was asked for */
    Steering *steering; /* what else the picture is made by, */
    SteerList *list;    /* as the artist sets it, */
    gchar *kept;        /* ... and as the image had it when this dialog read or wrote it last; NULL: nothing */
    StyleMenu *styles;
    History *history;   /* the last pictures, */
    HistoryStrip *strip;
    gboolean unnoted;   /* ... of which the newest is not one yet; */
    gint64 fresh_at;    /* ... when it came */
    Watch *watch;       /* of the layer, while it is not live */
    View view;
    guint timer, starter; /* starter: not 0 until the layer is read and the engine started */
    gchar *error;       /* what failed, until something goes well; NULL */
    gchar *told;        /* what was done last, until the next thing is; NULL */
    gint64 told_at;     /* when that was */
    gboolean retries;   /* the engine failed, and something was changed since */
    gboolean behind;    /* a picture failed while live, and none of what was asked for then, or later, has come since */
    gboolean knows_model, nothing_selected, left;
    gboolean begins_live;
    gboolean used; /* something came of the settings: they are kept for the next time */
    LiveState live_state;
} Dialog;

#define DIALOG_QUICK 30 /* milliseconds between looks while the engine works */

/* Looks again after so many milliseconds. */
void dialog_tick_in(Dialog *dialog, guint delay);

void dialog_go_to(Dialog *dialog, State state);

/* Ends the dialog. */
void dialog_leave(Dialog *dialog);

/* The buttons of the live layer, and what they do. */
void dialog_build_live(Dialog *dialog);
void dialog_tick_live(Dialog *dialog, guint *delay);

/* Ends the live layer, if there is one, keeping it or not as the artist has chosen. */
void dialog_end_live(Dialog *dialog);

/* FALSE and a sentence if the layer that the dialog was opened for cannot be rendered, or is gone: no other takes its place. */
gboolean dialog_layer_usable(const Dialog *dialog, GError **error);

/* Reads the layer and hands it over; what has not changed makes no work. */
gboolean dialog_read_layer(Dialog *dialog);

/* Looks whether a picture has come, or failed. */
void dialog_poll(Dialog *dialog);

/* First values. */
void dialog_reset(Dialog *dialog);

/* Begins anew, with the model that is set. */
void dialog_start_renderer(Dialog *dialog);

/* Opens the window in which a model is got. `dialog` is a Dialog. */
void dialog_get_model(gpointer dialog);

/* Takes over what the form shows. `dialog` is a Dialog. */
void dialog_settings_changed(gboolean other_model, gpointer dialog);

/* Hands over what steers. A live layer does it with its next look. */
void dialog_steer(Dialog *dialog, Look look);

/* Adds the list of what steers and the styles to the form, with what the image has kept; and has the image keep it. */
void dialog_build_steering(Dialog *dialog);
void dialog_keep_steering(Dialog *dialog);

/* The artist comes back: layers may have other names, and another dialog of the image may have set what steers it. */
void dialog_look_at_steering(Dialog *dialog);

/* Shows what d->settings and d->steering have become, and renders by it; `model` was the model before. */
void dialog_show_settings(Dialog *dialog, const gchar *model);

/* Adds the last pictures to the form. */
void dialog_build_history(Dialog *dialog);

/* Keeps the picture as one of the last, if it is finished and not kept yet: before something else is rendered; or once it has stood
 * for a moment, so that words that are being written are none of their own. */
void dialog_note(Dialog *dialog);
void dialog_note_rested(Dialog *dialog);

/* Reads the layer and starts the engine once the window is drawn, or at once where that is asked for meanwhile. */
void dialog_start_when_drawn(Dialog *dialog);
void dialog_start_no_more(Dialog *dialog);

gboolean dialog_engine_failed(const Dialog *dialog);
gboolean dialog_failed(const Dialog *dialog);

/* Keeps the sentence of an error, which is freed; NULL: nothing. */
void dialog_say_error(Dialog *dialog, GError *error);
void dialog_forget_error(Dialog *dialog);

/* Keeps a sentence about what was done; NULL: none. */
void dialog_tell(Dialog *dialog, const gchar *sentence);

/* Shows the sentence that matters most now, and the progress. */
void dialog_say(Dialog *dialog);

/* What may be pressed in this state. */
void dialog_set_sensitive(Dialog *dialog);
