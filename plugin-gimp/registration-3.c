/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How GIMP 3 learns of the procedures and starts them. */
#include "arguments.h"
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

/* The arguments that scripts give. FALSE if a number that must be whole is not. */
static gboolean read_settings(GimpProcedureConfig *config, Settings *s) {
    gboolean whole = TRUE;
    for (const Argument *a = ARGUMENT; a < ARGUMENT + ARGUMENTS; a++) {
        gchar *text = NULL;
        gdouble number = a->own;
        if (a->kind == ARGUMENT_TEXT) {
            g_object_get(config, a->name, &text, NULL);
            settings_text(argument_text(a, s), text);
            g_free(text);
        } else {
            g_object_get(config, a->name, &number, NULL);
            whole = argument_set(a, s, number) && whole;
        }
    }
    return whole;
}

/* What the dialog was left with is what GIMP keeps as the last values. */
static void write_settings(GimpProcedureConfig *config, const Settings *s) {
    for (const Argument *a = ARGUMENT; a < ARGUMENT + ARGUMENTS_KEPT; a++) {
        if (a->kind == ARGUMENT_TEXT) g_object_set(config, a->name, argument_text_of(a, s), NULL);
        else g_object_set(config, a->name, argument_number(a, s), NULL);
    }
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
    for (const Argument *a = ARGUMENT; a < ARGUMENT + ARGUMENTS; a++) {
        if (a->kind == ARGUMENT_TEXT) gimp_procedure_add_string_argument(p, a->name, a->label, a->sentence, "", flags);
        else gimp_procedure_add_double_argument(p, a->name, a->label, a->sentence, MIN(a->own, a->least), a->most, a->own, flags);
    }
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

#ifdef G_OS_WIN32
GIMP_MAIN(scumble_get_type())
#else
MAIN_THAT_LEAVES(scumble_get_type())
#endif
