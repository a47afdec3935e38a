/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "condition.h"

#include <math.h>
#include <scumble.h>
#include <string.h>

#include "json.h"
#include "known.h"

static const struct {
    guint32 kind;
    gboolean group;
    const gchar *name;
} KINDS[] = {{SCUMBLE_CONDITION_CONTROL, FALSE, "control"}, {SCUMBLE_CONDITION_LORA, FALSE, "lora"},
             {SCUMBLE_CONDITION_REGION, FALSE, "region"}, {SCUMBLE_CONDITION_REGION, TRUE, "regions"},
             {SCUMBLE_CONDITION_REFERENCE, FALSE, "reference"}};

/* By their numbers, SCUMBLE_PREPARE_*. */
static const gchar *const PREPARATIONS[] = {"as_is", "drawn", "lines", "canny", "blur", "depth", "soft_edges", "pose", "inpaint"};

static const struct {
    const gchar *part; /* of a network's name, in small letters */
    guint32 prepare;
} USUAL[] = {{"scribble", SCUMBLE_PREPARE_DRAWN}, {"sketch", SCUMBLE_PREPARE_DRAWN},   {"lineart", SCUMBLE_PREPARE_DRAWN},
             {"line_art", SCUMBLE_PREPARE_DRAWN}, {"line-art", SCUMBLE_PREPARE_DRAWN}, {"canny", SCUMBLE_PREPARE_CANNY},
             {"tile", SCUMBLE_PREPARE_BLUR},      {"blur", SCUMBLE_PREPARE_BLUR},      {"inpaint", SCUMBLE_PREPARE_INPAINT}};

/* By their numbers, SCUMBLE_ASPECT_*. */
static const gchar *const ASPECTS[] = {"all", "style", "layout"};

const gchar *aspect_name(guint32 aspect) { return ASPECTS[aspect]; }

static gboolean named(const gchar *const *names, guint32 count, const gchar *name, gsize length, guint32 *found) {
    for (guint32 i = 0; i < count; i++) {
        if (strlen(names[i]) != length || strncmp(names[i], name, length)) continue;
        *found = i;
        return TRUE;
    }
    return FALSE;
}

gboolean aspect_named(const gchar *name, gsize length, guint32 *aspect) { return named(ASPECTS, G_N_ELEMENTS(ASPECTS), name, length, aspect); }

const gchar *preparation_name(guint32 prepare) { return PREPARATIONS[prepare]; }

gboolean preparation_named(const gchar *name, gsize length, guint32 *prepare) {
    /* As the command line has them. */
    if (length == 5 && !strncmp("as-is", name, length)) name = PREPARATIONS[SCUMBLE_PREPARE_AS_IS];
    if (length == 10 && !strncmp("soft-edges", name, length)) name = PREPARATIONS[SCUMBLE_PREPARE_SOFT_EDGES];
    return named(PREPARATIONS, G_N_ELEMENTS(PREPARATIONS), name, length, prepare);
}

guint32 preparation_usual(const gchar *name) {
    guint32 found = SCUMBLE_PREPARE_AS_IS;
    gchar *small = g_utf8_strdown(name, -1);
    for (guint i = 0; i < G_N_ELEMENTS(USUAL) && found == SCUMBLE_PREPARE_AS_IS; i++)
        if (strstr(small, USUAL[i].part)) found = USUAL[i].prepare;
    g_free(small);
    return found;
}

static void words_clear(gpointer item) {
    LayerWords *words = item;
    g_free(words->name);
    g_free(words->text);
}

static GArray *words_new(void) {
    GArray *words = g_array_new(FALSE, FALSE, sizeof(LayerWords));
    g_array_set_clear_func(words, words_clear);
    return words;
}

static GArray *words_copy(const GArray *from) {
    GArray *to = from ? words_new() : NULL;
    for (guint i = 0; from && i < from->len; i++) {
        LayerWords copy = g_array_index(from, LayerWords, i);
        copy.name = g_strdup(copy.name);
        copy.text = g_strdup(copy.text);
        g_array_append_val(to, copy);
    }
    return to;
}

const gchar *condition_words(const Condition *c, gint32 layer) {
    for (guint i = 0; c->words && i < c->words->len; i++)
        if (g_array_index(c->words, LayerWords, i).layer == layer) return g_array_index(c->words, LayerWords, i).text;
    return "";
}

