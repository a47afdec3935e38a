/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The thread that makes the pictures. */
#include "stub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The rectangle around what a mask lets be rendered. */
static ScumbleRect around(const unsigned char *coverage, int32_t width, int32_t height) {
    ScumbleRect rect = {0, 0, width, height};
    int32_t left = width, right = 0, top = height, bottom = 0;
    for (int32_t y = 0; coverage && y < height; y++)
        for (int32_t x = 0; x < width; x++)
            if (coverage[(size_t)y * (size_t)width + (size_t)x]) {
                if (x < left) left = x;
                if (x + 1 > right) right = x + 1;
                if (y < top) top = y;
                bottom = y + 1;
            }
    if (coverage) rect = bottom ? (ScumbleRect){left, top, right - left, bottom - top} : (ScumbleRect){0};
    return rect;
}

/* Where the mask is 0: nothing, or, within the rectangle around it, the paint. The mask's edge is hard. */
static void invert(const ScumbleFrameInfo *frame, const unsigned char *from, unsigned char *to,
                   const unsigned char *coverage, uint32_t outside) {
    enum kind kind = kind_of(frame->format);
    size_t bpp = pixel_bytes(frame->format), width = (size_t)frame->canvas_width;
    const ScumbleRect *covers = &frame->covers;
    for (size_t p = 0; p < width * (size_t)frame->canvas_height; p++) {
        if (coverage && !coverage[p]) {
            int32_t x = (int32_t)(p % width) - covers->x, y = (int32_t)(p / width) - covers->y;
            bool near = x >= 0 && x < covers->width && y >= 0 && y < covers->height;
            if (near && outside == SCUMBLE_OUTSIDE_PAINT) memcpy(to + p * bpp, from + p * bpp, bpp);
            else memset(to + p * bpp, 0, bpp);
            continue;
        }
        for (int c = 0; c < 4; c++) {
            size_t i = p * 4 + (size_t)c;
            if (kind == INT8) to[i] = c == 3 ? 255 : (unsigned char)(255 - from[i]);
            else if (kind == INT16) ((uint16_t *)to)[i] = c == 3 ? 65535 : (uint16_t)(65535 - ((const uint16_t *)from)[i]);
            else if (kind == FLOAT16) ((_Float16 *)to)[i] = c == 3 ? (_Float16)1 : (_Float16)1 - ((const _Float16 *)from)[i];
            else ((float *)to)[i] = c == 3 ? 1.0f : 1.0f - ((const float *)from)[i];
        }
    }
}

/* Is there a region of a greater rank over a region's place? */
static bool is_covered(const ScumbleSession *s, int region, size_t at) {
    for (int i = 0; i < 32; i++)
        if (s->conditions[i].kind == SCUMBLE_CONDITION_REGION && s->conditions[i].picture && s->conditions[i].scale > 0 &&
            s->conditions[i].rank > s->conditions[region].rank && s->conditions[i].picture[at] && s->conditions[i].picture[at + 3])
            return true;
    return false;
}

static void steer(const ScumbleSession *s, unsigned char *pixels, size_t bytes) {
    for (int i = 0; i < 32; i++) {
        const unsigned char *picture = s->conditions[i].picture;
        float scale = s->conditions[i].scale;
        if (s->conditions[i].kind == SCUMBLE_CONDITION_LORA)
            for (size_t at = 0; at < bytes; at += 4) pixels[at] ^= (unsigned char)(scale * 100);
        if (s->conditions[i].kind == SCUMBLE_CONDITION_REGION && picture && scale > 0)
            for (size_t at = 0; at < bytes; at += 4)
                if (picture[at] && picture[at + 3] && !is_covered(s, i, at)) pixels[at] = s->conditions[i].words;
        if (s->conditions[i].kind == SCUMBLE_CONDITION_REFERENCE && picture && scale > 0)
            for (size_t at = 0; at < bytes; at += 4) pixels[at + 1] ^= picture[0] + s->conditions[i].aspect;
        if (s->conditions[i].prepare == SCUMBLE_PREPARE_INPAINT && s->coverage && scale > 0)
            for (size_t at = 0; at < bytes; at += 4) pixels[at + 2] ^= 85;
        if (s->conditions[i].kind == SCUMBLE_CONDITION_CONTROL && picture && scale > 0)
            for (size_t at = 0; at < bytes; at += 4) {
                if (picture[at + 3] && s->conditions[i].prepare == SCUMBLE_PREPARE_DRAWN) memset(pixels + at, 255, 4);
                else if (picture[at + 3]) memcpy(pixels + at, picture + at, 4);
            }
    }
}

