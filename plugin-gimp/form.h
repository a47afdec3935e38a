/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The controls of the dialog, and the settings that they stand for. */
#pragma once

#include "compat.h"
#include "engine.h"

typedef struct Form Form;

/* `changed` is called with `data` whenever the artist has changed a setting; `other_model` says that it was the model,
 * or where that runs. */
Form *form_new(GtkBox *box, const Settings *settings, void (*changed)(gboolean other_model, gpointer data), gpointer data);
void form_free(Form *form);

/* `get` is called with `data` of `form_new` when the artist wants to get a model. */
void form_on_get(Form *form, void (*get)(gpointer data));

/* `drawn` is called with `data` of `form_new` before the artist's button draws a new seed. */
void form_on_new_seed(Form *form, void (*drawn)(gpointer data));

/* Chooses a model that was got, as if the artist had chosen its folder; one that was chosen before has changed as a setting. */
void form_choose_model(Form *form, const gchar *folder);

/* Chooses what models run on, as if the artist had: what there is to choose from may be another by now. */
void form_choose_device(Form *form, const gchar *device);

/* Writes what the artist has set to `settings`. */
void form_read(const Form *form, Settings *settings);

/* Shows these settings; `changed` is not called. */
void form_show(Form *form, const Settings *settings);

/* Sliders that were never moved stand where the model's own settings are, and `samplers` are what it can be run with:
 * another one that was chosen gives way to its own. With NULL nobody knows yet. */
void form_know_model(Form *form, const ScumbleEngineInfo *info, gchar **samplers);

/* Puts something behind the prompt. */
void form_beside_prompt(Form *form, GtkWidget *widget);

/* The first field takes the keys. */
void form_focus(Form *form);

void form_set_sensitive(Form *form, gboolean sensitive);
