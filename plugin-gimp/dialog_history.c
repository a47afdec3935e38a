/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "dialog_state.h"

#include <string.h>

#include "aside.h"
#include "canvas.h"
#include "known.h"
#include "prompts.h"
#include "sources.h"

#define STANDS 1.0 /* seconds */

void dialog_note(Dialog *d) {
    GeglRectangle place = {0, 0, 0, 0};
    const Renderer *r = d->renderer;
    if (!d->unnoted || !r || dialog_failed(d) || !renderer_finished(r) || !gimp_image_is_valid(d->image)) return;
    if (!d->live && (d->nothing_selected || !gimp_item_is_valid(d->layer))) return;
    if (!d->live) gimp_drawable_offsets(d->layer, &place.x, &place.y);
    d->unnoted = FALSE;
    history_note(d->history, d->settings, steering_conditions(d->steering), &r->picture, place.x, place.y);
    prompts_remember(d->settings->prompt);
    history_strip_show(d->strip, d->history);
}

void dialog_note_rested(Dialog *d) {
    if (d->unnoted && (gdouble)(g_get_monotonic_time() - d->fresh_at) / 1e6 >= STANDS) dialog_note(d);
}

/* Where the model of an earlier picture lies; NULL: not among the artist's. */
static gchar *model_of(const Dialog *d, const Kept *kept) {
    gchar *path = *kept->model ? known_find(KNOWN_MODELS, kept->model) : g_strdup("");
    if (path || !*d->settings->model) return path;
    gchar *own = known_identity(d->settings->model);
    if (!strcmp(own, kept->model)) path = g_strdup(d->settings->model);
    g_free(own);
    return path;
}

static GPtrArray *conditions_of(const Dialog *d, const Kept *kept) {
    GPtrArray *conditions = conditions_copy(kept->conditions);
    for (guint i = 0; i < conditions->len; i++) condition_find_files(conditions_at(conditions, i));
    sources_find(d->image, conditions);
    return conditions;
}

/* Renders by the words and settings of an earlier picture; on the same paint that is the same picture. */
static void back(guint number, gpointer data) {
    Dialog *d = data;
    dialog_note(d);
    const Kept *kept = history_find(d->history, number);
    if (!kept) return; /* what is set now has made it anew */
    gchar *before = g_strdup(d->settings->model), *path = model_of(d, kept);
    settings_take(d->settings, &kept->settings);
    settings_text(&d->settings->model, path ? path : before);
    steering_set(d->steering, conditions_of(d, kept));
    dialog_tell(d, path ? NULL : "The model of that picture is not among yours: the one that was chosen stays. Choose its folder under Model.");
    gchar *told = g_strdup(d->told);
    dialog_show_settings(d, before);
    if (told) dialog_tell(d, told);
    dialog_say(d);
    g_free(told);
    g_free(before);
    g_free(path);
}

/* One undo step; where it stood, above what is rendered. */
static void lay(guint number, gpointer data) {
    Dialog *d = data;
    GError *error = NULL;
    const Kept *kept = history_find(d->history, number);
    if (!kept || !kept->pixels || !gimp_image_is_valid(d->image)) return;
    gint32 layer = canvas_picture_layer(d->image, kept->settings.prompt, &kept->place, kept->babl, kept->pixels, &error);
    gboolean good = layer > 0 && aside_lay(d->image, layer, &error);
    dialog_tell(d, good ? "The picture is a hidden layer now, at the top of the image." : error->message);
    g_clear_error(&error);
    dialog_say(d);
}

static void seed_drawn(gpointer data) { dialog_note(data); }

void dialog_build_history(Dialog *d) {
    d->history = history_new(d->image);
    d->strip = history_strip_new((StripCalls){back, lay}, d);
    steer_list_share(d->list, history_strip_head(d->strip), history_strip_body(d->strip));
    history_strip_show(d->strip, d->history);
    form_on_new_seed(d->form, seed_drawn);
}
