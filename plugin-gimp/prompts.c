/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "prompts.h"

#include <string.h>

#include "compat.h"
#include "json.h"

#define KEY "prompts"

static gchar *file_path(void) { return g_build_filename(gimp_directory(), "scumble-prompts.json", NULL); }

gchar **prompts_known(void) {
    gchar *path = file_path(), *text = NULL;
    gsize length = 0;
    GPtrArray *found = g_ptr_array_new();
    JsonNode *kept = g_file_get_contents(path, &text, &length, NULL) ? json_object_from(text, length) : NULL;
    JsonNode *list = kept ? json_object_get_member(json_node_get_object(kept), KEY) : NULL;
    JsonArray *array = list && JSON_NODE_HOLDS_ARRAY(list) ? json_node_get_array(list) : NULL;
    for (guint i = 0; array && i < json_array_get_length(array) && found->len < PROMPTS_MOST; i++) {
        JsonNode *one = json_array_get_element(array, i);
        if (JSON_NODE_HOLDS_VALUE(one) && json_node_get_value_type(one) == G_TYPE_STRING) g_ptr_array_add(found, g_strdup(json_node_get_string(one)));
    }
    if (kept) json_node_unref(kept);
    g_free(text);
    g_free(path);
    g_ptr_array_add(found, NULL);
    return (gchar **)g_ptr_array_free(found, FALSE);
}

static void save(JsonArray *array) {
    gchar *path = file_path();
    GError *error = NULL;
    JsonObject *object = json_object_new();
    json_object_set_array_member(object, KEY, array);
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, object);
    gchar *text = json_to_text(node);
    if (!g_file_set_contents(path, text, -1, &error)) {
        g_printerr("Scumble: the last prompts could not be kept: %s\n", error->message);
        g_clear_error(&error);
    }
    g_free(text);
    json_node_unref(node);
    g_free(path);
}

void prompts_remember(const gchar *prompt) {
    gchar *words = g_strstrip(g_utf8_make_valid(prompt, -1)), **known = prompts_known();
    if (*words && g_utf8_strlen(words, -1) <= PROMPT_LETTERS_MOST && g_strcmp0(*known, words)) {
        JsonArray *array = json_array_new();
        json_array_add_string_element(array, words);
        for (gchar **at = known; *at && json_array_get_length(array) < PROMPTS_MOST; at++)
            if (strcmp(*at, words)) json_array_add_string_element(array, *at);
        save(array);
    }
    g_strfreev(known);
    g_free(words);
}
