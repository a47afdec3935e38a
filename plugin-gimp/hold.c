/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "hold.h"

#include "compat.h"

#include <unistd.h>

/* Microseconds after a key or button went up: GIMP may not have come to it yet. */
#define LINGER 300000
#define MENU 1500000 /* after Alt: a menu has opened, and the next key in it may delete the layer */

#define BUTTONS (GDK_BUTTON1_MASK | GDK_BUTTON2_MASK | GDK_BUTTON3_MASK)

static GdkModifierType what_is_down(void) {
    GdkModifierType down = 0;
    GdkScreen *screen = gdk_screen_get_default();
    GdkWindow *root = screen ? gdk_screen_get_root_window(screen) : NULL;
#if GTK_MAJOR_VERSION >= 3
    GdkSeat *seat = root ? gdk_display_get_default_seat(gdk_display_get_default()) : NULL;
    GdkDevice *pointer = seat ? gdk_seat_get_pointer(seat) : NULL;
    if (pointer) gdk_window_get_device_position(root, pointer, NULL, NULL, &down);
#else
    if (root) gdk_window_get_pointer(root, NULL, NULL, &down);
#endif
    return down;
}

typedef enum { NOBODYS, PLUG_INS, GIMPS, GIMPS_DIALOG } Front;

/* FALSE for the window of another plug-in: GIMP itself has started us. */
static gboolean of_gimp(GdkWindow *window) {
    guchar *pid = NULL;
    gint size = 0;
    gboolean found = gdk_property_get(window, gdk_atom_intern_static_string("_NET_WM_PID"),
                                      gdk_atom_intern_static_string("CARDINAL"), 0, 4, FALSE, NULL, NULL, &size, &pid);
    gboolean others = found && size == (gint)sizeof(glong) && *(const glong *)(const void *)pid != (glong)getppid();
    g_free(pid);
    return !others;
}

/* Whose window has the focus. */
static Front in_front(void) {
    GdkScreen *screen = gdk_screen_get_default();
    if (!screen) return NOBODYS;
    Front found = NOBODYS;
    G_GNUC_BEGIN_IGNORE_DEPRECATIONS
    gdk_error_trap_push(); /* it may close while we ask */
    GdkWindow *front = gdk_screen_get_active_window(screen);
    if (front) {
        if (gdk_window_get_window_type(front) != GDK_WINDOW_FOREIGN || !of_gimp(front)) found = PLUG_INS;
        else if (gdk_window_get_type_hint(front) == GDK_WINDOW_TYPE_HINT_DIALOG) found = GIMPS_DIALOG;
        else found = GIMPS;
        g_object_unref(front);
    }
    if (gdk_error_trap_pop()) found = GIMPS_DIALOG;
    G_GNUC_END_IGNORE_DEPRECATIONS
    return found;
}

gboolean hold_hands(Hold *h, gint64 painted) {
    gint64 now = g_get_monotonic_time();
    GdkModifierType down = what_is_down();
    if (down & GDK_CONTROL_MASK) h->key = MAX(h->key, now + LINGER);
    if (down & GDK_MOD1_MASK) h->key = MAX(h->key, now + MENU);
    gboolean pressed = (down & BUTTONS) != 0;
    /* One that was down at the last look is the same press, however long ago that was: looks are slow on a slow machine. */
    if (pressed && !h->pressed && now - h->button > LINGER) h->press = h->up ? h->up : now;
    /* Pressed since the hands were looked at last: what was seen to be painted between was painted with it. */
    *(pressed ? &h->button : &h->up) = now;
    h->pressed = pressed;
    if (now < h->key) return TRUE;
    return now - h->button < LINGER && painted < h->press && in_front() != PLUG_INS;
}

gboolean hold_pressed(void) { return (what_is_down() & BUTTONS) != 0; }

gboolean hold_dialog(void) { return GIMP_MAJOR_VERSION < 3 && in_front() == GIMPS_DIALOG; }

#if GIMP_MAJOR_VERSION >= 3

static struct {
    void (*work)(gpointer data);
    gpointer data;
} held;

static GimpValueArray *do_held(GimpProcedure *procedure, GimpProcedureConfig *config, gpointer data) {
    GimpImage *kept = NULL;
    (void)data;
    keep_errors_to_ourselves(); /* GIMP asks it anew of each procedure */
    g_object_get(config, "image", &kept, NULL);
    /* It may have gone on the way to here. */
    if (kept && gimp_image_id_is_valid(gimp_image_get_id(kept))) held.work(held.data);
    g_clear_object(&kept);
    return gimp_procedure_new_return_values(procedure, GIMP_PDB_SUCCESS, NULL);
}

/* GIMP 3 keeps the arguments of a procedure until it returns. So GIMP is asked to call a procedure of our own with the
 * image as its argument, and the work is done in there. */
void hold_image(gint32 image, void (*work)(gpointer), gpointer data) {
    static GimpProcedure *procedure; /* as GIMP knows it: ours itself would be run without asking GIMP */
    if (!procedure) {
        GimpPlugIn *plug_in = gimp_get_plug_in();
        /* Another live layer runs in a process of its own. */
        gchar *name = g_strdup_printf("plug-in-scumble-hold-%d", (int)getpid());
        GimpProcedure *own = gimp_procedure_new(plug_in, name, GIMP_PDB_PROC_TYPE_TEMPORARY, do_held, NULL, NULL);
        gimp_procedure_add_image_argument(own, "image", "Image", "The image to keep", FALSE, G_PARAM_READWRITE);
        gimp_plug_in_add_temp_procedure(plug_in, own);
        g_object_unref(own);
        procedure = gimp_pdb_lookup_procedure(gimp_get_pdb(), name);
        g_free(name);
    }
    GimpImage *kept = gimp_image_get_by_id(image);
    if (!kept || !procedure) return;
    held.work = work;
    held.data = data;
    gimp_value_array_unref(gimp_procedure_run(procedure, "image", kept, NULL));
}

#else

void hold_image(gint32 image, void (*work)(gpointer), gpointer data) {
    (void)image;
    work(data);
}

#endif
