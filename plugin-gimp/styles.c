/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "styles.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "compat.h"
#include "engine.h"
#include "json.h"
#include "known.h"

#define KIND "scumble style"
#define WORDS_MOST 10000 /* bytes */

/* For the model that comes with Scumble, and any other; Krita's plug-in has the same. */
static const struct {
    const gchar *name, *words;
} BUILT_IN[] = {
    {"Golden hour", "at sunset, warm low light"},
    {"Mist", "foggy, mist, soft pale light"},
    {"Moonlight", "at night under a full moon"},
    {"Winter", "snow, winter, cold light"},
    {"Storm", "under dark storm clouds, rain"},
    {"Autumn", "in autumn, red and golden trees"},
};

void style_free(Style *s) {
    if (!s) return;
    g_free(s->name);
    g_free(s->before);
    g_free(s->words);
    g_free(s->negative);
    g_free(s->sampler);
    g_free(s->model);
    g_ptr_array_unref(s->loras);
    g_ptr_array_unref(s->controls);
    g_free(s);
}

/* A name without blanks at its ends or several in a row, and not too long. */
static gchar *tidy(const gchar *name) {
    gchar **parts = g_strsplit_set(name, " \t\r\n", -1);
    GString *all = g_string_new(NULL);
    for (gchar **part = parts; *part; part++)
        if (**part) g_string_append_printf(all, "%s%s", all->len ? " " : "", *part);
    g_strfreev(parts);
    gchar *whole = g_string_free(all, FALSE);
    gchar *cut = g_utf8_strlen(whole, -1) > STYLE_NAME_MOST ? g_utf8_substring(whole, 0, STYLE_NAME_MOST) : g_strdup(whole);
    g_free(whole);
    return cut;
}

static Style *style_new(const gchar *name, const gchar *words, gboolean own) {
    Style *s = g_new(Style, 1);
    *s = (Style){.name = tidy(name), .words = g_strdup(words), .negative = g_strdup(""), .sampler = g_strdup(""),
                 .model = g_strdup(""), .strength = -1.0, .guidance = -1.0, .loras = conditions_new(), .controls = conditions_new(), .own = own};
    g_strstrip(s->words);
    return s;
}

static gchar *folder(void) { return g_build_filename(gimp_directory(), "scumble_styles", NULL); }

static gint by_name(gconstpointer a, gconstpointer b) {
    const Style *one = *(const Style *const *)a, *other = *(const Style *const *)b;
    return g_utf8_collate(one->name, other->name);
}

static gboolean has(const GPtrArray *styles, const gchar *name) {
    for (guint i = 0; i < styles->len; i++)
        if (!strcmp(((const Style *)g_ptr_array_index(styles, i))->name, name)) return TRUE;
    return FALSE;
}

GPtrArray *styles_known(void) {
    GPtrArray *own = g_ptr_array_new(), *all = g_ptr_array_new_with_free_func((GDestroyNotify)style_free);
    gchar *where = folder();
    GDir *files = g_dir_open(where, 0, NULL);
    for (const gchar *file; files && (file = g_dir_read_name(files));) {
        gchar *path = g_build_filename(where, file, NULL);
        Style *style = g_str_has_suffix(file, STYLE_SUFFIX) ? style_read(path, NULL) : NULL;
        if (style) g_ptr_array_add(own, style);
        g_free(path);
    }
    if (files) g_dir_close(files);
    g_free(where);
    g_ptr_array_sort(own, by_name);
    for (guint i = 0; i < G_N_ELEMENTS(BUILT_IN); i++)
        if (!has(own, BUILT_IN[i].name)) g_ptr_array_add(all, style_new(BUILT_IN[i].name, BUILT_IN[i].words, FALSE));
    for (guint i = 0; i < own->len; i++) g_ptr_array_add(all, g_ptr_array_index(own, i));
    g_ptr_array_unref(own);
    return all;
}

static void keep_only(GPtrArray **field, const GPtrArray *conditions, guint32 kind) {
    g_ptr_array_unref(*field);
    *field = conditions_copy(conditions);
    for (guint i = (*field)->len; i-- > 0;)
        if (conditions_at(*field, i)->kind != kind) g_ptr_array_remove_index(*field, i);
}