LayerWords *condition_words_set(Condition *c, gint32 layer, const gchar *text) {
    if (!c->words) c->words = words_new();
    for (guint i = 0; i < c->words->len; i++) {
        if (g_array_index(c->words, LayerWords, i).layer != layer) continue;
        g_array_remove_index(c->words, i);
        break;
    }
    if (!*text) return NULL;
    if (c->words->len == CONDITION_WORDS_MOST) g_array_remove_index(c->words, 0); /* of a layer that may be gone for long */
    LayerWords words = {layer, 0, g_strdup(""), g_strdup(text)};
    g_array_append_val(c->words, words);
    return &g_array_index(c->words, LayerWords, c->words->len - 1);
}

void condition_free(gpointer data) {
    Condition *c = data;
    g_free(c->file);
    g_free(c->path);
    g_free(c->picture);
    g_free(c->picture_path);
    g_free(c->name);
    g_free(c->prompt);
    if (c->words) g_array_unref(c->words);
    g_free(c);
}

GPtrArray *conditions_new(void) { return g_ptr_array_new_with_free_func(condition_free); }

Condition *conditions_at(const GPtrArray *conditions, guint index) { return g_ptr_array_index(conditions, index); }

GPtrArray *conditions_copy(const GPtrArray *conditions) {
    GPtrArray *copy = conditions_new();
    for (guint i = 0; i < conditions->len; i++) {
        const Condition *from = conditions_at(conditions, i);
        Condition *to = g_new(Condition, 1);
        *to = *from;
        to->file = g_strdup(from->file);
        to->path = g_strdup(from->path);
        to->picture = g_strdup(from->picture);
        to->picture_path = g_strdup(from->picture_path);
        to->name = g_strdup(from->name);
        to->prompt = g_strdup(from->prompt);
        to->words = words_copy(from->words);
        g_ptr_array_add(copy, to);
    }
    return copy;
}

Condition *condition_new(guint32 kind) {
    Condition *c = g_new(Condition, 1);
    *c = (Condition){.kind = kind, .file = g_strdup(""), .picture = g_strdup(""), .layer = -1, .name = g_strdup(""), .prompt = g_strdup(""), .scale = 1.0,
                     .text = NAN, .end = 1.0, .on = TRUE};
    return c;
}

static gboolean taken(const GPtrArray *conditions, guint32 number) {
    for (guint i = 0; i < conditions->len; i++)
        if (conditions_at(conditions, i)->number == number) return TRUE;
    return FALSE;
}

Condition *conditions_add(GPtrArray *conditions, guint32 kind, const gchar *file, const gchar *path) {
    guint32 number = 0;
    while (number < CONDITIONS_MOST && taken(conditions, number)) number++;
    if (number == CONDITIONS_MOST) return NULL;
    Condition *c = condition_new(kind);
    c->number = number;
    condition_text(&c->file, file);
    c->path = g_strdup(path);
    g_ptr_array_add(conditions, c);
    return c;
}

gboolean condition_is_own(const Condition *c) { return c->kind == SCUMBLE_CONDITION_CONTROL && !*c->file; }

gboolean condition_is_linked(const Condition *c) { return *c->picture && !condition_is_inpaint(c); }

gboolean condition_has_file(const Condition *c) {
    return (c->kind == SCUMBLE_CONDITION_CONTROL || c->kind == SCUMBLE_CONDITION_LORA) && !condition_is_own(c);
}

gboolean condition_is_inpaint(const Condition *c) { return c->kind == SCUMBLE_CONDITION_CONTROL && c->prepare == SCUMBLE_PREPARE_INPAINT; }

gboolean condition_has_layer(const Condition *c) {
    return c->kind != SCUMBLE_CONDITION_LORA && !condition_is_linked(c) && !condition_is_inpaint(c);
}

void condition_link(Condition *c, const gchar *id, const gchar *path) {
    gchar *copy = g_strdup(path);
    condition_text(&c->picture, id);
    g_free(c->picture_path);
    c->picture_path = copy;
}

void condition_find_files(Condition *c) {
    if (!c->path && condition_has_file(c)) c->path = known_find(KNOWN_NETWORKS, c->file);
    if (!c->picture_path && *c->picture) c->picture_path = known_find(KNOWN_PICTURES, c->picture);
}

