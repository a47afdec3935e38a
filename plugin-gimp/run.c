/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "run.h"

#include "canvas.h"
#include "dialog.h"
#include "grammar.h"
#include "kept.h"
#include "steering.h"

#define LOOK_US 15000

static void tell_progress(const Renderer *r) {
    static gboolean loading;
    ScumbleEngineInfo info;
    renderer_info(r, &info);
    if (info.state == SCUMBLE_ENGINE_LOADING) {
        if (!loading) gimp_progress_init("Scumble is loading its model");
        loading = TRUE;
        gimp_progress_update(info.progress);
    } else if (loading) {
        loading = FALSE;
        gimp_progress_init("Scumble is rendering");
    } else if (r->picture.laid && r->info.steps) {
        gimp_progress_update((gdouble)r->info.step / r->info.steps);
    } else {
        gimp_progress_pulse();
    }
}

/* Waits for the finished picture, without files that cannot be used unless it is `strict`. GIMP's own cancel button ends the whole
 * plug-in, and nothing was changed yet. */
static gboolean finish(Steering *steering, Renderer *r, gboolean strict, GError **error) {
    gimp_progress_init("Scumble is rendering");
    while (!renderer_finished(r)) {
        gboolean fresh;
        GError *wrong = NULL;
        if (!renderer_poll(r, &fresh, &wrong) && !renderer_tries_again(wrong) && (strict || !steering_do_without(steering, r, wrong))) {
            g_propagate_error(error, wrong);
            return FALSE;
        }
        g_clear_error(&wrong);
        if (!renderer_finished(r) && !renderer_busy(r)) {
            g_set_error_literal(error, SCUMBLE_DOMAIN, 0, "Scumble came to rest without a picture.");
            return FALSE;
        }
        tell_progress(r);
        g_usleep(LOOK_US);
    }
    gimp_progress_end();
    return TRUE;
}

/* Leaves out what the model cannot take. Only a model that is loaded can tell; one that fails does so later. */
static void block(Steering *steering, const Renderer *r) {
    ScumbleEngineInfo info;
    gchar *reasons[RENDERER_KINDS] = {NULL}, *notes[RENDERER_KINDS] = {NULL};
    for (renderer_info(r, &info); info.state == SCUMBLE_ENGINE_LOADING; renderer_info(r, &info)) {
        tell_progress(r);
        g_usleep(LOOK_US);
    }
    renderer_conditions(r, reasons, notes);
    steering_block(steering, reasons);
    renderer_conditions_free(reasons, notes);
}

/* Hands over what steers. A script could not go on without all of it (`strict`). */
static gboolean steer(Steering *steering, Renderer *r, gint32 layer, const Paint *paint, gboolean strict, GError **error) {
    GeglRectangle canvas = {0, 0, paint->width, paint->height};
    gimp_drawable_offsets(layer, &canvas.x, &canvas.y);
    if (!strict && steering_conditions(steering)->len) block(steering, r);
    steering_follow(steering, r, &canvas, LOOK_WHOLE);
    const gchar *wrong = strict ? steering_problem(steering) : NULL;
    if (wrong) g_set_error_literal(error, SCUMBLE_DOMAIN, 0, wrong);
    return !wrong;
}

/* What a script asks for and steers nothing, as an empty drawing does, is an error like all that is wrong in it. */
static gboolean all_steer(const Steering *steering, const Renderer *r, GError **error) {
    gchar *why[CONDITIONS_MOST], *silent = steering_silent(steering, r, why);
    for (guint i = 0; i < CONDITIONS_MOST; i++) g_free(why[i]);
    gboolean all = silent == NULL;
    if (!all) g_set_error_literal(error, SCUMBLE_DOMAIN, 0, silent);
    g_free(silent);
    return all;
}

/* Not `strict`, what cannot steer is left out, as the dialog does. */
static gint32 render(gint32 image, gint32 layer, const Settings *settings, GPtrArray *conditions, gboolean strict, GError **error) {
    gint32 made = -1;
    Steering *steering = steering_new(image);
    steering_set(steering, conditions);
    Renderer *r = renderer_new(settings, error);
    Paint *paint = r ? canvas_read_layer(image, layer) : NULL;
    if (r) renderer_preview(r, FALSE); /* nobody would see them */
    if (r && !paint) {
        g_set_error_literal(error, SCUMBLE_DOMAIN, 0, "The layer could not be read: it is gone, or memory ran out.");
    } else if (paint && paint->selected == SELECTED_NONE) {
        g_set_error_literal(error, SCUMBLE_DOMAIN, 0, CANVAS_NOTHING_SELECTED);
    } else if (paint && renderer_set(r, settings, error) && renderer_push(r, paint, error) &&
               steer(steering, r, layer, paint, strict, error) && finish(steering, r, strict, error) && (!strict || all_steer(steering, r, error))) {
        made = canvas_add_picture(image, layer, r, settings->prompt, error);
    }
    paint_free(paint);
    steering_free(steering);
    renderer_free(r);
    return made;
}

GimpPDBStatusType scumble_run(GimpRunMode mode, gboolean live, gint32 image, gint32 drawable, Settings *settings,
                              gint32 *made, GError **error) {
    *made = -1;
    gegl_init(NULL, NULL);
    keep_errors_to_ourselves();
    if (mode != GIMP_RUN_NONINTERACTIVE) settings_load(settings);
    else settings_load_device(settings);
    gint32 layer = canvas_layer_of(drawable);
    if (!settings_check(settings, error) || !canvas_usable(image, layer, error)) return GIMP_PDB_EXECUTION_ERROR;
    if (mode == GIMP_RUN_INTERACTIVE || (live && mode == GIMP_RUN_WITH_LAST_VALS)) {
        start_ui();
        *made = dialog_run(image, layer, live, settings);
        if (*made > 0 && !gimp_item_is_valid(*made)) *made = -1; /* undone meanwhile */
        /* GIMP 3 keeps the values of a successful run with the image, which may be closed by now. */
        return *made > 0 && gimp_image_is_valid(image) ? GIMP_PDB_SUCCESS : GIMP_PDB_CANCEL;
    }
    if (live) {
        g_set_error_literal(error, SCUMBLE_DOMAIN, 0,
                            "Scumble's live layer needs GIMP's windows; scripts call " PROCEDURE " instead.");
        return GIMP_PDB_CALLING_ERROR;
    }
    gboolean scripted = mode == GIMP_RUN_NONINTERACTIVE, good;
    /* Repeated, an image is rendered as its dialog had it. */
    GPtrArray *conditions = scripted ? grammar_read(settings, image, error) : kept_load(image, &good);
    if (!conditions) return GIMP_PDB_CALLING_ERROR;
    *made = render(image, layer, settings, conditions, scripted, error);
    if (*made <= 0) return GIMP_PDB_EXECUTION_ERROR;
    if (!scripted) gimp_displays_flush();
    return GIMP_PDB_SUCCESS;
}
