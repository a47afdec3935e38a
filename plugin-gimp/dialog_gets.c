/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "dialog_state.h"

#include "device_row.h"
#include "get.h"

/* One that is loaded stays so for as long as the window is open, and knows nothing of what another was made for. */
static void use_runtime(Dialog *d) {
    const gchar *device = device_of_new_runtime();
    settings_keep_device(device);
    if (dialog_engine_failed(d)) form_choose_device(d->form, device);
    else dialog_tell(d, "ONNX Runtime is here; it is used from the next time on that this window is opened.");
}

static void got(guint32 want, const gchar *folder, gpointer data) {
    Dialog *d = data;
    if (want == SCUMBLE_WANT_MODEL) form_choose_model(d->form, folder);
    else if (want == SCUMBLE_WANT_ANNOTATOR) dialog_tell(d, "The annotator is here; ControlNets that need it use it from the next stroke on.");
    else use_runtime(d);
}

void dialog_get_model(gpointer data) {
    Dialog *d = data;
    ScumbleEngineInfo info = {.error = 0};
    if (d->renderer) renderer_info(d->renderer, &info);
    get_show(GTK_WINDOW(d->view.window), info.error == SCUMBLE_ERROR_RUNTIME, got, d);
}
