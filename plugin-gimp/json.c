/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "json.h"

#include <string.h>

#include "compat.h"

#define TEXT_MOST (1 << 18) /* bytes that are read at all */
#define DEPTH_MOST 8        /* json-glib calls itself for each */

/* Whether brackets lie in brackets no deeper than that. */
static gboolean shallow(const gchar *text, gsize length) {
    gint depth = 0;
    gboolean quoted = FALSE;
    for (gsize i = 0; i < length; i++) {
        if (quoted && text[i] == '\\') i++;
        else if (text[i] == '"') quoted = !quoted;
        else if (!quoted && strchr("[{", text[i]) && text[i]) depth++;
        else if (!quoted && strchr("]}", text[i]) && text[i]) depth--;
        if (depth > DEPTH_MOST) return FALSE;
    }
    return TRUE;
}

JsonNode *json_object_from(const gchar *text, gsize length) {
    if (!text || length > TEXT_MOST || !g_utf8_validate(text, (gssize)length, NULL) || !shallow(text, length)) return NULL;
    JsonParser *parser = json_parser_new();
    JsonNode *root = json_parser_load_from_data(parser, text, (gssize)length, NULL) ? json_parser_get_root(parser) : NULL;
    JsonNode *found = root && JSON_NODE_HOLDS_OBJECT(root) ? json_node_copy(root) : NULL;
    g_object_unref(parser);
    return found;
}

gchar *json_object_text(JsonObject *object) {
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, object);
    JsonGenerator *generator = json_generator_new();
    json_generator_set_root(generator, node);
    json_generator_set_pretty(generator, TRUE);
    json_generator_set_indent(generator, 1);
    gchar *text = json_generator_to_data(generator, NULL);
    g_object_unref(generator);
    json_node_unref(node);
    return text;
}

static GType type_of(JsonNode *node) { return node && JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node) : G_TYPE_NONE; }

const gchar *json_text_of(JsonNode *node) { return type_of(node) == G_TYPE_STRING ? json_node_get_string(node) : NULL; }

gboolean json_number_of(JsonNode *node, gdouble *value) {
    if (type_of(node) != G_TYPE_INT64 && type_of(node) != G_TYPE_DOUBLE) return FALSE;
    *value = json_node_get_double(node);
    return TRUE;
}

static gchar *profile_path(const gchar *file) { return g_build_filename(gimp_directory(), file, NULL); }

JsonNode *json_profile_read(const gchar *file) {
    gchar *path = profile_path(file), *text = NULL;
    gsize length = 0;
    JsonNode *found = g_file_get_contents(path, &text, &length, NULL) ? json_object_from(text, length) : NULL;
    g_free(text);
    g_free(path);
    return found;
}

void json_profile_write(const gchar *file, JsonObject *object, const gchar *what) {
    gchar *path = profile_path(file), *text = json_object_text(object);
    GError *error = NULL;
    if (!g_file_set_contents(path, text, -1, &error)) {
        g_printerr("Scumble: %s could not be kept: %s\n", what, error->message);
        g_clear_error(&error);
    }
    g_free(text);
    g_free(path);
}
