/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "kept.h"

#include <scumble.h>
#include <string.h>

#include "compat.h"
#include "json.h"
#include "mark.h"
#include "sources.h"

#define NAME "scumble-steering" /* on an image */
/* GIMP's flag for: saved with it. What can be undone besides would be an undo step. */
#define FLAGS 1

gchar *kept_text(gint32 image) { return mark_text(gimp_image_get_parasite(image, NAME)); }

GPtrArray *kept_load(gint32 image, gboolean *good) {
    gchar *text = kept_text(image);
    JsonNode *kept = text ? json_object_from(text, strlen(text)) : NULL;
    JsonNode *list = kept ? json_object_get_member(json_node_get_object(kept), "conditions") : NULL;
    GPtrArray *found = conditions_read(list, good);
    *good = *good || !text;
    for (guint i = 0; i < found->len; i++) condition_find_files(conditions_at(found, i));
    sources_find(image, found);
    if (kept) json_node_unref(kept);
    g_free(text);
    return found;
}

void kept_save(gint32 image, const GPtrArray *conditions) {
    if (!gimp_image_is_valid(image)) return;
    gchar *before = kept_text(image), *text = NULL;
    if (conditions->len) {
        JsonObject *object = json_object_new();
        json_object_set_int_member(object, "version", 1);
        json_object_set_member(object, "conditions", conditions_write(conditions, 0));
        text = json_object_text(object);
    }
    if (text && g_strcmp0(before, text)) {
        GimpParasite *parasite = gimp_parasite_new(NAME, FLAGS, (guint32)strlen(text) + 1, text);
        gimp_image_attach_parasite(image, parasite);
        gimp_parasite_free(parasite);
    } else if (!text && before) {
        gimp_image_detach_parasite(image, NAME);
    }
    g_free(before);
    g_free(text);
}
