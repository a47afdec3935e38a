/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the artist has set, and what is kept of it for the next time. */
#pragma once

#include <glib.h>

/* Ranges that the dialog and the procedure share. */
#define STEPS_MOST 200
#define GUIDANCE_MOST 100.0
#define SEED_MOST G_MAXINT32
#define PAINT_GUIDANCE_MOST 20.0

/* A negative strength or guidance, 0 steps and 0 paint_guidance mean the model's own. */
typedef struct {
    gchar *prompt;
    gchar *negative;
    gdouble strength;
    gint steps;
    gdouble guidance;
    gdouble paint_guidance; /* of models that change the paint as they are told; others do without */
    gint seed;
    gchar *sampler; /* its name in the engine; "" is the model's own */
    gchar *model; /* a folder; "" is the model that comes with Scumble */
    gchar *style; /* its name (styles.h); "" */
    gchar *words; /* of the style, added to the prompt */
    gchar *device; /* on which models run, as the engine calls it; "" is the best there is */
    gchar *control, *lora, *region, *reference; /* what steers, as scripts say it (grammar.h): not kept */
    gboolean keep; /* the live layer, when the dialog closes */
    gboolean share; /* the model, with other programs that do */
    gint x, y, width, height; /* of the dialog; 0 by 0: as it likes */
} Settings;

/* What a first run, and Reset, begin with. Fields are owned; settings_clear() frees them. */
void settings_init(Settings *settings);
void settings_clear(Settings *settings);

/* The prompt with the style's words behind it. Free it. */
gchar *settings_prompt(const Settings *settings);

/* The last values, over settings_init() ones; a file that is missing or damaged is no error. */
void settings_load(Settings *settings);

/* Of these only on what models run, which is no setting of a picture: for scripts. */
void settings_load_device(Settings *settings);

/* Keeps the place of the window, and with `all` everything but the device. */
void settings_save(const Settings *settings, gboolean all);

/* Keeps that alone, at once: it is no setting of a picture. */
void settings_keep_device(const gchar *device);

/* Takes over all of another's that makes a picture. */
void settings_take(Settings *settings, const Settings *from);

/* Puts the text into one of the fields above. */
void settings_text(gchar **field, const gchar *text);

/* FALSE and a sentence if a value is out of range: for values that come from scripts. */
gboolean settings_check(const Settings *settings, GError **error);