Style *style_of(const gchar *name, const gchar *words, const Settings *settings, const GPtrArray *conditions, GError **error) {
    Style *s = style_new(name, words, TRUE);
    if (!*s->name) {
        g_set_error_literal(error, SCUMBLE_DOMAIN, 0, "A style needs a name.");
        style_free(s);
        return NULL;
    }
    s->keeps = STYLE_NEGATIVE | STYLE_STRENGTH | STYLE_STEPS | STYLE_GUIDANCE | STYLE_SAMPLER | STYLE_MODEL;
    settings_text(&s->negative, settings->negative);
    settings_text(&s->sampler, settings->sampler);
    s->strength = settings->strength;
    s->guidance = settings->guidance;
    s->steps = settings->steps;
    if (*settings->model) {
        g_free(s->model);
        s->model = known_identity(settings->model);
    }
    keep_only(&s->loras, conditions, SCUMBLE_CONDITION_LORA);
    keep_only(&s->controls, conditions, SCUMBLE_CONDITION_CONTROL);
    return s;
}

/* A text of the object; FALSE if it is something else. */
static gboolean take_text(JsonObject *object, const gchar *key, gchar **field, guint bit, guint *keeps) {
    JsonNode *node = json_object_get_member(object, key);
    if (!node) return TRUE;
    const gchar *text = json_text_of(node);
    if (!text || strlen(text) > WORDS_MOST) return FALSE;
    settings_text(field, text);
    *keeps |= bit;
    return TRUE;
}

/* A number, brought into its range; null is the model's own. */
static gboolean take_number(JsonObject *object, const gchar *key, gdouble least, gdouble most, gdouble *field, guint bit, guint *keeps) {
    JsonNode *node = json_object_get_member(object, key);
    if (!node) return TRUE;
    *keeps |= bit;
    if (JSON_NODE_HOLDS_NULL(node)) return TRUE;
    gdouble value = NAN;
    json_number_of(node, &value);
    *field = CLAMP(value, least, most);
    return isfinite(value);
}

/* What steers of one kind; FALSE if it is something else. */
static gboolean take_conditions(JsonObject *object, const gchar *key, guint32 kind, GPtrArray **field) {
    gboolean good = TRUE;
    if (!json_object_has_member(object, key)) return TRUE;
    g_ptr_array_unref(*field);
    *field = conditions_read(json_object_get_member(object, key), &good);
    for (guint i = 0; i < (*field)->len; i++) good = good && conditions_at(*field, i)->kind == kind && !*conditions_at(*field, i)->name;
    return good;
}

static Style *parse(JsonObject *object) {
    gchar *kind = g_strdup(""), *name = g_strdup(""), *words = g_strdup("");
    guint given = 0;
    gboolean good = take_text(object, "kind", &kind, 0, &given) && take_text(object, "name", &name, 1, &given) &&
                    take_text(object, "words", &words, 0, &given) && !strcmp(kind, KIND) && given;
    Style *s = style_new(name, words, TRUE);
    gdouble steps = 0.0;
    good = good && *s->name && take_text(object, "negative", &s->negative, STYLE_NEGATIVE, &s->keeps) &&
           take_text(object, "sampler", &s->sampler, STYLE_SAMPLER, &s->keeps) &&
           take_text(object, "model", &s->model, STYLE_MODEL, &s->keeps) &&
           take_number(object, "strength", 0.0, 1.0, &s->strength, STYLE_STRENGTH, &s->keeps) &&
           take_number(object, "guidance", 0.0, GUIDANCE_MOST, &s->guidance, STYLE_GUIDANCE, &s->keeps) &&
           take_number(object, "steps", 1.0, STEPS_MOST, &steps, STYLE_STEPS, &s->keeps);
    s->steps = (gint)steps;
    good = good && take_conditions(object, "loras", SCUMBLE_CONDITION_LORA, &s->loras) &&
           take_conditions(object, "controls", SCUMBLE_CONDITION_CONTROL, &s->controls);
    g_free(kind);
    g_free(name);
    g_free(words);
    if (!good) g_clear_pointer(&s, style_free);
    return s;
}

