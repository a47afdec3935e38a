/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "history_kept.h"

#include <string.h>

#include "compat.h"
#include "json.h"
#include "known.h"
#include "mark.h"
#include "sources.h"

#define NAME "scumble-pictures" /* on an image */
#define WORDS_MOST 10000        /* bytes of a text */
#define SMALL_MOST (1 << 15)    /* bytes of a small picture in its file */
#define ALL_MOST (200 << 10)    /* bytes of all of it: the oldest are left out */

static JsonObject *put(const Kept *k) {
    const Settings *s = &k->settings;
    JsonObject *object = json_object_new();
    json_object_set_string_member(object, "prompt", s->prompt);
    json_object_set_string_member(object, "negative", s->negative);
    json_object_set_string_member(object, "sampler", s->sampler);
    json_object_set_string_member(object, "style", s->style);
    json_object_set_string_member(object, "words", s->words);
    json_object_set_string_member(object, "model", k->model);
    json_object_set_double_member(object, "strength", s->strength);
    json_object_set_double_member(object, "guidance", s->guidance);
    json_object_set_int_member(object, "steps", s->steps);
    json_object_set_int_member(object, "seed", s->seed);
    json_object_set_member(object, "conditions", conditions_write(k->conditions, FALSE));
    return object;
}

static gchar *text_of(JsonObject *object) {
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, object);
    gchar *text = json_to_text(node);
    json_node_unref(node);
    return text;
}

gchar *history_text(const Kept *k) { return text_of(put(k)); }

static gboolean take_text(JsonObject *object, const gchar *key, gchar **field) {
    JsonNode *node = json_object_get_member(object, key);
    if (!node || !JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING) return FALSE;
    if (strlen(json_node_get_string(node)) > WORDS_MOST) return FALSE;
    settings_text(field, json_node_get_string(node));
    return TRUE;
}

static gboolean take_number(JsonObject *object, const gchar *key, gdouble least, gdouble most, gdouble *value) {
    JsonNode *node = json_object_get_member(object, key);
    GType type = node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node) : G_TYPE_NONE;
    if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE) return FALSE;
    *value = json_node_get_double(node);
    return *value >= least && *value <= most;
}

static void limit(GdkPixbufLoader *loader, gint width, gint height, gpointer wrong) {
    if (width < 1 || height < 1 || width > HISTORY_SIDE || height > HISTORY_SIDE) {
        *(gboolean *)wrong = TRUE;
        gdk_pixbuf_loader_set_size(loader, 1, 1);
    }
}

static GdkPixbuf *picture_from(JsonObject *object) {
    JsonNode *node = json_object_get_member(object, "small");
    const gchar *text = node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING ? json_node_get_string(node) : "";
    gsize length = 0;
    gboolean wrong = FALSE;
    guchar *bytes = strlen(text) <= SMALL_MOST ? g_base64_decode(text, &length) : NULL;
    GdkPixbufLoader *loader = bytes ? gdk_pixbuf_loader_new_with_type("jpeg", NULL) : NULL;
    GdkPixbuf *found = NULL;
    if (loader) {
        g_signal_connect(loader, "size-prepared", G_CALLBACK(limit), &wrong);
        gboolean written = gdk_pixbuf_loader_write(loader, bytes, length, NULL);
        if (gdk_pixbuf_loader_close(loader, NULL) && written && !wrong) found = gdk_pixbuf_loader_get_pixbuf(loader);
        if (found) g_object_ref(found);
        g_object_unref(loader);
    }
    g_free(bytes);
    return found;
}

static Kept *take(JsonObject *object) {
    Kept *k = g_new0(Kept, 1);
    Settings *s = &k->settings;
    gdouble steps = 0.0, seed = 0.0;
    settings_init(s);
    k->model = g_strdup("");
    gboolean good = take_text(object, "prompt", &s->prompt) && take_text(object, "negative", &s->negative) &&
                    take_text(object, "sampler", &s->sampler) && take_text(object, "style", &s->style) &&
                    take_text(object, "words", &s->words) && take_text(object, "model", &k->model) &&
                    take_number(object, "strength", -1.0, 1.0, &s->strength) &&
                    take_number(object, "guidance", -1.0, GUIDANCE_MOST, &s->guidance) &&
                    take_number(object, "steps", 0.0, STEPS_MOST, &steps) && take_number(object, "seed", 0.0, SEED_MOST, &seed);
    s->steps = (gint)steps;
    s->seed = (gint)seed;
    gboolean all = FALSE;
    k->conditions = conditions_read(json_object_get_member(object, "conditions"), &all);
    k->small = good && all ? picture_from(object) : NULL;
    if (!k->small) {
        kept_free(k);
        return NULL;
    }
    k->made_by = history_text(k);
    return k;
}

void history_read(gint32 image, GPtrArray *kept) {
    GimpParasite *parasite = gimp_image_get_parasite(image, NAME);
    /* One that is saved with images has come with a file, from anybody. */
    gboolean ours = parasite && !gimp_parasite_is_persistent(parasite);
    gchar *text = mark_text(parasite);
    JsonNode *node = ours && text ? json_object_from(text, strlen(text)) : NULL;
    JsonNode *list = node ? json_object_get_member(json_node_get_object(node), "pictures") : NULL;
    JsonArray *array = list && JSON_NODE_HOLDS_ARRAY(list) ? json_node_get_array(list) : NULL;
    for (guint i = 0; array && i < json_array_get_length(array) && kept->len < HISTORY_MOST; i++) {
        JsonNode *one = json_array_get_element(array, i);
        Kept *k = JSON_NODE_HOLDS_OBJECT(one) ? take(json_node_get_object(one)) : NULL;
        if (k) g_ptr_array_add(kept, k);
    }
    if (node) json_node_unref(node);
    g_free(text);
}

static gchar *all_of(const GPtrArray *kept, guint count) {
    JsonArray *array = json_array_new();
    for (guint i = 0; i < count; i++) {
        const Kept *k = g_ptr_array_index(kept, i);
        gchar *bytes = NULL;
        gsize length = 0;
        if (!gdk_pixbuf_save_to_buffer(k->small, &bytes, &length, "jpeg", NULL, "quality", "90", NULL)) continue;
        JsonObject *object = put(k);
        gchar *text = g_base64_encode((const guchar *)bytes, length);
        json_object_set_string_member(object, "small", text);
        json_array_add_object_element(array, object);
        g_free(text);
        g_free(bytes);
    }
    JsonObject *object = json_object_new();
    json_object_set_array_member(object, "pictures", array);
    return text_of(object);
}

void history_write(gint32 image, const GPtrArray *kept) {
    if (!gimp_image_is_valid(image)) return;
    guint count = kept->len;
    gchar *text = all_of(kept, count);
    while (strlen(text) > ALL_MOST && count > 1) {
        g_free(text);
        text = all_of(kept, count = count * 3 / 4);
    }
    GimpParasite *parasite = gimp_parasite_new(NAME, 0, (guint32)strlen(text) + 1, text);
    gimp_image_attach_parasite(image, parasite);
    gimp_parasite_free(parasite);
    g_free(text);
}
