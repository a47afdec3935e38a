/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* JSON that comes from outside. */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

/* The object in a text that comes from outside; NULL if it is none, too long or too deep. Free it with json_node_unref(). */
JsonNode *json_object_from(const gchar *text, gsize length);

/* A node as text. Free it. */
gchar *json_to_text(JsonNode *node);
