/*
 * SPDX-License-Identifier: MIT OR Apache-2.0
 * An engine without a model, behind the same header: a job takes SCUMBLE_STUB_MS (default 100) and shows the
 * paint with its colours inverted, opaque. Loading takes SCUMBLE_STUB_LOAD_MS (default 0). SCUMBLE_STUB_FAIL=load
 * or =render fails there, and the prompt "failing" fails each job, "failing late" after a while; "endless" never ends, "wordy" is too long, with "reading" it reads a
 * network first for SCUMBLE_STUB_READS_MS (default 3000), and with "dying" the engine's
 * process is told to have died once, after which the picture comes all the same. =network fails each job too, as an annotator
 * that is missing does, and so does a condition whose file is called "misfit" and does not begin with "good". Conditions show as `steer` says, in 8
 * bits; SCUMBLE_STUB_UNSTEERED: the model takes none; SCUMBLE_STUB_OWN_CONTROL: it reads a control itself. SCUMBLE_STUB_TOLD names a file
 * that gets a line for each engine and each change of the settings. For tests of hosts: what
 * they show is known to the byte, and how fast is settable.
 *
 * tests/stub/build_stub.py compiles it.
 */
#ifndef SCUMBLE_STUB_H
#define SCUMBLE_STUB_H
#include <pthread.h>
#include <scumble.h>
#include <stdbool.h>
#include <stdint.h>

struct ScumbleEngine { uint64_t made_at; int shared; };
struct ScumbleFrame {
    ScumbleFrameInfo info;
    ScumbleRect rects[4];
    unsigned char *pixels; /* of the whole canvas */
    const char *note;
};
struct ScumbleSession {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    ScumbleEngine *engine;
    bool quit, dirty, busy, fault, died, reading;
    char unusable[600]; /* why a job could not use what steers, till it is told */
    int32_t format, width, height;
    uint64_t space;
    unsigned char *paint, *coverage;
    uint32_t outside;
    uint64_t revision, seq, changed_at;
    ScumbleFrame *latest;
    unsigned char *handed; /* the picture of the frame that was polled last */
    int32_t handed_format, handed_width, handed_height;
    ScumbleFrameInfo handed_info; /* of that frame, without its parts */
    ScumbleParams params;
    char *prompt;
    char lora_folder[400];
    ScumbleStats stats;
    /* A control's picture lies over the frame where it is not transparent, white where drawn lines are asked for, and one for inpainting, which
     * has none, changes a byte of each pixel where there is a mask; a LoRA changes a byte of each pixel;
     * a region puts the number of its words' letters into a byte where it is. */
    struct { uint32_t kind, prepare, rank, aspect; float scale; unsigned char *picture; unsigned char words; char file[400]; } conditions[32];
};

/* Lists that only the stub numbers: what a model takes, and a session's conditions. */
#define LIST_TAKEN 1000
#define LIST_CONDITIONS 1001
struct ScumbleList { uint32_t kind, count; struct { char name[12]; const char *silent; } entries[32]; };
enum kind { INT8, INT16, FLOAT16, FLOAT32 };

/* A struct's _init. */
#define INIT(function, type)                                               \
    int32_t function(type *it, size_t size) {                              \
        if (size != sizeof *it) return no(SCUMBLE_ERROR_STRUCT_SIZE, #type); \
        memset(it, 0, size);                                               \
        it->struct_size = (uint32_t)size;                                  \
        return SCUMBLE_OK;                                                 \
    }

/* Not the host's business. */
#pragma GCC visibility push(hidden)
/* common.c */
uint64_t now_us(void);
void nap_ms(long ms);
long setting(const char *name, long otherwise);
const char *variable(const char *name);
void told(const char *what, unsigned value);
bool fails(const char *where);
int32_t no(int32_t status, const char *why);
enum kind kind_of(int32_t format);
size_t pixel_bytes(int32_t format);
/* engine.c: how much of it is loaded, 0 to 1. */
float loaded(const ScumbleEngine *engine);
/* session.c: what ends a call, with the session's lock held. */
int32_t changed(ScumbleSession *s, uint64_t *revision);
int32_t unchanged(ScumbleSession *s);
/* work.c: a session's thread. */
void *work(void *session);
#pragma GCC visibility pop
#endif
