/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Gets what it is asked for in SCUMBLE_STUB_MS, into SCUMBLE_STUB_FOLDER; "gated/model" fails, "endless/model" never ends. */
#include "stub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ScumbleDownload { char name[64]; bool agreed, cancelled; uint64_t since; };
INIT(scumble_download_options_init, ScumbleDownloadOptions)
INIT(scumble_download_info_init, ScumbleDownloadInfo)
int32_t scumble_download_start(const ScumbleDownloadOptions *options, ScumbleDownload **download) {
    *download = calloc(1, sizeof **download);
    snprintf((*download)->name, sizeof (*download)->name, "%s", options->name);
    (*download)->agreed = options->agreed;
    (*download)->since = now_us();
    return SCUMBLE_OK;
}
int32_t scumble_download_poll(const ScumbleDownload *d, ScumbleDownloadInfo *info) {
    uint32_t size = info->struct_size;
    uint64_t wanted = (uint64_t)setting("SCUMBLE_STUB_MS", 100) * 1000, passed = now_us() - d->since;
    *info = (ScumbleDownloadInfo){.struct_size = size, .message = "", .title = d->name, .file = "unet/model.onnx", .remarks = "",
                                  .licence = "Mine: Free for <every> use.", .licence_url = "https://example.org/mine",
                                  .folder = "", .bytes = 900000000, .files = 5};
    if (!strcmp(d->name, "endless/model")) passed = wanted / 2;
    if (d->cancelled) {
        info->state = SCUMBLE_DOWNLOAD_CANCELLED;
        info->message = "Cancelled; what has arrived is kept.";
    } else if (!strcmp(d->name, "gated/model")) {
        info->state = SCUMBLE_DOWNLOAD_FAILED;
        info->error = SCUMBLE_ERROR_ACCESS;
        info->message = "gated/model is given only to those who have agreed to its terms.";
    } else if (!d->agreed) {
        info->state = SCUMBLE_DOWNLOAD_TERMS;
    } else {
        info->state = passed < wanted ? SCUMBLE_DOWNLOAD_LOADING : SCUMBLE_DOWNLOAD_DONE;
        info->bytes_done = passed < wanted ? info->bytes * passed / wanted : info->bytes;
        if (passed >= wanted) info->folder = variable("SCUMBLE_STUB_FOLDER");
        if (passed >= wanted) info->message = variable("SCUMBLE_STUB_KEPT");
    }
    return SCUMBLE_OK;
}
int32_t scumble_download_agree(const ScumbleDownload *download) {
    ScumbleDownload *d = (ScumbleDownload *)download;
    d->agreed = true;
    d->since = now_us();
    return SCUMBLE_OK;
}
int32_t scumble_download_cancel(const ScumbleDownload *download) {
    ((ScumbleDownload *)download)->cancelled = true;
    return SCUMBLE_OK;
}
void scumble_download_release(ScumbleDownload *download) { free(download); }
