/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "prompts.h"

#include <string.h>

#include "json.h"

#define FILE_NAME "scumble-prompts.json"
#define KEY "prompts"

gchar **prompts_known(void) {
    GPtrArray *found = g_ptr_array_new();
    JsonNode *kept = json_profile_read(FILE_NAME);
    JsonNode *list = kept ? json_object_get_member(json_node_get_object(kept), KEY) : NULL;
    JsonArray *array = list && JSON_NODE_HOLDS_ARRAY(list) ? json_node_get_array(list) : NULL;
    for (guint i = 0; array && i < json_array_get_length(array) && found->len < PROMPTS_MOST; i++) {
        const gchar *one = json_text_of(json_array_get_element(array, i));
        if (one) g_ptr_array_add(found, g_strdup(one));
    }
    if (kept) json_node_unref(kept);
    g_ptr_array_add(found, NULL);
    return (gchar **)g_ptr_array_free(found, FALSE);
}

void prompts_remember(const gchar *prompt) {
    gchar *words = g_strstrip(g_utf8_make_valid(prompt, -1)), **known = prompts_known();
    if (*words && g_utf8_strlen(words, -1) <= PROMPT_LETTERS_MOST && g_strcmp0(*known, words)) {
        JsonArray *array = json_array_new();
        json_array_add_string_element(array, words);
        for (gchar **at = known; *at && json_array_get_length(array) < PROMPTS_MOST; at++)
            if (strcmp(*at, words)) json_array_add_string_element(array, *at);
        JsonObject *object = json_object_new();
        json_object_set_array_member(object, KEY, array);
        json_profile_write(FILE_NAME, object, "the last prompts");
    }
    g_strfreev(known);
    g_free(words);
}
