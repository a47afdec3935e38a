/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How GIMP 2.10 learns of the procedures and starts them. */
#include "run.h"

/* Script-Fu takes a procedure with all its arguments or not at all, so scripts that know of none of these have their own. */
#define PROCEDURE_STEERED PROCEDURE "-steered"
#define STEERED 4

static void query(void) {
    static const GimpParamDef arguments[] = {
        {GIMP_PDB_INT32, "run-mode", "The run mode { RUN-INTERACTIVE (0), RUN-NONINTERACTIVE (1) }"},
        {GIMP_PDB_IMAGE, "image", "The image"},
        {GIMP_PDB_DRAWABLE, "drawable", "The layer to render"},
        {GIMP_PDB_STRING, "prompt", "What the picture shows"},
        {GIMP_PDB_STRING, "negative", "What it must not show; works while guidance is above 1"},
        {GIMP_PDB_FLOAT, "strength", "0 = the paint itself ... 1 = the paint says nothing; -1 = the model's own"},
        /* Numbers that must be whole: as GIMP_PDB_INT32, Script-Fu would cut 2.5 and 4294967296 without a word. */
        {GIMP_PDB_FLOAT, "steps", "Denoising steps, 1 to 200; 0 = the model's own"},
        {GIMP_PDB_FLOAT, "guidance", "How strictly the prompt is followed, 0 to 100; -1 = the model's own"},
        {GIMP_PDB_FLOAT, "seed", "Another number, another picture"},
        {GIMP_PDB_STRING, "model", "Folder of a model; \"\" = the one that comes with Scumble"},
        {GIMP_PDB_STRING, "sampler", "The engine's name of a sampler; \"\" = the model's own"},
        {GIMP_PDB_STRING, "control", ABOUT_CONTROL},
        {GIMP_PDB_STRING, "lora", ABOUT_LORA},
        {GIMP_PDB_STRING, "region", ABOUT_REGION},
        {GIMP_PDB_STRING, "reference", ABOUT_REFERENCE},
    };
    static const GimpParamDef values[] = {{GIMP_PDB_LAYER, "layer", "The new layer"}};
    /* Indexed images are not among these, so the menu entries are greyed out there. */
    const gchar *images = "RGB*, GRAY*";
    gimp_install_procedure(PROCEDURE, BLURB, HELP, AUTHOR, AUTHOR, DATE, "_Scumble...", images, GIMP_PLUGIN,
                           G_N_ELEMENTS(arguments) - STEERED, G_N_ELEMENTS(values), arguments, values);
    gimp_install_procedure(PROCEDURE_STEERED, BLURB, HELP, AUTHOR, AUTHOR, DATE, NULL, images, GIMP_PLUGIN,
                           G_N_ELEMENTS(arguments), G_N_ELEMENTS(values), arguments, values);
    gimp_plugin_menu_register(PROCEDURE, "<Image>/Filters/Render");
    gimp_install_procedure(PROCEDURE_LIVE, BLURB_LIVE, HELP_LIVE, AUTHOR, AUTHOR, DATE, "Scumble Li_ve...", images,
                           GIMP_PLUGIN, 3, 0, arguments, NULL);
    gimp_plugin_menu_register(PROCEDURE_LIVE, "<Image>/Filters/Render");
}

static void run(const gchar *name, gint count, const GimpParam *p, gint *value_count, GimpParam **values) {
    static GimpParam value[2];
    gboolean live = !strcmp(name, PROCEDURE_LIVE);
    GimpRunMode mode = p[0].data.d_int32;
    GimpPDBStatusType status = GIMP_PDB_CALLING_ERROR;
    GError *error = NULL;
    Settings settings;
    gint32 layer = -1;
    gboolean whole = TRUE;

    settings_init(&settings);
    if (mode == GIMP_RUN_NONINTERACTIVE && !live && count >= 11) {
        settings_text(&settings.prompt, p[3].data.d_string);
        settings_text(&settings.negative, p[4].data.d_string);
        settings.strength = p[5].data.d_float;
        whole = settings_whole(p[6].data.d_float, &settings.steps);
        settings.guidance = p[7].data.d_float;
        whole = settings_whole(p[8].data.d_float, &settings.seed) && whole;
        settings_text(&settings.model, p[9].data.d_string);
        settings_text(&settings.sampler, p[10].data.d_string);
    }
    if (mode == GIMP_RUN_NONINTERACTIVE && count == 11 + STEERED) {
        settings_text(&settings.control, p[11].data.d_string);
        settings_text(&settings.lora, p[12].data.d_string);
        settings_text(&settings.region, p[13].data.d_string);
        settings_text(&settings.reference, p[14].data.d_string);
    }
    if (!whole)
        g_set_error_literal(&error, g_quark_from_static_string("scumble"), 0, NOT_WHOLE);
    else status = scumble_run(mode, live, p[1].data.d_image, p[2].data.d_drawable, &settings, &layer, &error);
    settings_clear(&settings);

    value[0].type = GIMP_PDB_STATUS;
    value[0].data.d_status = status;
    *values = value;
    *value_count = live && status == GIMP_PDB_SUCCESS ? 1 : 2;
    if (status == GIMP_PDB_SUCCESS) {
        value[1].type = GIMP_PDB_LAYER;
        value[1].data.d_layer = layer;
    } else if (error) {
        value[1].type = GIMP_PDB_STRING;
        value[1].data.d_string = error->message; /* lives as long as the process */
    } else {
        *value_count = 1;
    }
}

const GimpPlugInInfo PLUG_IN_INFO = {NULL, NULL, query, run};

MAIN()
