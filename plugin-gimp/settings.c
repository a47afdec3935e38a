/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "settings.h"

#include "arguments.h"
#include "compat.h"
#include "engine.h"

#include <string.h>

#define GROUP "scumble"
#define WINDOW_MOST 32767

void settings_init(Settings *s) {
    *s = (Settings){.style = g_strdup(""), .words = g_strdup(""), .device = g_strdup(""), .keep = TRUE};
    for (const Argument *a = ARGUMENT; a < ARGUMENT + ARGUMENTS; a++) {
        if (a->kind == ARGUMENT_TEXT) *argument_text(a, s) = g_strdup("");
        else argument_set(a, s, a->own);
    }
}

void settings_clear(Settings *s) {
    for (const Argument *a = ARGUMENT; a < ARGUMENT + ARGUMENTS; a++)
        if (a->kind == ARGUMENT_TEXT) g_clear_pointer(argument_text(a, s), g_free);
    g_clear_pointer(&s->style, g_free);
    g_clear_pointer(&s->words, g_free);
    g_clear_pointer(&s->device, g_free);
}

void settings_text(gchar **field, const gchar *text) {
    gchar *copy = g_strdup(text ? text : "");
    g_free(*field);
    *field = copy;
}

void settings_take(Settings *s, const Settings *from) {
    for (const Argument *a = ARGUMENT; a < ARGUMENT + ARGUMENTS_KEPT; a++) {
        if (a->kind == ARGUMENT_TEXT) settings_text(argument_text(a, s), argument_text_of(a, from));
        else argument_set(a, s, argument_number(a, from));
    }
    settings_text(&s->style, from->style);
    settings_text(&s->words, from->words);
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

static void load_number(GKeyFile *file, const Argument *a, Settings *s) {
    GError *error = NULL;
    gdouble value = g_key_file_get_double(file, GROUP, a->name, &error);
    if (!error && argument_allows(a, value)) argument_set(a, s, value);
    g_clear_error(&error);
}

static void load_integer(GKeyFile *file, const gchar *key, gint most, gint *field) {
    GError *error = NULL;
    gint value = g_key_file_get_integer(file, GROUP, key, &error);
    if (!error && value >= 0 && value <= most) *field = value;
    g_clear_error(&error);
}

/* What is kept until now; nothing where that is missing or damaged. */
static GKeyFile *kept_before(void) {
    GKeyFile *file = g_key_file_new();
    gchar *path = file_path();
    g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL);
    g_free(path);
    return file;
}

void settings_load_device(Settings *s) {
    GKeyFile *file = kept_before();
    load_text(file, "device", &s->device);
    g_key_file_free(file);
}

void settings_load(Settings *s) {
    GKeyFile *file = kept_before();
    for (const Argument *a = ARGUMENT; a < ARGUMENT + ARGUMENTS_KEPT; a++) {
        if (a->kind == ARGUMENT_TEXT) load_text(file, a->name, argument_text(a, s));
        else load_number(file, a, s);
    }
    load_text(file, "style", &s->style);
    load_text(file, "words", &s->words);
    load_text(file, "device", &s->device);
    load_integer(file, "keep", 1, &s->keep);
    load_integer(file, "share", 1, &s->share);
    load_integer(file, "x", WINDOW_MOST, &s->x);
    load_integer(file, "y", WINDOW_MOST, &s->y);
    load_integer(file, "width", WINDOW_MOST, &s->width);
    load_integer(file, "height", WINDOW_MOST, &s->height);
    g_key_file_free(file);
}

static void put_values(GKeyFile *file, const Settings *s) {
    for (const Argument *a = ARGUMENT; a < ARGUMENT + ARGUMENTS_KEPT; a++) {
        if (a->kind == ARGUMENT_TEXT) g_key_file_set_string(file, GROUP, a->name, argument_text_of(a, s));
        else g_key_file_set_double(file, GROUP, a->name, argument_number(a, s));
    }
    g_key_file_set_string(file, GROUP, "style", s->style);
    g_key_file_set_string(file, GROUP, "words", s->words);
    g_key_file_set_integer(file, GROUP, "keep", s->keep);
    g_key_file_set_integer(file, GROUP, "share", s->share);
}

/* Writes it, and frees it. */
static void keep(GKeyFile *file) {
    gchar *path = file_path();
    GError *error = NULL;
    if (!g_key_file_save_to_file(file, path, &error)) {
        g_printerr("Scumble: the last values could not be kept: %s\n", error->message);
        g_clear_error(&error);
    }
    g_free(path);
    g_key_file_free(file);
}

void settings_save(const Settings *s, gboolean all) {
    GKeyFile *file = kept_before();
    if (all) put_values(file, s);
    g_key_file_set_integer(file, GROUP, "x", s->x);
    g_key_file_set_integer(file, GROUP, "y", s->y);
    g_key_file_set_integer(file, GROUP, "width", s->width);
    g_key_file_set_integer(file, GROUP, "height", s->height);
    keep(file);
}

void settings_keep_device(const gchar *device) {
    GKeyFile *file = kept_before();
    g_key_file_set_string(file, GROUP, "device", device);
    keep(file);
}

gboolean settings_check(const Settings *s, GError **error) {
    const gchar *wrong = NULL;
    for (const Argument *a = ARGUMENT; a < ARGUMENT + ARGUMENTS && !wrong; a++) {
        if (a->kind != ARGUMENT_TEXT) wrong = argument_allows(a, argument_number(a, s)) ? NULL : a->wrong;
        else if (!g_utf8_validate(argument_text_of(a, s), -1, NULL))
            wrong = "The prompt, the negative prompt, the sampler, the model's folder and what steers must be UTF-8 text.";
    }
    if (wrong) g_set_error_literal(error, SCUMBLE_DOMAIN, SCUMBLE_ERROR_SETTING, wrong);
    return wrong == NULL;
}
