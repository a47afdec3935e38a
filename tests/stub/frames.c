/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Frames, and how they are handed out. */
#include "stub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Shrinks `part` to what differs between two pictures of `width` pixels a row; empty if nothing does. */
static ScumbleRect differing(ScumbleRect part, const unsigned char *a, const unsigned char *b, size_t width, size_t bpp) {
    int32_t left = part.width, right = 0, top = part.height, bottom = 0;
    for (int32_t y = 0; y < part.height; y++) {
        size_t row = ((size_t)(part.y + y) * width + (size_t)part.x) * bpp;
        if (!memcmp(a + row, b + row, (size_t)part.width * bpp)) continue;
        if (y < top) top = y;
        bottom = y + 1;
        for (int32_t x = 0; x < part.width; x++)
            if (memcmp(a + row + (size_t)x * bpp, b + row + (size_t)x * bpp, bpp)) {
                if (x < left) left = x;
                if (x + 1 > right) right = x + 1;
            }
    }
    if (!bottom) return (ScumbleRect){0};
    return (ScumbleRect){part.x + left, part.y + top, right - left, bottom - top};
}

/* Tells what is new since the frame that was handed out before, in up to four parts, in an order that is never the
 * same: hosts must take any. */
static void tell(ScumbleSession *s, ScumbleFrame *frame, uint64_t after_seq) {
    int32_t width = frame->info.canvas_width, height = frame->info.canvas_height;
    int32_t across = width > 1 ? width / 3 : 0, down = height > 1 ? height / 3 : 0;
    ScumbleRect parts[4] = {{0, 0, across, down}, {across, 0, width - across, down},
                            {0, down, across, height - down}, {across, down, width - across, height - down}};
    size_t bpp = pixel_bytes(frame->info.format), bytes = (size_t)width * (size_t)height * bpp;
    s->handed_info = frame->info;
    bool first = !after_seq || !s->handed || s->handed_format != frame->info.format || s->handed_width != width ||
                 s->handed_height != height;
    for (unsigned i = 0; i < 4; i++) {
        ScumbleRect part = parts[(i * 3 + (unsigned)frame->info.seq) % 4];
        if (!first) part = differing(part, s->handed, frame->pixels, (size_t)width, bpp);
        if (part.width > 0 && part.height > 0) frame->rects[frame->info.rect_count++] = part;
    }
    s->handed = realloc(s->handed, bytes);
    memcpy(s->handed, frame->pixels, bytes);
    s->handed_format = frame->info.format;
    s->handed_width = width;
    s->handed_height = height;
}

/* The frame that was handed out last, for a host that has not got it; NULL without one. */
static ScumbleFrame *again(const ScumbleSession *s) {
    if (!s->handed) return NULL;
    size_t bytes = (size_t)s->handed_width * (size_t)s->handed_height * pixel_bytes(s->handed_format);
    ScumbleFrame *frame = calloc(1, sizeof *frame);
    frame->info = s->handed_info;
    frame->pixels = malloc(bytes);
    memcpy(frame->pixels, s->handed, bytes);
    return frame;
}

int32_t scumble_session_poll(ScumbleSession *s, uint64_t after_seq, ScumbleFrame **frame) {
    pthread_mutex_lock(&s->lock);
    int32_t status = SCUMBLE_NO_FRAME;
    if (s->died) {
        s->died = false;
        status = no(SCUMBLE_ERROR_WORKER_DIED, "the stub's process has ended; it is started anew");
    } else if (s->unusable[0]) {
        status = no(SCUMBLE_ERROR_MODEL_UNSUPPORTED, s->unusable);
        s->unusable[0] = 0;
    } else if (s->fault) {
        s->fault = fails("load");
        status = no(fails("load") ? SCUMBLE_ERROR_MODEL_BROKEN : SCUMBLE_ERROR_INFERENCE, "the stub was asked to fail");
    } else if ((s->latest && s->latest->info.seq > after_seq) || (!s->latest && s->handed && s->handed_info.seq > after_seq)) {
        *frame = s->latest ? s->latest : again(s);
        s->latest = NULL;
        tell(s, *frame, after_seq);
        if ((*frame)->info.revision == s->revision) (*frame)->info.flags |= SCUMBLE_FRAME_CURRENT;
        status = SCUMBLE_OK;
    } else if (loaded(s->engine) < 1.0f) {
        status = SCUMBLE_LOADING;
    }
    pthread_mutex_unlock(&s->lock);
    return status;
}
/* It has no pixels but those of the canvas. */
int32_t scumble_frame_overview(const ScumbleFrame *frame, ScumbleOverview *info, void *pixels, ptrdiff_t stride,
                               size_t length) {
    (void)frame, (void)pixels, (void)stride, (void)length;
    *info = (ScumbleOverview){.struct_size = info->struct_size};
    return SCUMBLE_NO_FRAME;
}

int32_t scumble_frame_info(const ScumbleFrame *frame, ScumbleFrameInfo *info) {
    *info = frame->info;
    return SCUMBLE_OK;
}
int32_t scumble_frame_note(const ScumbleFrame *frame, char *buffer, size_t length) {
    snprintf(buffer, length, "%s", frame->note ? frame->note : "");
    return SCUMBLE_OK;
}
int32_t scumble_frame_rects(const ScumbleFrame *frame, ScumbleRect *rects, uint32_t count) {
    if (count > frame->info.rect_count) return no(SCUMBLE_ERROR_BUFFER, "there are fewer rectangles");
    memcpy(rects, frame->rects, count * sizeof *rects);
    return SCUMBLE_OK;
}
int32_t scumble_frame_copy(const ScumbleFrame *frame, const ScumbleRect *rect, void *pixels, ptrdiff_t stride,
                           size_t byte_length) {
    const ScumbleFrameInfo *f = &frame->info;
    size_t bpp = pixel_bytes(f->format), across = (size_t)f->canvas_width * bpp;
    if (stride < 0 || byte_length < (size_t)stride * (size_t)rect->height) return no(SCUMBLE_ERROR_BUFFER, "the target is too short");
    int32_t left = rect->x > 0 ? rect->x : 0, top = rect->y > 0 ? rect->y : 0;
    int32_t right = rect->x + rect->width, bottom = rect->y + rect->height;
    if (right > f->canvas_width) right = f->canvas_width;
    if (bottom > f->canvas_height) bottom = f->canvas_height;
    for (int32_t y = top; y < bottom && left < right; y++)
        memcpy((unsigned char *)pixels + (y - rect->y) * stride + (size_t)(left - rect->x) * bpp,
               frame->pixels + (size_t)y * across + (size_t)left * bpp, (size_t)(right - left) * bpp);
    return SCUMBLE_OK;
}
void scumble_frame_release(ScumbleFrame *frame) {
    if (!frame) return;
    free(frame->pixels);
    free(frame);
}
