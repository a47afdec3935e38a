/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "history_kept.h"

#include <string.h>

#include "arguments.h"
#include "compat.h"
#include "json.h"
#include "known.h"
#include "mark.h"
#include "sources.h"

#define NAME "scumble-pictures" /* on an image */
#define WORDS_MOST 10000        /* bytes of a text */
#define SMALL_MOST (1 << 15)    /* bytes of a small picture in its file */
#define ALL_MOST (200 << 10)    /* bytes of all of it: the oldest are left out */

/* A model is kept by its id. */
static gboolean is_model(const Argument *a) { return a->field == G_STRUCT_OFFSET(Settings, model); }

static JsonObject *put(const Kept *k) {
    const Settings *s = &k->settings;
    JsonObject *object = json_object_new();
    for (const Argument *a = ARGUMENT; a < ARGUMENT + ARGUMENTS_KEPT; a++) {
        if (a->kind == ARGUMENT_TEXT) json_object_set_string_member(object, a->name, is_model(a) ? k->model : argument_text_of(a, s));
        else if (a->kind == ARGUMENT_WHOLE) json_object_set_int_member(object, a->name, (gint64)argument_number(a, s));
        else json_object_set_double_member(object, a->name, argument_number(a, s));
    }
    json_object_set_string_member(object, "style", s->style);
    json_object_set_string_member(object, "words", s->words);
    json_object_set_member(object, "conditions", conditions_write(k->conditions, 0));
    return object;
}

gchar *history_text(const Kept *k) { return json_object_text(put(k)); }

static gboolean take_text(JsonObject *object, const gchar *key, gchar **field) {
    const gchar *text = json_text_of(json_object_get_member(object, key));
    if (!text || strlen(text) > WORDS_MOST) return FALSE;
    settings_text(field, text);
    return TRUE;
}

static gboolean take_number(JsonObject *object, const Argument *a, Settings *s) {
    gdouble value = 0.0;
    return json_number_of(json_object_get_member(object, a->name), &value) && argument_allows(a, value) && argument_set(a, s, value);
}

static void limit(GdkPixbufLoader *loader, gint width, gint height, gpointer wrong) {
    if (width < 1 || height < 1 || width > HISTORY_SIDE || height > HISTORY_SIDE) {
        *(gboolean *)wrong = TRUE;
        gdk_pixbuf_loader_set_size(loader, 1, 1);
    }
}

static GdkPixbuf *picture_from(JsonObject *object) {
    const gchar *text = json_text_of(json_object_get_member(object, "small"));
    gsize length = 0;
    gboolean wrong = FALSE;
    guchar *bytes = text && strlen(text) <= SMALL_MOST ? g_base64_decode(text, &length) : NULL;
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
    settings_init(s);
    k->model = g_strdup("");
    gboolean good = take_text(object, "style", &s->style) && take_text(object, "words", &s->words);
    for (const Argument *a = ARGUMENT; good && a < ARGUMENT + ARGUMENTS_KEPT; a++)
        good = a->kind == ARGUMENT_TEXT ? take_text(object, a->name, is_model(a) ? &k->model : argument_text(a, s)) : take_number(object, a, s);
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
    return json_object_text(object);
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
