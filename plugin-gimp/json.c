/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "json.h"

#include <string.h>

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

gchar *json_to_text(JsonNode *node) {
    JsonGenerator *generator = json_generator_new();
    json_generator_set_root(generator, node);
    json_generator_set_pretty(generator, TRUE);
    json_generator_set_indent(generator, 1);
    gchar *text = json_generator_to_data(generator, NULL);
    g_object_unref(generator);
    return text;
}
