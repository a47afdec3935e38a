/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Styles: words that are added to the prompt, and settings, under a name. Each is one small JSON file, made to be given away:
 * it names models and LoRAs by id (known.h), never by a path. Krita's plug-in reads and writes the same.
 */
#pragma once

#include "condition.h"
#include "settings.h"

#define STYLE_SUFFIX ".scumble-style"
#define STYLE_NAME_MOST 60 /* letters */

/* Settings that a style may leave as they are. */
typedef enum {
    STYLE_NEGATIVE = 1,
    STYLE_STRENGTH = 2,
    STYLE_STEPS = 4,
    STYLE_GUIDANCE = 8,
    STYLE_SAMPLER = 16,
    STYLE_MODEL = 32,
} StyleKeeps;

typedef struct {
    gchar *name, *words;
    guint keeps;        /* which of these it has; as in Settings, but */
    gchar *negative, *sampler;
    gchar *model;       /* by its id */
    gdouble strength, guidance;
    gint steps;
    GPtrArray *loras;   /* Condition of each */
    GPtrArray *controls; /* how ControlNets are heard: Condition of each, of no layer */
    gboolean own;       /* the artist's, else it came with Scumble */
    gchar *before;      /* the name that it came with, where it was given another one; NULL */
} Style;

void style_free(Style *style);

/* Those that came with Scumble, then the artist's own by name. Files that cannot be read are left out. */
GPtrArray *styles_known(void);

/* What is set now, under a name. NULL and a sentence without one. */
Style *style_of(const gchar *name, const gchar *words, const Settings *settings, const GPtrArray *conditions, GError **error);

/* NULL and a sentence for a file that is no style. */
Style *style_read(const gchar *path, GError **error);

/* Gives it the next free name ("Winter 2") if one that is known has its own: it takes no other's place. */
void style_name_anew(Style *style);

/* Whole or not at all; FALSE and a sentence. */
gboolean style_write(const Style *style, const gchar *path, GError **error);

/* In and out of the artist's own. */
gboolean style_save(const Style *style, GError **error);
gboolean style_remove(const Style *style, GError **error);

/* Puts the style, or none (NULL), into the settings, and returns what steers with it: LoRAs are those of the style, if it has
 * some; ControlNets are heard as it says, and those that are new follow no layer yet. Where its model is not here that stays as it is, and a sentence tells. */
GPtrArray *style_apply(const Style *style, Settings *settings, const GPtrArray *conditions, GError **missing);
