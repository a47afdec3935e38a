/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One run of the procedures plug-in-scumble and plug-in-scumble-live, as GIMP starts them. */
#pragma once

#include "compat.h"
#include "settings.h"

#define PROCEDURE "plug-in-scumble"
#define PROCEDURE_LIVE "plug-in-scumble-live"

/* What the procedures say of themselves; both registrations use it. */
#define BLURB "Renders the layer's paint into a picture"
#define HELP                                                                                                       \
    "A diffusion model on this computer renders what is painted, guided by the prompt, into a new layer above. "   \
    "Where something is selected only that is rendered. Strength goes from 0 (the paint itself) to 1 (the paint "  \
    "says nothing); -1 for strength or guidance and 0 steps mean the model's own. Model is a folder in the "       \
    "layout of diffusers' ONNX export; empty: the model that comes with Scumble. Control, lora, region and reference are "  \
    "what else steers, as `scumble render` has it, with layers of the image for pictures; one on each line."
#define BLURB_LIVE "Renders everything below a new layer, live, while you paint"
#define HELP_LIVE                                                                                                 \
    "Opens Scumble's dialog and makes one layer above the active one, which a diffusion model keeps rendering "   \
    "from everything below it while you go on painting. Interactive only."
#define NOT_WHOLE "The steps (0 to 200) and the seed (0 to 2147483647) are whole numbers."
#define AUTHOR "The Scumble authors"
#define DATE "2026"

/* Does it. `settings` has the arguments where the run is not interactive, else it is filled here; *layer becomes
 * the new layer, -1 without one. */
GimpPDBStatusType scumble_run(GimpRunMode mode, gboolean live, gint32 image, gint32 drawable, Settings *settings,
                              gint32 *layer, GError **error);

#ifndef G_OS_WIN32
#include <stdio.h>
#include <unistd.h>

/* GIMP's macro for a plug-in's main, but that leaves without taking the process apart: a procedure that was refused may end
 * while ONNX Runtime still starts in a thread, which then crashed among what was gone, and GIMP waited for ever. */
#define MAIN_THAT_LEAVES(plug_in) \
    int main(int argc, char *argv[]) { \
        int status = gimp_main(plug_in, argc, argv); \
        fflush(NULL); \
        _exit(status); \
    }
#endif
