/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How GIMP 3 learns of the procedures and starts them. */
#include "run.h"

typedef struct {
    GimpPlugIn parent;
} Scumble;

typedef struct {
    GimpPlugInClass parent;
} ScumbleClass;

GType scumble_get_type(void);
G_DEFINE_TYPE(Scumble, scumble, GIMP_TYPE_PLUG_IN)

static GList *query_procedures(GimpPlugIn *plug_in) {
    (void)plug_in;
    return g_list_append(g_list_append(NULL, g_strdup(PROCEDURE)), g_strdup(PROCEDURE_LIVE));
}

/* The arguments that scripts give, in 2.10's order. FALSE if a number that must be whole is not. */
static gboolean read_settings(GimpProcedureConfig *config, Settings *s) {
    gdouble steps = 0.0, seed = 0.0;
    g_clear_pointer(&s->prompt, g_free);
    g_clear_pointer(&s->negative, g_free);
    g_clear_pointer(&s->model, g_free);
    g_clear_pointer(&s->sampler, g_free);
    g_clear_pointer(&s->control, g_free);
    g_clear_pointer(&s->lora, g_free);
    g_clear_pointer(&s->region, g_free);
    g_clear_pointer(&s->reference, g_free);
    g_object_get(config, "prompt", &s->prompt, "negative", &s->negative, "strength", &s->strength, "steps", &steps,
                 "guidance", &s->guidance, "seed", &seed, "model", &s->model, "sampler", &s->sampler,
                 "control", &s->control, "lora", &s->lora, "region", &s->region,
                 "reference", &s->reference, NULL);
    gchar **texts[] = {&s->prompt, &s->negative, &s->model, &s->sampler, &s->control, &s->lora, &s->region, &s->reference};
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        if (!*texts[i]) *texts[i] = g_strdup("");
    return settings_whole(steps, &s->steps) && settings_whole(seed, &s->seed);
}

/* What the dialog was left with is what GIMP keeps as the last values. */
static void write_settings(GimpProcedureConfig *config, const Settings *s) {
    g_object_set(config, "prompt", s->prompt, "negative", s->negative, "strength", s->strength, "steps", (gdouble)s->steps,
                 "guidance", s->guidance, "seed", (gdouble)s->seed, "model", s->model, "sampler", s->sampler, NULL);
}

static GimpValueArray *run(GimpProcedure *procedure, GimpRunMode mode, GimpImage *image, GimpDrawable **drawables,
                           GimpProcedureConfig *config, gpointer data) {
    gboolean live = GPOINTER_TO_INT(data);
    GimpPDBStatusType status = GIMP_PDB_CALLING_ERROR;
    GError *error = NULL;
    Settings settings;
    gint32 layer = -1;

    settings_init(&settings);
    gboolean whole = mode != GIMP_RUN_NONINTERACTIVE || live || read_settings(config, &settings);
    if (!whole)
        g_set_error_literal(&error, g_quark_from_static_string("scumble"), 0, NOT_WHOLE);
    else if (!drawables || !drawables[0] || drawables[1])
        g_set_error_literal(&error, g_quark_from_static_string("scumble"), 0, "Scumble renders one layer: choose just one first.");
    else
        status = scumble_run(mode, live, gimp_image_get_id(image), gimp_item_get_id(GIMP_ITEM(drawables[0])), &settings, &layer,
                             &error);
    if (status == GIMP_PDB_SUCCESS && mode == GIMP_RUN_INTERACTIVE && !live) write_settings(config, &settings);
    settings_clear(&settings);
    GimpValueArray *values = gimp_procedure_new_return_values(procedure, status, error);
    if (status == GIMP_PDB_SUCCESS && !live) GIMP_VALUES_SET_LAYER(values, 1, gimp_layer_get_by_id(layer));
    return values;
}

static void add_arguments(GimpProcedure *p) {
    const GParamFlags flags = G_PARAM_READWRITE;
    gimp_procedure_add_string_argument(p, "prompt", "_Prompt", "What the picture shows", "", flags);
    gimp_procedure_add_string_argument(p, "negative", "_Negative", "What it must not show; works while guidance is above 1", "",
                                       flags);
    gimp_procedure_add_double_argument(p, "strength", "_Strength",
                                       "0 = the paint itself ... 1 = the paint says nothing; -1 = the model's own", -1.0, 1.0, -1.0,
                                       flags);
    /* Numbers that must be whole: of an integer argument Script-Fu would cut 2.5 without a word. */
    gimp_procedure_add_double_argument(p, "steps", "S_teps", "Denoising steps, 1 to 200; 0 = the model's own", 0, STEPS_MOST, 0, flags);
    gimp_procedure_add_double_argument(p, "guidance", "_Guidance",
                                       "How strictly the prompt is followed, 0 to 100; -1 = the model's own", -1.0, GUIDANCE_MOST,
                                       -1.0, flags);
    gimp_procedure_add_double_argument(p, "seed", "See_d", "Another number, another picture", 0, SEED_MOST, 0, flags);
    gimp_procedure_add_string_argument(p, "model", "_Model", "Folder of a model; empty = the one that comes with Scumble", "", flags);
    gimp_procedure_add_string_argument(p, "sampler", "Sampl_er", "The engine's name of a sampler; empty = the model's own", "", flags);
    gimp_procedure_add_string_argument(p, "control", "Co_ntrol", ABOUT_CONTROL, "", flags);
    gimp_procedure_add_string_argument(p, "lora", "_LoRA", ABOUT_LORA, "", flags);
    gimp_procedure_add_string_argument(p, "region", "_Region", ABOUT_REGION, "", flags);
    gimp_procedure_add_string_argument(p, "reference", "Re_ference", ABOUT_REFERENCE, "", flags);
    gimp_procedure_add_layer_return_value(p, "layer", "Layer", "The new layer", TRUE, flags);
}

static GimpProcedure *create_procedure(GimpPlugIn *plug_in, const gchar *name) {
    gboolean live = !g_strcmp0(name, PROCEDURE_LIVE);
    GimpProcedure *p = gimp_image_procedure_new(plug_in, name, GIMP_PDB_PROC_TYPE_PLUGIN, run, GINT_TO_POINTER(live), NULL);
    /* Indexed images are not among these, so the menu entries are greyed out there. */
    gimp_procedure_set_image_types(p, "RGB*, GRAY*");
    gimp_procedure_set_sensitivity_mask(p, GIMP_PROCEDURE_SENSITIVE_DRAWABLE);
    gimp_procedure_set_menu_label(p, live ? "Scumble Li_ve..." : "_Scumble...");
    gimp_procedure_add_menu_path(p, "<Image>/Filters/Render");
    gimp_procedure_set_documentation(p, live ? BLURB_LIVE : BLURB, live ? HELP_LIVE : HELP, name);
    gimp_procedure_set_attribution(p, AUTHOR, AUTHOR, DATE);
    if (!live) add_arguments(p);
    return p;
}

/* There are no translations yet; without this GIMP warns that it finds none. */
static gboolean set_i18n(GimpPlugIn *plug_in, const gchar *name, gchar **domain, gchar **folder) {
    (void)plug_in, (void)name, (void)domain, (void)folder;
    return FALSE;
}

static void scumble_class_init(ScumbleClass *class) {
    GimpPlugInClass *plug_in = GIMP_PLUG_IN_CLASS(class);
    plug_in->query_procedures = query_procedures;
    plug_in->create_procedure = create_procedure;
    plug_in->set_i18n = set_i18n;
}

static void scumble_init(Scumble *scumble) { (void)scumble; }

GIMP_MAIN(scumble_get_type())
