// Words for what is seen in a scene.
#pragma once
#include "generate.h"

enum { PHRASE = 160, MAX_EXTRAS = 14 };

typedef struct {
    const Scene *s;
    Rng *r;
    const float *share; // of each class
    int sun, moon;      // seen in the picture
    char extra[MAX_EXTRAS][PHRASE];
    int extras, things; // the first `things` extras are objects, which go first
} Words;

// One of "x|y|z", in one of a few buffers that are used in turn.
const char *one_of(Rng *r, const char *options);
// What the picture is of; brief: a noun or two.
void name_subject(Words *w, char *out, int brief);
// Fills w->extra anew: objects first, both groups in random order.
void name_extras(Words *w);
// "at sunset", and "sunset".
const char *name_time(const Words *w);
const char *light_word(const Words *w);
// Snow on the ground in winter.
int is_wintry(const Words *w);
// " adjective" kinds
const char *tree_kind(const Words *w);
const char *flower_name(const Words *w);
