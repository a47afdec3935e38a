/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What steers pictures besides paint and words: ControlNets, each with a layer as its picture, regions with words of their
 * own and references, each a layer too, and LoRAs. Here is what is known of each; steering.h hands them to the engine.
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

/* The engine's. */
#define CONDITIONS_MOST 32
#define CONDITION_SCALE_MOST 10.0
#define CONDITION_TEXT_MOST 1000 /* bytes of a name or of a region's words */
#define CONDITION_WORDS_MOST 64  /* layers of a group that are remembered to have words of their own */

/* What the artist has written for a layer of a group of regions, in the place of its name. */
typedef struct {
    gint32 layer;  /* -1: not found */
    gint32 tattoo; /* ... GIMP's number for it, and its name, are what is left of it then */
    gchar *name;
    gchar *text;
} LayerWords;

typedef struct {
    guint32 number;  /* its own, below CONDITIONS_MOST */
    guint32 kind;    /* one of SCUMBLE_CONDITION_* */
    gchar *file;     /* an id of a network (known.h); "": none, and a control is the model's own */
    gchar *path;     /* where that lies on this computer; NULL: not known here */
    gchar *picture;  /* an id of the file that a control's or reference's picture is linked to; "": it is its layer's */
    gchar *picture_path;
    gint32 layer;    /* that it follows; -1: none. Where it is gone its name and tattoo are what is left of it */
    gchar *name;     /* of that layer */
    gint32 tattoo;   /* GIMP's number for it inside the image, in files too */
    gboolean group;  /* of a region: its layer is a group, whose layers are the regions (regions.h) */
    GArray *words;   /* ... LayerWords of those that have some; NULL: none has */
    gchar *prompt;   /* a region's words */
    guint32 rank;    /* ... and it covers those of smaller ranks (regions.h) */
    gdouble scale;
    gdouble text;    /* how much of a LoRA the text encoders get; a NaN: as much as the rest */
    gdouble start, end;
    guint32 prepare; /* what is made of a control's layer first, one of SCUMBLE_PREPARE_* */
    guint32 aspect;  /* what of a reference is taken over, one of SCUMBLE_ASPECT_* */
    gboolean on;
} Condition;

/* One alone, on and of full weight. */
Condition *condition_new(guint32 kind);
void condition_free(gpointer condition);

/* Words for a layer of its group, in the place of others; "": none. The text is copied, the layer's name and tattoo are to be set.
 * NULL where nothing is kept. */
LayerWords *condition_words_set(Condition *condition, gint32 layer, const gchar *text);
/* Those of a layer, "": none. */
const gchar *condition_words(const Condition *condition, gint32 layer);

/* A list of them, which owns them. */
GPtrArray *conditions_new(void);
GPtrArray *conditions_copy(const GPtrArray *conditions);
Condition *conditions_at(const GPtrArray *conditions, guint index);

/* One more; NULL where there are CONDITIONS_MOST. The texts are copied. */
Condition *conditions_add(GPtrArray *conditions, guint32 kind, const gchar *file, const gchar *path);

/* Whether it is a file of the artist's, the model's own control, one whose picture is linked to a file, a control that is shown the paint
 * around the selection, and whether it follows a layer. */
gboolean condition_has_file(const Condition *condition);
gboolean condition_is_own(const Condition *condition);
gboolean condition_is_linked(const Condition *condition);
gboolean condition_is_inpaint(const Condition *condition);
gboolean condition_has_layer(const Condition *condition);

/* Links its picture to a file; "" and NULL: to none any more. */
void condition_link(Condition *condition, const gchar *id, const gchar *path);

/* Finds where its files lie on this computer, as far as that is known here. */
void condition_find_files(Condition *condition);

#define CONDITION_OWN_TITLE "Control: the model's own"

/* How it is called to the artist. Free it. */
gchar *condition_title(const Condition *condition);

/* What files and scripts call a preparation, and whether a text of that length is one. */
const gchar *preparation_name(guint32 prepare);
gboolean preparation_named(const gchar *name, gsize length, guint32 *prepare);

/* What files and scripts call an aspect of a reference, and whether a text of that length is one. */
const gchar *aspect_name(guint32 aspect);
gboolean aspect_named(const gchar *name, gsize length, guint32 *aspect);

/* What a ControlNet of this name was trained to see, as Krita knows them; nothing that it knows: the layer as it is. */
guint32 preparation_usual(const gchar *name);

/* Puts a text into one of the fields above. */
void condition_text(gchar **field, const gchar *text);

/* As a JSON array; of one `kind` alone as styles have them, which name no layers; 0: all, as images have them. */
JsonNode *conditions_write(const GPtrArray *conditions, guint32 kind);

/* Those that can be used of what was written, or anybody else wrote; *good becomes FALSE if that is not all. */
GPtrArray *conditions_read(JsonNode *node, gboolean *good);
