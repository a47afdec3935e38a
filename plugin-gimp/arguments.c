/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "arguments.h"

#define TEXT(field, label, sentence) {ARGUMENT_TEXT, G_STRUCT_OFFSET(Settings, field), #field, label, sentence, 0, 0, 0, NULL}
#define NUMBER(kind, field, label, sentence, least, most, own, wrong) \
    {ARGUMENT_##kind, G_STRUCT_OFFSET(Settings, field), #field, label, sentence, least, most, own, wrong}

const Argument ARGUMENT[ARGUMENTS] = {
    TEXT(prompt, "_Prompt", "What the picture shows"),
    TEXT(negative, "_Negative", "What it must not show; works while guidance is above 1"),
    NUMBER(NUMBER, strength, "_Strength", "0 = the paint itself ... 1 = the paint says nothing; -1 = the model's own", 0.0, 1.0, -1.0,
           "The strength goes from 0 to 1 (-1: the model's own)."),
    NUMBER(WHOLE, steps, "S_teps", "Denoising steps, 1 to 200; 0 = the model's own", 1, STEPS_MOST, 0,
           "The steps go from 1 to 200 (0: the model's own)."),
    NUMBER(NUMBER, guidance, "_Guidance", "How strictly the prompt is followed, 0 to 100; -1 = the model's own", 0.0, GUIDANCE_MOST,
           -1.0, "The guidance goes from 0 to 100 (-1: the model's own)."),
    NUMBER(WHOLE, seed, "See_d", "Another number, another picture", 0, SEED_MOST, 0, "The seed is a number from 0 to 2147483647."),
    TEXT(model, "_Model", "Folder of a model; empty = the one that comes with Scumble"),
    TEXT(sampler, "Sampl_er", "The engine's name of a sampler; empty = the model's own"),
    {ARGUMENT_NUMBER, G_STRUCT_OFFSET(Settings, paint_guidance), "paint-guidance", "_Keep to paint",
     "How closely a model that changes the paint as it is told (InstructPix2Pix) keeps to it, 1 to 20; 0 = the model's own", 1.0,
     PAINT_GUIDANCE_MOST, 0.0, "The guidance by the paint goes from 1 to 20 (0: the model's own)."},
    TEXT(control, "Co_ntrol", "ControlNets, one a line: [FOLDER]=[PREPARATION:]LAYER[:SCALE[:START[:END]]], with the name of a layer; "
                             "PREPARATION is as-is, drawn, lines, canny, blur, depth, soft-edges or pose; FOLDER=inpaint follows the paint around the selection"),
    TEXT(lora, "_LoRA", "LoRAs, one a line: FILE[:SCALE[:TEXT_SCALE[:START[:END]]]]"),
    TEXT(region, "_Region", "Words for what is painted on a layer, one a line: LAYER=WORDS[:WEIGHT[:START[:END]]]; GROUP=* is each layer of a group by its name"),
    TEXT(reference, "Re_ference", "Reference pictures, one a line: [WHAT:]LAYER[:SCALE[:START[:END]]], with the name of a layer; WHAT is style, layout or all"),
};

gchar **argument_text(const Argument *a, Settings *s) { return G_STRUCT_MEMBER_P(s, a->field); }

const gchar *argument_text_of(const Argument *a, const Settings *s) { return G_STRUCT_MEMBER(gchar *, s, a->field); }

gdouble argument_number(const Argument *a, const Settings *s) {
    return a->kind == ARGUMENT_WHOLE ? G_STRUCT_MEMBER(gint, s, a->field) : G_STRUCT_MEMBER(gdouble, s, a->field);
}

gboolean argument_set(const Argument *a, Settings *s, gdouble value) {
    if (a->kind == ARGUMENT_WHOLE) {
        if (!(value >= G_MININT && value <= G_MAXINT) || value != (gdouble)(gint)value) return FALSE;
        G_STRUCT_MEMBER(gint, s, a->field) = (gint)value;
    } else {
        G_STRUCT_MEMBER(gdouble, s, a->field) = value;
    }
    return TRUE;
}

gboolean argument_allows(const Argument *a, gdouble value) { return value == a->own || (value >= a->least && value <= a->most); }
