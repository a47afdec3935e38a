/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How GIMP 2.10 learns of the procedures and starts them. */
#include "arguments.h"
#include "run.h"

/* Script-Fu takes a procedure with all its arguments or not at all, so scripts that know of none of these have their own. */
#define PROCEDURE_STEERED PROCEDURE "-steered"
#define FIRST 3 /* of the settings among the arguments */

static void query(void) {
    static GimpParamDef arguments[FIRST + ARGUMENTS] = {
        {GIMP_PDB_INT32, "run-mode", "The run mode { RUN-INTERACTIVE (0), RUN-NONINTERACTIVE (1) }"},
        {GIMP_PDB_IMAGE, "image", "The image"},
        {GIMP_PDB_DRAWABLE, "drawable", "The layer to render"},
    };
    for (gint i = 0; i < ARGUMENTS; i++) {
        const Argument *a = ARGUMENT + i;
        GimpPDBArgType type = a->kind == ARGUMENT_TEXT ? GIMP_PDB_STRING : GIMP_PDB_FLOAT;
        arguments[FIRST + i] = (GimpParamDef){type, (gchar *)a->name, (gchar *)a->sentence};
    }
    static const GimpParamDef values[] = {{GIMP_PDB_LAYER, "layer", "The new layer"}};
    /* Indexed images are not among these, so the menu entries are greyed out there. */
    const gchar *images = "RGB*, GRAY*";
    gimp_install_procedure(PROCEDURE, BLURB, HELP, AUTHOR, AUTHOR, DATE, "_Scumble...", images, GIMP_PLUGIN,
                           G_N_ELEMENTS(arguments) - ARGUMENTS_STEER, G_N_ELEMENTS(values), arguments, values);
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
    if (mode == GIMP_RUN_NONINTERACTIVE && !live) {
        for (gint i = 0; i < ARGUMENTS && FIRST + i < count; i++) {
            const Argument *a = ARGUMENT + i;
            if (a->kind == ARGUMENT_TEXT) settings_text(argument_text(a, &settings), p[FIRST + i].data.d_string);
            else whole = argument_set(a, &settings, p[FIRST + i].data.d_float) && whole;
        }
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

#ifdef G_OS_WIN32
MAIN()
#else
MAIN_THAT_LEAVES(&PLUG_IN_INFO)
#endif
