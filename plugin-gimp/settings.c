/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "settings.h"

#include "compat.h"
#include "engine.h"

#include <string.h>

#define GROUP "scumble"
#define WINDOW_MOST 32767

void settings_init(Settings *s) {
    *s = (Settings){.prompt = g_strdup(""), .negative = g_strdup(""), .strength = -1.0, .guidance = -1.0,
                    .sampler = g_strdup(""), .model = g_strdup(""), .control = g_strdup(""),
                    .lora = g_strdup(""), .region = g_strdup(""), .reference = g_strdup(""), .style = g_strdup(""),
                    .words = g_strdup(""), .keep = TRUE};
}

void settings_clear(Settings *s) {
    g_clear_pointer(&s->prompt, g_free);
    g_clear_pointer(&s->negative, g_free);
    g_clear_pointer(&s->sampler, g_free);
    g_clear_pointer(&s->model, g_free);
    g_clear_pointer(&s->style, g_free);
    g_clear_pointer(&s->words, g_free);
    g_clear_pointer(&s->control, g_free);
    g_clear_pointer(&s->lora, g_free);
    g_clear_pointer(&s->region, g_free);
    g_clear_pointer(&s->reference, g_free);
}

void settings_text(gchar **field, const gchar *text) {
    gchar *copy = g_strdup(text ? text : "");
    g_free(*field);
    *field = copy;
}

void settings_take(Settings *s, const Settings *from) {
    settings_text(&s->prompt, from->prompt);
    settings_text(&s->negative, from->negative);
    settings_text(&s->sampler, from->sampler);
    settings_text(&s->model, from->model);
    settings_text(&s->style, from->style);
    settings_text(&s->words, from->words);
    s->strength = from->strength;
    s->steps = from->steps;
    s->guidance = from->guidance;
    s->seed = from->seed;
}

gchar *settings_prompt(const Settings *s) {
    if (!*s->words) return g_strdup(s->prompt);
    const gchar *start = s->prompt + strspn(s->prompt, " ,");
    gsize length = strlen(start);
    while (length && strchr(" ,", start[length - 1])) length--;
    return length ? g_strdup_printf("%.*s, %s", (int)length, start, s->words) : g_strdup(s->words);
}

/* In GIMP's own folder, so that it outlives the session, as the dialogs of GIMP 3 do. */
static gchar *file_path(void) { return g_build_filename(gimp_directory(), "scumble.conf", NULL); }

static void load_text(GKeyFile *file, const gchar *key, gchar **field) {
    gchar *text = g_key_file_get_string(file, GROUP, key, NULL);
    if (text && g_utf8_validate(text, -1, NULL)) settings_text(field, text);
    g_free(text);
}

static void load_number(GKeyFile *file, const gchar *key, gdouble least, gdouble most, gdouble *field) {
    GError *error = NULL;
    gdouble value = g_key_file_get_double(file, GROUP, key, &error);
    if (!error && value >= least && value <= most) *field = value;
    g_clear_error(&error);
}

static void load_integer(GKeyFile *file, const gchar *key, gint most, gint *field) {
    GError *error = NULL;
    gint value = g_key_file_get_integer(file, GROUP, key, &error);
    if (!error && value >= 0 && value <= most) *field = value;
    g_clear_error(&error);
}

void settings_load(Settings *s) {
    GKeyFile *file = g_key_file_new();
    gchar *path = file_path();
    if (g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL)) {
        load_text(file, "prompt", &s->prompt);
        load_text(file, "negative", &s->negative);
        load_text(file, "sampler", &s->sampler);
        load_text(file, "model", &s->model);
        load_text(file, "style", &s->style);
        load_text(file, "words", &s->words);
        load_number(file, "strength", -1.0, 1.0, &s->strength);
        load_number(file, "guidance", -1.0, GUIDANCE_MOST, &s->guidance);
        load_integer(file, "steps", STEPS_MOST, &s->steps);
        load_integer(file, "seed", SEED_MOST, &s->seed);
        load_integer(file, "keep", 1, &s->keep);
        load_integer(file, "x", WINDOW_MOST, &s->x);
        load_integer(file, "y", WINDOW_MOST, &s->y);
        load_integer(file, "width", WINDOW_MOST, &s->width);
        load_integer(file, "height", WINDOW_MOST, &s->height);
    }
    g_free(path);
    g_key_file_free(file);
}