/* One that was mended begins with "good". */
static bool misfits(const char *path) {
    char start[5] = "";
    FILE *file = strstr(path, "misfit") ? fopen(path, "rb") : NULL;
    if (file && fread(start, 1, 4, file) < 4) start[0] = 0;
    if (file) fclose(file);
    return strstr(path, "misfit") && strcmp(start, "good");
}

/* What only a job finds out of what steers, as the library does. */
static bool cannot_steer(ScumbleSession *s) {
    if (fails("network")) snprintf(s->unusable, sizeof s->unusable, "The annotator of the stub is not there.");
    if (s->prompt && strstr(s->prompt, "<lora:misfit>"))
        snprintf(s->unusable, sizeof s->unusable, "The LoRA %s/misfit.safetensors does not fit this model.", s->lora_folder);
    for (int i = 0; i < 32; i++)
        if (s->conditions[i].kind && misfits(s->conditions[i].file))
            snprintf(s->unusable, sizeof s->unusable, "The LoRA %s does not fit this model.", s->conditions[i].file);
    return s->unusable[0];
}

void *work(void *argument) {
    ScumbleSession *s = argument;
    pthread_mutex_lock(&s->lock);
    while (!s->quit) {
        if (!s->dirty) {
            pthread_cond_wait(&s->wake, &s->lock);
            continue;
        }
        if (loaded(s->engine) < 1.0f && !fails("load")) {
            pthread_mutex_unlock(&s->lock);
            nap_ms(5);
            pthread_mutex_lock(&s->lock);
            continue;
        }
        s->dirty = false;
        if (s->prompt && !strcmp(s->prompt, "failing late")) {
            pthread_mutex_unlock(&s->lock);
            nap_ms(600);
            pthread_mutex_lock(&s->lock);
            s->fault = true;
            continue;
        }
        /* As the library does: a failed revision is not tried again, and a failed load is told by each poll. */
        if (fails("load") || fails("render") || (s->prompt && !strcmp(s->prompt, "failing"))) {
            s->fault = true;
            continue;
        }
        if (cannot_steer(s)) continue;
        s->died = s->prompt && !strcmp(s->prompt, "dying");
        s->busy = true;
        s->stats.jobs_started++;
        size_t bytes = (size_t)s->width * (size_t)s->height * pixel_bytes(s->format);
        ScumbleFrame *frame = calloc(1, sizeof *frame);
        unsigned char *copy = malloc(bytes), *pixels = malloc(bytes);
        memcpy(copy, s->paint, bytes);
        size_t area = (size_t)s->width * (size_t)s->height;
        uint32_t outside = s->outside;
        unsigned char *coverage = s->coverage ? memcpy(malloc(area), s->coverage, area) : NULL;
        frame->info = (ScumbleFrameInfo){
            .struct_size = sizeof frame->info, .flags = SCUMBLE_FRAME_FINAL, .revision = s->revision,
            .rect = {0, 0, s->width, s->height}, .covers = around(s->coverage, s->width, s->height),
            .canvas_width = s->width, .canvas_height = s->height, .format = s->format, .step = 1, .steps = 1,
            .tier = SCUMBLE_TIER_SETTLED};
        frame->pixels = pixels;
        frame->note = s->prompt && !strcmp(s->prompt, "wordy") ? "The prompt is too long for the stub." : "";
        uint64_t started = now_us(), changed = s->changed_at;
        s->reading = s->prompt && !strcmp(s->prompt, "reading");
        bool reads = s->reading;
        pthread_mutex_unlock(&s->lock);
        if (reads) nap_ms(setting("SCUMBLE_STUB_READS_MS", 3000));
        pthread_mutex_lock(&s->lock);
        s->reading = false;
        pthread_mutex_unlock(&s->lock);
        nap_ms(setting("SCUMBLE_STUB_MS", 100));
        invert(&frame->info, copy, pixels, coverage, outside);
        pthread_mutex_lock(&s->lock);
        s->busy = false;
        frame->info.seq = ++s->seq;
        bool endless = s->prompt && !strcmp(s->prompt, "endless");
        if (endless && s->seq % 2 && !coverage) memcpy(pixels, copy, bytes);
        steer(s, pixels, bytes);
        frame->info.since_push_us = now_us() - changed;
        frame->info.since_start_us = now_us() - started;
        if (s->dirty) frame->info.flags |= SCUMBLE_FRAME_STALE;
        s->stats.frames++;
        scumble_frame_release(s->latest);
        s->latest = frame;
        s->dirty = s->dirty || endless;
        free(copy), free(coverage);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}