Style *style_read(const gchar *path, GError **error) {
    gchar *text = NULL;
    gsize length = 0;
    GError *wrong = NULL;
    if (!g_file_get_contents(path, &text, &length, &wrong)) {
        g_set_error(error, SCUMBLE_DOMAIN, 0, "%s could not be read: %s.", path, wrong->message);
        g_error_free(wrong);
        return NULL;
    }
    JsonNode *node = json_object_from(text, length);
    Style *style = node ? parse(json_node_get_object(node)) : NULL;
    if (!style) g_set_error(error, SCUMBLE_DOMAIN, 0, "%s is no style of Scumble, or it is damaged.", path);
    if (node) json_node_unref(node);
    g_free(text);
    return style;
}

/* The name with a number behind it, both of them whole. */
static gchar *numbered(const gchar *name, guint number) {
    gchar *end = g_strdup_printf(" %u", number), *start = g_utf8_substring(name, 0, MIN(g_utf8_strlen(name, -1), STYLE_NAME_MOST - (glong)strlen(end)));
    gchar *whole = g_strconcat(start, end, NULL);
    g_free(start);
    g_free(end);
    return whole;
}

void style_name_anew(Style *s) {
    GPtrArray *known = styles_known();
    gchar *name = g_strdup(s->name);
    for (guint number = 2; has(known, name); number++) {
        g_free(name);
        name = numbered(s->name, number);
    }
    g_ptr_array_unref(known);
    if (!strcmp(name, s->name)) {
        g_free(name);
        return;
    }
    s->before = s->name;
    s->name = name;
}

static void put_number(JsonObject *object, const gchar *key, gboolean own, gdouble value) {
    if (own) json_object_set_null_member(object, key);
    else json_object_set_double_member(object, key, value);
}

gboolean style_write(const Style *s, const gchar *path, GError **error) {
    JsonObject *object = json_object_new();
    json_object_set_string_member(object, "kind", KIND);
    json_object_set_int_member(object, "version", 1);
    json_object_set_string_member(object, "name", s->name);
    json_object_set_string_member(object, "words", s->words);
    if (s->keeps & STYLE_NEGATIVE) json_object_set_string_member(object, "negative", s->negative);
    if (s->keeps & STYLE_STRENGTH) put_number(object, "strength", s->strength < 0.0, s->strength);
    if (s->keeps & STYLE_STEPS && s->steps) json_object_set_int_member(object, "steps", s->steps);
    else if (s->keeps & STYLE_STEPS) json_object_set_null_member(object, "steps");
    if (s->keeps & STYLE_GUIDANCE) put_number(object, "guidance", s->guidance < 0.0, s->guidance);
    if (s->keeps & STYLE_SAMPLER) json_object_set_string_member(object, "sampler", s->sampler);
    if (s->keeps & STYLE_MODEL) json_object_set_string_member(object, "model", s->model);
    json_object_set_member(object, "loras", conditions_write(s->loras, SCUMBLE_CONDITION_LORA));
    json_object_set_member(object, "controls", conditions_write(s->controls, SCUMBLE_CONDITION_CONTROL));
    gchar *text = json_object_text(object);
    GError *wrong = NULL;
    gboolean good = g_file_set_contents(path, text, -1, &wrong);
    if (!good) g_set_error(error, SCUMBLE_DOMAIN, 0, "The style could not be written to %s: %s.", path, wrong->message);
    g_clear_error(&wrong);
    g_free(text);
    return good;
}

/* Where an own style lies: a name that every file system takes, and another one for each style. */
static gchar *path_of(const Style *s) {
    GString *plain = g_string_new(NULL);
    for (const gchar *at = s->name; *at; at = g_utf8_next_char(at)) {
        gunichar letter = g_utf8_get_char(at);
        g_string_append_unichar(plain, g_unichar_isalnum(letter) || strchr(" -_", (int)MIN(letter, 127)) ? letter : '_');
    }
    if (strcmp(plain->str, s->name)) g_string_append_printf(plain, " %x", g_str_hash(s->name));
    g_string_append(plain, STYLE_SUFFIX);
    gchar *where = folder(), *path = g_build_filename(where, plain->str, NULL);
    g_string_free(plain, TRUE);
    g_free(where);
    return path;
}

