/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* JSON that comes from outside, and is written. */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

/* The object in a text that comes from outside; NULL if it is none, too long or too deep. Free it with json_node_unref(). */
JsonNode *json_object_from(const gchar *text, gsize length);

/* An object, which is freed, as text. Free it. */
gchar *json_object_text(JsonObject *object);

/* What a node is, which may be NULL: its text, NULL if it is none; its number, FALSE if it is none. */
const gchar *json_text_of(JsonNode *node);
gboolean json_number_of(JsonNode *node, gdouble *value);

/* The object in a file of GIMP's own folder, beside the last values; NULL as above. Free it with json_node_unref(). */
JsonNode *json_profile_read(const gchar *file);

/* Writes it there, and frees the object. Where that fails it is said that `what` could not be kept. */
void json_profile_write(const gchar *file, JsonObject *object, const gchar *what);
