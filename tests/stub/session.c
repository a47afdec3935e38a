/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Sessions: the paint, the mask, the settings, waiting. */
#include "stub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t scumble_session_create(const ScumbleEngine *engine, ScumbleSession **session) {
    ScumbleSession *s = *session = calloc(1, sizeof *s);
    s->engine = (ScumbleEngine *)engine;
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->wake, NULL);
    pthread_create(&s->thread, NULL, work, s);
    return SCUMBLE_OK;
}
int32_t changed(ScumbleSession *s, uint64_t *revision) {
    s->revision++;
    s->changed_at = now_us();
    s->dirty = s->paint != NULL;
    if (revision) *revision = s->revision;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    return SCUMBLE_OK;
}
int32_t unchanged(ScumbleSession *s) {
    pthread_mutex_unlock(&s->lock);
    return SCUMBLE_UNCHANGED;
}
int32_t scumble_session_set_params(ScumbleSession *s, const ScumbleParams *params, uint64_t *revision) {
    if (params->steps > 200) return no(SCUMBLE_ERROR_SETTING, "The steps go from 1 to 200.");
    if (params->strength > 1) return no(SCUMBLE_ERROR_SETTING, "The strength goes from 0 to 1.");
    told("preview", params->preview);
    pthread_mutex_lock(&s->lock);
    const char *prompt = params->prompt ? params->prompt : "";
    snprintf(s->lora_folder, sizeof s->lora_folder, "%s", params->lora_folder ? params->lora_folder : "");
    ScumbleParams plain = *params;
    plain.prompt = plain.negative = plain.lora_folder = NULL;
    if (s->prompt && !strcmp(s->prompt, prompt) && !memcmp(&plain, &s->params, sizeof plain)) return unchanged(s);
    free(s->prompt);
    s->prompt = strdup(prompt);
    s->params = plain;
    return changed(s, revision);
}
/* Rows from the bottom up are not known: no host that is tested hands any over. */
static int32_t checked(ScumbleRect rect, int32_t width, int32_t height, size_t bpp, ptrdiff_t stride, size_t length) {
    if (width < 1 || height < 1 || width > 16384 || height > 16384) return no(SCUMBLE_ERROR_RECT, "A canvas has 1 to 16384 pixels a side.");
    if (rect.x < 0 || rect.y < 0 || rect.width < 1 || rect.height < 1 || rect.x + rect.width > width || rect.y + rect.height > height)
        return no(SCUMBLE_ERROR_RECT, "The rectangle is not on the canvas.");
    size_t row = (size_t)rect.width * bpp;
    if (stride < (ptrdiff_t)row || length < (size_t)stride * (size_t)(rect.height - 1) + row)
        return no(SCUMBLE_ERROR_BUFFER, "The buffer is too short for its rows.");
    return SCUMBLE_OK;
}
/* A number for each colour space (FNV-1a of a profile). */
static uint64_t space_of(const ScumbleImage *image) {
    uint64_t number = image->profile ? 14695981039346656037u : image->space;
    const unsigned char *profile = image->profile;
    for (size_t i = 0; i < image->profile_length; i++) number = (number ^ profile[i]) * 1099511628211u;
    return number;
}
int32_t scumble_session_push(ScumbleSession *s, const ScumbleImage *images, uint32_t image_count,
                             const ScumbleRect *touched, uint32_t touched_count, uint64_t *revision) {
    (void)touched, (void)touched_count;
    if (!image_count) return no(SCUMBLE_ERROR_BUFFER, "There is no image to be pushed.");
    if (images->format > SCUMBLE_FORMAT_RGBF32_LINEAR) return no(SCUMBLE_ERROR_FORMAT, "There is no such pixel format.");
    size_t bpp = pixel_bytes(images->format);
    for (uint32_t i = 0; i < image_count; i++) {
        const ScumbleImage *image = images + i;
        int32_t status = checked(image->rect, image->canvas_width, image->canvas_height, bpp, image->stride, image->byte_length);
        if (status) return status;
    }
    pthread_mutex_lock(&s->lock);
    bool differs = false;
    if (!s->paint || s->space != space_of(images) || s->format != images->format || s->width != images->canvas_width || s->height != images->canvas_height) {
        free(s->paint), free(s->coverage);
        s->coverage = NULL;
        for (int i = 0; i < 32; i++)
            if (s->conditions[i].kind != SCUMBLE_CONDITION_REFERENCE) free(s->conditions[i].picture), s->conditions[i].picture = NULL;
        s->paint = calloc((size_t)images->canvas_width * (size_t)images->canvas_height, bpp);
        s->format = images->format;
        s->space = space_of(images);
        s->width = images->canvas_width;
        s->height = images->canvas_height;
        differs = true;
    }
    for (uint32_t i = 0; i < image_count; i++) {
        const ScumbleImage *image = images + i;
        size_t row = (size_t)image->rect.width * bpp;
        for (int32_t y = 0; y < image->rect.height; y++) {
            const unsigned char *from = (const unsigned char *)image->pixels + y * image->stride;
            unsigned char *to = s->paint + ((size_t)(image->rect.y + y) * (size_t)s->width + (size_t)image->rect.x) * bpp;
            if (memcmp(to, from, row)) {
                memcpy(to, from, row);
                differs = true;
            }
        }
    }
    return differs ? changed(s, revision) : unchanged(s);
}
int32_t scumble_session_set_mask(ScumbleSession *s, const ScumbleMask *mask, uint64_t *revision) {
    if (mask && mask->outside > SCUMBLE_OUTSIDE_TRANSPARENT) return no(SCUMBLE_ERROR_SETTING, "Outside of a mask is paint or nothing.");
    int32_t status = mask ? checked(mask->rect, mask->canvas_width, mask->canvas_height, 1, mask->stride, mask->byte_length) : SCUMBLE_OK;
    if (status) return status;
    pthread_mutex_lock(&s->lock);
    size_t area = (size_t)s->width * (size_t)s->height;
    unsigned char *coverage = mask ? calloc(area, 1) : NULL;
    if (mask)
        for (int32_t y = 0; y < mask->rect.height; y++)
            memcpy(coverage + (size_t)(mask->rect.y + y) * (size_t)s->width + (size_t)mask->rect.x,
                   mask->coverage + y * mask->stride, (size_t)mask->rect.width);
    if (!mask == !s->coverage && (!mask || (s->outside == mask->outside && !memcmp(coverage, s->coverage, area)))) {
        free(coverage);
        return unchanged(s);
    }
    free(s->coverage);
    s->coverage = coverage;
    if (mask) s->outside = mask->outside;
    return changed(s, revision);
}
int32_t scumble_session_set_noise(ScumbleSession *s, const float *values, uint32_t draws, uint32_t channels,
                                  uint32_t height, uint32_t width, uint64_t *revision) {
    (void)values, (void)draws, (void)channels, (void)height, (void)width;
    pthread_mutex_lock(&s->lock);
    return changed(s, revision);
}
int32_t scumble_session_wake_fd(ScumbleSession *s, int32_t *fd) {
    (void)s, (void)fd;
    return no(SCUMBLE_ERROR_SETTING, "the stub has no descriptor");
}
int32_t scumble_session_wake_event(ScumbleSession *s, void **event) {
    (void)s, (void)event;
    return no(SCUMBLE_ERROR_SETTING, "the stub has no event");
}
int32_t scumble_session_wait(ScumbleSession *s, uint32_t timeout_ms) {
    for (uint64_t end = now_us() + timeout_ms * 1000ull; now_us() < end; nap_ms(2)) {
        pthread_mutex_lock(&s->lock);
        bool rests = !s->dirty && !s->busy;
        pthread_mutex_unlock(&s->lock);
        if (rests) return SCUMBLE_OK;
    }
    return SCUMBLE_TIMEOUT;
}
int32_t scumble_session_cancel(const ScumbleSession *s) {
    (void)s;
    return SCUMBLE_OK;
}
int32_t scumble_session_doing(const ScumbleSession *session, char *buffer, size_t length) {
    ScumbleSession *s = (ScumbleSession *)session;
    pthread_mutex_lock(&s->lock);
    bool reads = s->reading;
    pthread_mutex_unlock(&s->lock);
    snprintf(buffer, length, "%s", reads ? "The stub reads a network; that is needed once." : "");
    return SCUMBLE_OK;
}
int32_t scumble_session_stats(const ScumbleSession *s, ScumbleStats *stats) {
    uint32_t size = stats->struct_size;
    *stats = s->stats;
    stats->struct_size = size;
    stats->busy = s->dirty || s->busy;
    return SCUMBLE_OK;
}
void scumble_session_release(ScumbleSession *s) {
    if (!s) return;
    pthread_mutex_lock(&s->lock);
    s->quit = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    scumble_frame_release(s->latest);
    for (int i = 0; i < 32; i++) free(s->conditions[i].picture);
    free(s->handed), free(s->paint), free(s->coverage), free(s->prompt), free(s);
}