gboolean style_save(const Style *s, GError **error) {
    gchar *where = folder(), *path = path_of(s);
    g_mkdir_with_parents(where, 0777); /* what is wrong with it the next line tells */
    gboolean good = style_write(s, path, error);
    g_free(where);
    g_free(path);
    return good;
}

gboolean style_remove(const Style *s, GError **error) {
    gchar *path = path_of(s);
    gboolean good = g_unlink(path) == 0;
    if (!good)
        g_set_error(error, SCUMBLE_DOMAIN, 0, "The style \xe2\x80\x9c%s\xe2\x80\x9d could not be deleted: %s.", s->name, g_strerror(errno));
    g_free(path);
    return good;
}

static void apply_model(const Style *s, Settings *settings, GError **missing) {
    gchar *path = *s->model ? known_find(KNOWN_MODELS, s->model) : g_strdup("");
    if (path) {
        settings_text(&settings->model, path);
    } else {
        gchar *name = known_name(s->model);
        g_set_error(missing, SCUMBLE_DOMAIN, SCUMBLE_ERROR_MODEL_MISSING,
                    "The style \xe2\x80\x9c%s\xe2\x80\x9d was made with the model \xe2\x80\x9c%s\xe2\x80\x9d, which is not among yours: the one that was "
                    "chosen stays. Choose its folder under Model, then the style again.", s->name, name);
        g_free(name);
    }
    g_free(path);
}

/* One more, with the style's file. NULL where there can be no more. */
static Condition *add_like(GPtrArray *conditions, const Condition *like) {
    gchar *path = known_find(KNOWN_NETWORKS, like->file);
    Condition *c = conditions_add(conditions, like->kind, like->file, path);
    g_free(path);
    return c;
}

/* The first ControlNet of that file that was not `heard` yet (bits by number), or a new one: several may be of one file. */
static Condition *control_like(GPtrArray *conditions, const Condition *control, guint32 heard) {
    for (guint i = 0; i < conditions->len; i++) {
        Condition *c = conditions_at(conditions, i);
        if (c->kind == SCUMBLE_CONDITION_CONTROL && !(heard & (1u << c->number)) && !strcmp(c->file, control->file)) return c;
    }
    return add_like(conditions, control);
}

/* How it steers, as the style has it. */
static void take_over(Condition *c, const Condition *from) {
    c->scale = from->scale;
    c->start = from->start;
    c->end = from->end;
    c->prepare = from->prepare;
    c->on = from->on;
}

static void hear(GPtrArray *conditions, const GPtrArray *controls) {
    guint32 heard = 0;
    for (guint i = 0; i < controls->len; i++) {
        const Condition *control = conditions_at(controls, i);
        Condition *c = control_like(conditions, control, heard);
        if (!c) return;
        heard |= 1u << c->number;
        take_over(c, control);
    }
}

GPtrArray *style_apply(const Style *s, Settings *settings, const GPtrArray *conditions, GError **missing) {
    GPtrArray *all = conditions_copy(conditions);
    settings_text(&settings->style, s ? s->name : "");
    settings_text(&settings->words, s ? s->words : "");
    if (!s) return all;
    if (s->keeps & STYLE_NEGATIVE) settings_text(&settings->negative, s->negative);
    if (s->keeps & STYLE_SAMPLER) settings_text(&settings->sampler, s->sampler);
    if (s->keeps & STYLE_STRENGTH) settings->strength = s->strength;
    if (s->keeps & STYLE_GUIDANCE) settings->guidance = s->guidance;
    if (s->keeps & STYLE_STEPS) settings->steps = s->steps;
    if (s->keeps & STYLE_MODEL) apply_model(s, settings, missing);
    for (guint i = all->len; s->loras->len && i-- > 0;)
        if (conditions_at(all, i)->kind == SCUMBLE_CONDITION_LORA) g_ptr_array_remove_index(all, i);
    for (guint i = 0; i < s->loras->len; i++) {
        Condition *c = add_like(all, conditions_at(s->loras, i));
        if (!c) break;
        take_over(c, conditions_at(s->loras, i));
    }
    hear(all, s->controls);
    return all;
}
