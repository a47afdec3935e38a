/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The engine, and what belongs to no session. */
#include "stub.h"

#include <stdlib.h>
#include <string.h>

uint32_t scumble_abi_version(void) { return SCUMBLE_ABI_MAJOR << 16 | SCUMBLE_ABI_MINOR; }
const char *scumble_version(void) { return "0.0.0-stub"; }
const char *scumble_status_text(int32_t status) { return status < 0 ? "error" : "fine"; }
const char *scumble_default_model(void) { return ""; }

INIT(scumble_engine_options_init, ScumbleEngineOptions)
INIT(scumble_engine_info_init, ScumbleEngineInfo)
INIT(scumble_frame_info_init, ScumbleFrameInfo)
INIT(scumble_overview_init, ScumbleOverview)
INIT(scumble_image_init, ScumbleImage)
INIT(scumble_mask_init, ScumbleMask)
INIT(scumble_stats_init, ScumbleStats)
INIT(scumble_params_init, ScumbleParams)
INIT(scumble_entry_init, ScumbleEntry)
INIT(scumble_condition_init, ScumbleCondition)

int32_t scumble_log_level(uint32_t level) { return level > SCUMBLE_LOG_DEBUG ? SCUMBLE_ERROR_SETTING : SCUMBLE_OK; }
int32_t scumble_log_read(uint64_t *number, uint32_t *level, char *buffer, size_t length) {
    (void)number, (void)level, (void)buffer, (void)length;
    return SCUMBLE_END;
}

int32_t scumble_engine_create(const ScumbleEngineOptions *options, ScumbleEngine **engine) {
    told("engine", 1);
    if (options && options->model_dir && strstr(options->model_dir, "nowhere"))
        return no(SCUMBLE_ERROR_MODEL_MISSING, "the model folder does not exist; choose another one");
    *engine = calloc(1, sizeof **engine);
    (*engine)->made_at = now_us();
    (*engine)->shared = options && options->process == SCUMBLE_PROCESS_SHARED;
    return SCUMBLE_OK;
}
float loaded(const ScumbleEngine *engine) {
    long ms = setting("SCUMBLE_STUB_LOAD_MS", 0);
    float done = ms ? (float)(now_us() - engine->made_at) / 1000.0f / (float)ms : 1.0f;
    return done > 1.0f ? 1.0f : done;
}
int32_t scumble_engine_info(const ScumbleEngine *engine, ScumbleEngineInfo *info) {
    uint32_t size = info->struct_size;
    *info = (ScumbleEngineInfo){.struct_size = size, .message = "loading the stub", .model_name = "",
                                .model_description = "", .device = "", .runtime = "", .progress = loaded(engine)};
    if (fails("runtime")) {
        info->state = SCUMBLE_ENGINE_FAILED;
        info->error = SCUMBLE_ERROR_RUNTIME;
        info->message = "ONNX Runtime was not found";
    } else if (fails("load")) {
        info->state = SCUMBLE_ENGINE_FAILED;
        info->error = SCUMBLE_ERROR_MODEL_BROKEN;
        info->message = "the stub was asked to fail while loading";
    } else if (info->progress >= 1.0f) {
        info->state = SCUMBLE_ENGINE_READY;
        info->message = "";
        info->model_name = "Stub";
        info->model_description = "Inverts the paint.";
        info->device = "cpu";
        info->device_note = engine->shared ? "The stub is shared with nobody." : "";
        info->native_side = 256;
        info->default_steps = 2;
        info->default_strength = 0.5f;
        info->default_guidance = 1.0f;
        const char *keeps = getenv("SCUMBLE_STUB_PAINT_GUIDANCE");
        if (keeps) info->default_paint_guidance = (float)atof(keeps);
    }
    return SCUMBLE_OK;
}
void scumble_engine_release(ScumbleEngine *engine) { (void)engine; /* sessions may still look at it */ }
