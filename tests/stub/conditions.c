/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What steers a session, and shows in its next picture as `steer` in work.c says. */
#include "stub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t scumble_session_set_condition(ScumbleSession *s, uint32_t number, const ScumbleCondition *condition,
                                      const ScumbleImage *image, uint64_t *revision) {
    if (condition && condition->file && strstr(condition->file, "broken")) return no(SCUMBLE_ERROR_MODEL_BROKEN, "the file is broken");
    if (condition && (!condition->kind || condition->kind > SCUMBLE_CONDITION_REFERENCE)) return no(SCUMBLE_ERROR_SETTING, "There is no such condition.");
    if (image && condition && condition->prepare == SCUMBLE_PREPARE_INPAINT) return no(SCUMBLE_ERROR_SETTING, "A control for inpainting has no picture.");
    pthread_mutex_lock(&s->lock);
    uint32_t at = number % 32, kind = condition ? condition->kind : 0;
    float scale = condition ? condition->scale : 0;
    unsigned char words = condition && condition->prompt ? (unsigned char)strlen(condition->prompt) : 0;
    bool differs = s->conditions[at].kind != kind || s->conditions[at].scale != scale || s->conditions[at].words != words;
    uint32_t prepare = condition ? condition->prepare : 0;
    uint32_t rank = condition ? condition->rank : 0;
    uint32_t aspect = condition ? condition->aspect : 0;
    differs = differs || s->conditions[at].prepare != prepare || s->conditions[at].rank != rank || s->conditions[at].aspect != aspect;
    const char *file = condition && condition->file ? condition->file : "";
    differs = differs || strcmp(s->conditions[at].file, file);
    snprintf(s->conditions[at].file, sizeof s->conditions[at].file, "%s", file);
    s->conditions[at].aspect = aspect;
    s->conditions[at].prepare = prepare;
    s->conditions[at].rank = rank;
    s->conditions[at].words = words;
    s->conditions[at].kind = kind;
    s->conditions[at].scale = scale;
    if (image && kind == SCUMBLE_CONDITION_REFERENCE) { /* it has a size of its own: its first pixel is what is seen of it */
        unsigned char **picture = &s->conditions[at].picture;
        if (!*picture) *picture = calloc(1, 16);
        size_t bpp = image->rect.x || image->rect.y ? 0 : pixel_bytes(image->format);
        differs = differs || memcmp(*picture, image->pixels, bpp);
        memcpy(*picture, image->pixels, bpp);
    } else if (image && s->paint) {
        size_t bpp = pixel_bytes(s->format), row = (size_t)image->rect.width * bpp;
        unsigned char **picture = &s->conditions[at].picture;
        if (!*picture) *picture = calloc((size_t)s->width * (size_t)s->height, bpp);
        for (int32_t y = 0; y < image->rect.height; y++) {
            unsigned char *to = *picture + ((size_t)(image->rect.y + y) * (size_t)s->width + (size_t)image->rect.x) * bpp;
            const unsigned char *from = (const unsigned char *)image->pixels + y * image->stride;
            differs = differs || memcmp(to, from, row);
            memcpy(to, from, row);
        }
    }
    if (!condition || prepare == SCUMBLE_PREPARE_INPAINT) free(s->conditions[at].picture), s->conditions[at].picture = NULL;
    return differs ? changed(s, revision) : unchanged(s);
}
int32_t scumble_session_conditions(ScumbleSession *s, ScumbleList **list) {
    static ScumbleList list_of;
    pthread_mutex_lock(&s->lock);
    list_of.kind = LIST_CONDITIONS;
    list_of.count = 0;
    for (unsigned i = 0; i < 32; i++) {
        if (!s->conditions[i].kind) continue;
        bool drawn = false;
        const unsigned char *picture = s->conditions[i].picture;
        size_t bytes = (size_t)s->width * (size_t)s->height * pixel_bytes(s->format);
        for (size_t at = 0; picture && s->conditions[i].kind == SCUMBLE_CONDITION_CONTROL && at < bytes; at++) drawn = drawn || picture[at];
        snprintf(list_of.entries[list_of.count].name, sizeof list_of.entries->name, "%u", i);
        uint32_t prepare = s->conditions[i].prepare;
        const char *undrawn = prepare == SCUMBLE_PREPARE_DRAWN && !drawn ? "Nothing is drawn on it." : NULL;
        list_of.entries[list_of.count++].silent = prepare == SCUMBLE_PREPARE_INPAINT && !s->coverage ? "Nothing is masked." : undrawn;
    }
    pthread_mutex_unlock(&s->lock);
    *list = &list_of;
    return SCUMBLE_OK;
}
