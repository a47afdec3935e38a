/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What all parts of the stub use: time, settings from the environment, errors, pixel formats. */
#include "stub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static _Thread_local char last_error[600];

uint64_t now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}
void nap_ms(long ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}
long setting(const char *name, long otherwise) {
    const char *text = getenv(name);
    return text ? atol(text) : otherwise;
}
void told(const char *what, unsigned value) {
    const char *path = getenv("SCUMBLE_STUB_TOLD");
    FILE *file = path ? fopen(path, "a") : NULL;
    if (!file) return;
    fprintf(file, "%s %u\n", what, value);
    fclose(file);
}
bool fails(const char *where) {
    const char *text = getenv("SCUMBLE_STUB_FAIL");
    return text && !strcmp(text, where);
}
int32_t no(int32_t status, const char *why) {
    snprintf(last_error, sizeof last_error, "%s", why);
    return status;
}
const char *variable(const char *name) {
    const char *text = getenv(name);
    return text ? text : "";
}
enum kind kind_of(int32_t format) {
    switch (format) {
    case SCUMBLE_FORMAT_RGBA8: case SCUMBLE_FORMAT_BGRA8:
    case SCUMBLE_FORMAT_RGBA8_LINEAR: case SCUMBLE_FORMAT_BGRA8_LINEAR: return INT8;
    case SCUMBLE_FORMAT_RGBAF32: case SCUMBLE_FORMAT_RGBAF32_LINEAR: return FLOAT32;
    case SCUMBLE_FORMAT_RGBAF16: case SCUMBLE_FORMAT_RGBAF16_LINEAR: return FLOAT16;
    default: return INT16;
    }
}
size_t pixel_bytes(int32_t format) {
    enum kind kind = kind_of(format);
    return kind == INT8 ? 4 : kind == FLOAT32 ? 16 : 8;
}

const char *scumble_last_error(void) { return last_error; }
int32_t scumble_session_last_error(const ScumbleSession *session, char *buffer, size_t length) {
    (void)session;
    snprintf(buffer, length, "%s", last_error);
    return SCUMBLE_OK;
}
