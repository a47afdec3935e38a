/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "known.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "json.h"

#define FILE_NAME "scumble-files.json"
#define READ (1 << 16) /* bytes of a file's beginning, and of the end of one chosen by itself, that go into the id */

static const struct {
    const gchar *key;
    guint most;
} KINDS[] = {[KNOWN_MODELS] = {"models", 12}, [KNOWN_NETWORKS] = {"networks", 100}, [KNOWN_PICTURES] = {"pictures", 100}};

static void digest_file(GChecksum *digest, const gchar *path, gboolean alone) {
    struct stat about;
    gchar *name = g_path_get_basename(path);
    const gchar *dot = strrchr(name, '.');
    if (stat(path, &about) == 0 && S_ISREG(about.st_mode)) {
        gchar *line = g_strdup_printf("%s %" G_GINT64_FORMAT "\n", name, (gint64)about.st_size);
        g_checksum_update(digest, (const guchar *)line, -1);
        g_free(line);
        FILE *file = alone || (dot && dot != name && !strcmp(dot, ".json")) ? fopen(path, "rb") : NULL;
        if (file) {
            guchar *bytes = g_malloc(READ);
            g_checksum_update(digest, bytes, (gssize)fread(bytes, 1, READ, file));
            /* Two networks of one shape begin alike. */
            if (alone && about.st_size > READ && fseeko(file, MAX(READ, about.st_size - READ), SEEK_SET) == 0)
                g_checksum_update(digest, bytes, (gssize)fread(bytes, 1, READ, file));
            fclose(file);
            g_free(bytes);
        }
    }
    g_free(name);
}

static gint by_name(gconstpointer a, gconstpointer b) { return strcmp(*(const gchar *const *)a, *(const gchar *const *)b); }

gchar *known_identity(const gchar *path) {
    GChecksum *digest = g_checksum_new(G_CHECKSUM_SHA256);
    GDir *folder = g_dir_open(path, 0, NULL);
    GPtrArray *entries = g_ptr_array_new_with_free_func(g_free);
    for (const gchar *entry; folder && (entry = g_dir_read_name(folder));) g_ptr_array_add(entries, g_build_filename(path, entry, NULL));
    g_ptr_array_sort(entries, by_name);
    for (guint i = 0; i < entries->len; i++) digest_file(digest, g_ptr_array_index(entries, i), FALSE);
    if (!folder) digest_file(digest, path, TRUE);
    else g_dir_close(folder);
    gchar *base = g_path_get_basename(path), *name = g_utf8_make_valid(base, -1);
    gchar *id = g_strdup_printf("%s [%.12s]", name, g_checksum_get_string(digest));
    g_ptr_array_unref(entries);
    g_checksum_free(digest);
    g_free(base);
    g_free(name);
    return id;
}

gchar *known_name(const gchar *id) {
    gchar *name = g_path_get_basename(id), *number = g_strrstr(name, " [");
    if (number && number != name) *number = '\0';
    return name;
}

/* What is kept of all kinds; an empty object where nothing is, or what is cannot be read. */
static JsonNode *load(void) {
    JsonNode *found = json_profile_read(FILE_NAME);
    if (found) return found;
    found = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(found, json_object_new());
    return found;
}

/* A text of a pair; NULL if it is none. */
static const gchar *part(JsonArray *pair, guint index) {
    return index < json_array_get_length(pair) ? json_text_of(json_array_get_element(pair, index)) : NULL;
}

static gchar **pairs_of(JsonNode *kept, Known what) {
    GPtrArray *found = g_ptr_array_new();
    JsonNode *node = json_object_get_member(json_node_get_object(kept), KINDS[what].key);
    JsonArray *array = node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    for (guint i = 0; array && i < json_array_get_length(array) && found->len < 2 * KINDS[what].most; i++) {
        JsonNode *entry = json_array_get_element(array, i);
        JsonArray *pair = JSON_NODE_HOLDS_ARRAY(entry) ? json_node_get_array(entry) : NULL;
        if (!pair || !part(pair, 0) || !part(pair, 1)) continue;
        g_ptr_array_add(found, g_strdup(part(pair, 0)));
        g_ptr_array_add(found, g_strdup(part(pair, 1)));
    }
    g_ptr_array_add(found, NULL);
    return (gchar **)g_ptr_array_free(found, FALSE);
}

gchar **known_list(Known what) {
    JsonNode *kept = load();
    gchar **pairs = pairs_of(kept, what);
    json_node_unref(kept);
    return pairs;
}

gchar *known_find(Known what, const gchar *id) {
    gchar **pairs = known_list(what), *path = NULL;
    for (gchar **at = pairs; *at && !path; at += 2)
        if (!strcmp(at[0], id)) path = g_strdup(at[1]);
    g_strfreev(pairs);
    return path;
}

static void add_pair(JsonArray *array, const gchar *id, const gchar *path) {
    JsonArray *pair = json_array_new();
    json_array_add_string_element(pair, id);
    json_array_add_string_element(pair, path);
    json_array_add_array_element(array, pair);
}

gchar *known_remember(Known what, const gchar *path) {
    gchar *id = known_identity(path);
    JsonNode *kept = load();
    gchar **pairs = pairs_of(kept, what);
    JsonArray *array = json_array_new();
    add_pair(array, id, path);
    for (gchar **at = pairs; *at && json_array_get_length(array) < KINDS[what].most; at += 2)
        /* What steers may be named by what its file was before. */
        if (strcmp(at[0], id) && (what != KNOWN_MODELS || strcmp(at[1], path))) add_pair(array, at[0], at[1]);
    json_object_set_array_member(json_node_get_object(kept), KINDS[what].key, array);
    json_profile_write(FILE_NAME, json_node_dup_object(kept), "what was chosen");
    json_node_unref(kept);
    g_strfreev(pairs);
    return id;
}

gboolean known_is_lora(const gchar *path) {
    static const gchar suffix[] = ".safetensors";
    gsize length = strlen(path), tail = sizeof suffix - 1;
    return length > tail && !g_ascii_strcasecmp(path + length - tail, suffix);
}

gboolean known_has_loras(void) {
    gboolean any = FALSE;
    gchar **known = known_list(KNOWN_NETWORKS);
    for (gchar **at = known; *at; at += 2) any |= known_is_lora(at[1]);
    g_strfreev(known);
    return any;
}
