/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The settings that scripts give as arguments of the procedures, in their order: one table for both GIMPs, for the file of last
 * values and for the check of what scripts say. */
#pragma once

#include "settings.h"

typedef enum {
    ARGUMENT_TEXT,   /* gchar *, owned */
    ARGUMENT_NUMBER, /* gdouble */
    ARGUMENT_WHOLE,  /* gint; a double for GIMP: of its integer arguments Script-Fu cuts 2.5 without a word */
} ArgumentKind;

typedef struct {
    ArgumentKind kind;
    gsize field;              /* where in Settings */
    const gchar *name;        /* for scripts and in the file */
    const gchar *label;       /* with a mnemonic */
    const gchar *sentence;    /* what it is */
    gdouble least, most, own; /* of a number; own: what it begins with, also outside the others: the model's own then */
    const gchar *wrong;       /* the sentence where it is none of these */
} Argument;

#define ARGUMENTS 13
#define ARGUMENTS_STEER 4 /* the last of them; scripts of 2.10 that know of none of these have a procedure without */
#define ARGUMENTS_KEPT (ARGUMENTS - ARGUMENTS_STEER) /* the first of them; what steers is kept with the image */
extern const Argument ARGUMENT[ARGUMENTS];

gchar **argument_text(const Argument *argument, Settings *settings);
const gchar *argument_text_of(const Argument *argument, const Settings *settings);
gdouble argument_number(const Argument *argument, const Settings *settings);

/* FALSE, and nothing is set, if it must be a whole number and is not. */
gboolean argument_set(const Argument *argument, Settings *settings, gdouble value);

/* Whether a number is in its range, or its own. */
gboolean argument_allows(const Argument *argument, gdouble value);
