/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The artist's models, ControlNets, LoRAs and linked pictures: folders and files that they have chosen on this computer. Images and styles
 * name them by an id made of name and contents, never by a path: an image that comes from somebody else cannot choose what
 * is loaded here, and one that is given away does not tell where the artist keeps things. Krita's plug-in makes the same ids.
 */
#pragma once

#include <glib.h>

typedef enum { KNOWN_MODELS, KNOWN_NETWORKS, KNOWN_PICTURES } Known;

/* The id of a folder or file, the same wherever it lies. Free it. */
gchar *known_identity(const gchar *path);

/* How it is called to the artist: an id without its number. Free it. */
gchar *known_name(const gchar *id);

/* Adds what the artist has chosen, or makes it the newest. Returns its id; free it. */
gchar *known_remember(Known what, const gchar *path);

/* Where it lies; NULL if the artist has not chosen it. Free it. */
gchar *known_find(Known what, const gchar *id);

/* TRUE for a LoRA's file, by its name; among networks all others are ControlNets. */
gboolean known_is_lora(const gchar *path);

/* Are there LoRAs among what the artist has chosen? */
gboolean known_has_loras(void);

/* Pairs of id and path, one after the other, the newest first, and NULL. Free with g_strfreev(). */
gchar **known_list(Known what);