gchar *condition_title(const Condition *c) {
    if (c->kind == SCUMBLE_CONDITION_REGION) return g_strdup(c->group ? "Regions" : "Region");
    if (c->kind == SCUMBLE_CONDITION_REFERENCE) return g_strdup("Reference");
    if (condition_is_own(c)) return g_strdup(CONDITION_OWN_TITLE);
    gchar *name = known_name(c->file);
    gchar *dot = strrchr(name, '.');
    if (dot && dot != name) *dot = '\0';
    return name;
}

void condition_text(gchar **field, const gchar *text) {
    gchar *copy = g_strdup(text ? text : "");
    g_free(*field);
    *field = copy;
}

static void put_words(JsonObject *object, const Condition *c) {
    JsonArray *array = json_array_new();
    for (guint i = 0; c->words && i < c->words->len; i++) {
        const LayerWords *words = &g_array_index(c->words, LayerWords, i);
        JsonObject *one = json_object_new();
        json_object_set_string_member(one, "layer", words->name);
        json_object_set_int_member(one, "tattoo", words->tattoo);
        json_object_set_string_member(one, "text", words->text);
        json_array_add_object_element(array, one);
    }
    json_object_set_array_member(object, "words", array);
}

static void put(JsonObject *object, const Condition *c, gboolean for_style) {
    for (guint i = 0; i < G_N_ELEMENTS(KINDS); i++)
        if (KINDS[i].kind == c->kind && KINDS[i].group == c->group) json_object_set_string_member(object, "kind", KINDS[i].name);
    json_object_set_int_member(object, "number", c->number);
    json_object_set_string_member(object, "file", c->file);
    json_object_set_string_member(object, "layer", for_style ? "" : c->name);
    if (!for_style) json_object_set_int_member(object, "tattoo", c->tattoo);
    if (!for_style && *c->picture) json_object_set_string_member(object, "picture", c->picture);
    json_object_set_double_member(object, "scale", c->scale);
    json_object_set_double_member(object, "start", c->start);
    json_object_set_double_member(object, "end", c->end);
    json_object_set_boolean_member(object, "on", c->on != FALSE);
    json_object_set_string_member(object, "prompt", c->prompt);
    if (c->kind == SCUMBLE_CONDITION_CONTROL) json_object_set_string_member(object, "prepare", preparation_name(c->prepare));
    if (c->kind == SCUMBLE_CONDITION_REFERENCE) json_object_set_string_member(object, "aspect", aspect_name(c->aspect));
    if (c->group) put_words(object, c);
}

JsonNode *conditions_write(const GPtrArray *conditions, guint32 kind) {
    JsonArray *array = json_array_new();
    for (guint i = 0; i < conditions->len; i++) {
        const Condition *c = conditions_at(conditions, i);
        if (kind && c->kind != kind) continue;
        JsonObject *object = json_object_new();
        put(object, c, kind != 0);
        json_array_add_object_element(array, object);
    }
    JsonNode *node = json_node_new(JSON_NODE_ARRAY);
    json_node_take_array(node, array);
    return node;
}

static gboolean take_text(JsonObject *object, const gchar *key, gchar **field) {
    JsonNode *node = json_object_get_member(object, key);
    if (!node) return TRUE;
    const gchar *text = json_text_of(node);
    if (!text || strlen(text) > CONDITION_TEXT_MOST || !g_utf8_validate(text, -1, NULL)) return FALSE;
    condition_text(field, text);
    return TRUE;
}

static gboolean take_number(JsonObject *object, const gchar *key, gdouble least, gdouble most, gdouble *field) {
    JsonNode *node = json_object_get_member(object, key);
    if (!node) return TRUE;
    gdouble value = 0.0;
    if (!json_number_of(node, &value) || !(value >= least && value <= most)) return FALSE;
    *field = value;
    return TRUE;
}

static gboolean take_kind(JsonObject *object, guint32 *kind, gboolean *group) {
    const gchar *name = json_text_of(json_object_get_member(object, "kind"));
    if (!name) return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(KINDS); i++) {
        if (strcmp(KINDS[i].name, name)) continue;
        *kind = KINDS[i].kind;
        *group = KINDS[i].group;
        return TRUE;
    }
    return FALSE;
}