static void put_values(GKeyFile *file, const Settings *s) {
    g_key_file_set_string(file, GROUP, "prompt", s->prompt);
    g_key_file_set_string(file, GROUP, "negative", s->negative);
    g_key_file_set_string(file, GROUP, "sampler", s->sampler);
    g_key_file_set_string(file, GROUP, "model", s->model);
    g_key_file_set_string(file, GROUP, "style", s->style);
    g_key_file_set_string(file, GROUP, "words", s->words);
    g_key_file_set_double(file, GROUP, "strength", s->strength);
    g_key_file_set_double(file, GROUP, "guidance", s->guidance);
    g_key_file_set_integer(file, GROUP, "steps", s->steps);
    g_key_file_set_integer(file, GROUP, "seed", s->seed);
    g_key_file_set_integer(file, GROUP, "keep", s->keep);
}

void settings_save(const Settings *s, gboolean all) {
    GKeyFile *file = g_key_file_new();
    gchar *path = file_path();
    if (!all) g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL);
    else put_values(file, s);
    g_key_file_set_integer(file, GROUP, "x", s->x);
    g_key_file_set_integer(file, GROUP, "y", s->y);
    g_key_file_set_integer(file, GROUP, "width", s->width);
    g_key_file_set_integer(file, GROUP, "height", s->height);
    GError *error = NULL;
    if (!g_key_file_save_to_file(file, path, &error)) {
        g_printerr("Scumble: the last values could not be kept: %s\n", error->message);
        g_clear_error(&error);
    }
    g_free(path);
    g_key_file_free(file);
}

gboolean settings_whole(gdouble value, gint *field) {
    if (!(value >= G_MININT && value <= G_MAXINT) || value != (gdouble)(gint)value) return FALSE;
    *field = (gint)value;
    return TRUE;
}

/* Script-Fu hands over any number; -1 (and 0 steps) is the model's own. */
gboolean settings_check(const Settings *s, GError **error) {
    const gchar *wrong = NULL;
    if (!(s->strength <= 1.0 && (s->strength >= 0.0 || s->strength == -1.0)))
        wrong = "The strength goes from 0 to 1 (-1: the model's own).";
    else if (!(s->guidance <= GUIDANCE_MOST && (s->guidance >= 0.0 || s->guidance == -1.0)))
        wrong = "The guidance goes from 0 to 100 (-1: the model's own).";
    else if (s->steps < 0 || s->steps > STEPS_MOST)
        wrong = "The steps go from 1 to 200 (0: the model's own).";
    else if (s->seed < 0)
        wrong = "The seed is a number from 0 to 2147483647.";
    else if (!g_utf8_validate(s->prompt, -1, NULL) || !g_utf8_validate(s->negative, -1, NULL) ||
             !g_utf8_validate(s->sampler, -1, NULL) || !g_utf8_validate(s->model, -1, NULL) || !g_utf8_validate(s->control, -1, NULL) ||
             !g_utf8_validate(s->lora, -1, NULL) || !g_utf8_validate(s->region, -1, NULL) ||
             !g_utf8_validate(s->reference, -1, NULL))
        wrong = "The prompt, the negative prompt, the sampler, the model's folder and what steers must be UTF-8 text.";
    if (wrong) g_set_error_literal(error, SCUMBLE_DOMAIN, SCUMBLE_ERROR_SETTING, wrong);
    return wrong == NULL;
}
