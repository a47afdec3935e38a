/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "grammar.h"

#include <math.h>
#include <string.h>

#include "compat.h"
#include "engine.h"
#include "sources.h"

#define NUMBERS 4 /* behind one, at most */

typedef struct {
    const gchar *line;
    GPtrArray *found;
    gint32 image;
    GError **error;
} Reading;

static gboolean refuse(const Reading *r, const gchar *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean refuse(const Reading *r, const gchar *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    gchar *why = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(r->error, SCUMBLE_DOMAIN, SCUMBLE_ERROR_SETTING, "\xe2\x80\x9c%s\xe2\x80\x9d cannot steer: %s.", r->line, why);
    g_free(why);
    return FALSE;
}

/* Cuts up to `most` numbers off the end of a text, each behind a colon, in the place of the first of `numbers`; other colons are
 * the text's own. How many there were. */
static gint take_numbers(gchar *text, guint most, gdouble *numbers) {
    gdouble given[NUMBERS];
    gint count = 0;
    for (gchar *colon; count < (gint)most && (colon = strrchr(text, ':')); count++) {
        gchar *end = NULL;
        gdouble value = g_ascii_strtod(colon + 1, &end);
        if (end == colon + 1 || *end || g_ascii_isspace(colon[1]) || strpbrk(colon, "xX")) break;
        memmove(given + 1, given, (gsize)count * sizeof *given);
        given[0] = value;
        *colon = '\0';
    }
    memcpy(numbers, given, (gsize)count * sizeof *given);
    return count;
}

static gboolean within(const Reading *r, const gchar *name, gdouble value, gdouble least, gdouble most) {
    return (value >= least && value <= most) || refuse(r, "give %s as a number from %g to %g", name, least, most);
}

/* The part of the steps in which it acts. */
static gboolean take_part(const Reading *r, Condition *c, gdouble start, gdouble end) {
    c->start = start;
    c->end = end;
    return within(r, "the start", start, 0.0, 1.0) && within(r, "the end", end, 0.0, 1.0);
}

static Condition *add(const Reading *r, guint32 kind, const gchar *path) {
    gchar *file = path ? g_path_get_basename(path) : g_strdup("");
    Condition *c = conditions_add(r->found, kind, file, path);
    g_free(file);
    if (!c) refuse(r, "%d things steer, and there can be no more", CONDITIONS_MOST);
    return c;
}

static gboolean follow(const Reading *r, Condition *c, const gchar *name) {
    gint32 layer = gimp_image_get_layer_by_name(r->image, name);
    if (layer <= 0) return refuse(r, "the image has no layer of the name \xe2\x80\x9c%s\xe2\x80\x9d", name);
    source_choose(c, layer);
    return TRUE;
}

/* The layer of that whole name; else of what comes after the name of a preparation. */
static gboolean follow_prepared(const Reading *r, Condition *c, const gchar *text) {
    const gchar *colon = strchr(text, ':');
    if (colon && gimp_image_get_layer_by_name(r->image, text) <= 0 && preparation_named(text, (gsize)(colon - text), &c->prepare)) text = colon + 1;
    return follow(r, c, text);
}

static gboolean read_control(const Reading *r, gchar *text) {
    gdouble numbers[] = {1.0, 0.0, 1.0};
    gchar *layer = strchr(text, '=');
    if (layer) take_numbers(layer, G_N_ELEMENTS(numbers), numbers);
    if (!layer || !layer[1]) return refuse(r, "write it as FOLDER=LAYER, FOLDER=drawn:LAYER:0.8:0:0.5 or FOLDER=inpaint:0.8:0:0.5");
    *layer++ = '\0';
    if (!within(r, "the scale", numbers[0], 0.0, CONDITION_SCALE_MOST)) return FALSE;
    Condition *c = add(r, SCUMBLE_CONDITION_CONTROL, *text ? text : NULL);
    if (!c) return FALSE;
    c->scale = numbers[0];
    if (!take_part(r, c, numbers[1], numbers[2])) return FALSE;
    if (strcmp(layer, preparation_name(SCUMBLE_PREPARE_INPAINT))) return follow_prepared(r, c, layer);
    c->prepare = SCUMBLE_PREPARE_INPAINT;
    return TRUE;
}

static gboolean read_lora(const Reading *r, gchar *text) {
    gdouble numbers[] = {1.0, NAN, 0.0, 1.0};
    gint count = take_numbers(text, G_N_ELEMENTS(numbers), numbers);
    if (!*text) return refuse(r, "write it as FILE or FILE:0.8");
    for (gint i = 0; i < MIN(count, 2); i++)
        if (!within(r, "its scale", numbers[i], -CONDITION_SCALE_MOST, CONDITION_SCALE_MOST)) return FALSE;
    Condition *c = add(r, SCUMBLE_CONDITION_LORA, text);
    if (!c) return FALSE;
    c->scale = numbers[0];
    c->text = numbers[1];
    return take_part(r, c, numbers[2], numbers[3]);
}

static gboolean read_region(const Reading *r, gchar *text) {
    gdouble numbers[] = {1.0, 0.0, 1.0};
    gchar *words = strchr(text, '=');
    if (!words || words == text) return refuse(r, "write it as LAYER=WORDS or LAYER=WORDS:0.8");
    *words++ = '\0';
    take_numbers(words, G_N_ELEMENTS(numbers), numbers);
    if (!within(r, "its weight", numbers[0], 0.0, CONDITION_SCALE_MOST)) return FALSE;
    Condition *c = add(r, SCUMBLE_CONDITION_REGION, NULL);
    if (!c || !take_part(r, c, numbers[1], numbers[2])) return FALSE;
    c->scale = numbers[0];
    c->group = !strcmp(words, "*");
    if (!c->group) condition_text(&c->prompt, words);
    return follow(r, c, text);
}

static gboolean read_reference(const Reading *r, gchar *text) {
    gdouble numbers[] = {1.0, 0.0, 1.0};
    take_numbers(text, G_N_ELEMENTS(numbers), numbers);
    if (!*text) return refuse(r, "write it as LAYER, LAYER:0.6 or style:LAYER");
    if (!within(r, "its scale", numbers[0], 0.0, CONDITION_SCALE_MOST)) return FALSE;
    Condition *c = add(r, SCUMBLE_CONDITION_REFERENCE, NULL);
    if (!c || !take_part(r, c, numbers[1], numbers[2])) return FALSE;
    c->scale = numbers[0];
    const gchar *colon = strchr(text, ':');
    gboolean whole_name = gimp_image_get_layer_by_name(r->image, text) > 0;
    return follow(r, c, colon && !whole_name && aspect_named(text, (gsize)(colon - text), &c->aspect) ? colon + 1 : text);
}

GPtrArray *grammar_read(const Settings *settings, gint32 image, GError **error) {
    const struct {
        const gchar *text;
        gboolean (*read)(const Reading *, gchar *);
    } kinds[] = {{settings->control, read_control}, {settings->lora, read_lora}, {settings->region, read_region},
                {settings->reference, read_reference}};
    Reading reading = {.found = conditions_new(), .image = image, .error = error};
    gboolean good = TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        gchar **lines = g_strsplit(kinds[i].text, "\n", -1);
        for (gchar **line = lines; good && *line; line++) {
            gchar *text = g_strdup(g_strstrip(*line));
            reading.line = *line;
            good = !*text || kinds[i].read(&reading, text);
            g_free(text);
        }
        g_strfreev(lines);
    }
    if (!good) g_clear_pointer(&reading.found, g_ptr_array_unref);
    return reading.found;
}