static gboolean take_on(JsonObject *object, gboolean *on) {
    JsonNode *node = json_object_get_member(object, "on");
    if (!node) return TRUE;
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_BOOLEAN) return FALSE;
    *on = json_node_get_boolean(node);
    return TRUE;
}

/* What a condition of that kind has by name. Images of before there was such a thing name none, and a later Scumble may have more: the
 * first one then. */
static gboolean take_named(JsonObject *object, const gchar *key, gboolean has, gboolean (*find)(const gchar *, gsize, guint32 *), guint32 *field) {
    gchar *name = g_strdup("");
    gboolean good = take_text(object, key, &name);
    if (good && has) find(name, strlen(name), field);
    g_free(name);
    return good;
}

static gboolean take_layer_words(JsonNode *node, Condition *c) {
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    gdouble tattoo = 0.0;
    gchar *text = g_strdup(""), *name = g_strdup("");
    gboolean good = object && take_text(object, "text", &text) && take_text(object, "layer", &name) &&
                    take_number(object, "tattoo", 0.0, G_MAXINT32, &tattoo) && *text;
    if (good) {
        LayerWords words = {-1, (gint32)tattoo, name, text};
        g_array_append_val(c->words, words);
        return TRUE;
    }
    g_free(name);
    g_free(text);
    return FALSE;
}

static gboolean take_words(JsonObject *object, Condition *c) {
    JsonNode *node = c->group ? json_object_get_member(object, "words") : NULL;
    if (!node) return TRUE;
    JsonArray *array = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    gboolean good = array && json_array_get_length(array) <= CONDITION_WORDS_MOST;
    c->words = words_new();
    for (guint i = 0; good && i < json_array_get_length(array); i++) good = take_layer_words(json_array_get_element(array, i), c);
    return good;
}

static Condition *read_one(JsonNode *node) {
    if (!JSON_NODE_HOLDS_OBJECT(node)) return NULL;
    JsonObject *object = json_node_get_object(node);
    guint32 kind = 0;
    gboolean group = FALSE;
    if (!take_kind(object, &kind, &group) || !json_object_has_member(object, "number") || !json_object_has_member(object, "file")) return NULL;
    Condition *c = condition_new(kind);
    gboolean pictured = kind == SCUMBLE_CONDITION_CONTROL || kind == SCUMBLE_CONDITION_REFERENCE;
    c->group = group;
    gdouble number = 0.0, tattoo = 0.0, least = kind == SCUMBLE_CONDITION_LORA ? -CONDITION_SCALE_MOST : 0.0;
    gboolean good = take_number(object, "number", 0.0, CONDITIONS_MOST - 1, &number) && number == floor(number) &&
                    take_number(object, "tattoo", 0.0, G_MAXINT32, &tattoo) && take_text(object, "file", &c->file) && take_text(object, "picture", &c->picture) &&
                    take_text(object, "layer", &c->name) && take_text(object, "prompt", &c->prompt) &&
                    take_number(object, "scale", least, CONDITION_SCALE_MOST, &c->scale) &&
                    take_number(object, "start", 0.0, 1.0, &c->start) && take_number(object, "end", 0.0, 1.0, &c->end) &&
                    c->start <= c->end && take_on(object, &c->on) && take_words(object, c) &&
                    take_named(object, "prepare", kind == SCUMBLE_CONDITION_CONTROL, preparation_named, &c->prepare) &&
                    take_named(object, "aspect", kind == SCUMBLE_CONDITION_REFERENCE, aspect_named, &c->aspect);
    c->number = (guint32)number;
    c->tattoo = (gint32)tattoo;
    if (good && !pictured) condition_link(c, "", NULL);
    if (good) return c;
    condition_free(c);
    return NULL;
}

GPtrArray *conditions_read(JsonNode *node, gboolean *good) {
    GPtrArray *found = conditions_new();
    *good = node && JSON_NODE_HOLDS_ARRAY(node);
    JsonArray *array = *good ? json_node_get_array(node) : NULL;
    guint count = array ? json_array_get_length(array) : 0;
    for (guint i = 0; i < count && found->len < CONDITIONS_MOST; i++) {
        Condition *c = read_one(json_array_get_element(array, i));
        if (c && !taken(found, c->number)) g_ptr_array_add(found, c);
        else if (c) condition_free(c);
    }
    *good = *good && found->len == count;
    return found;
}
