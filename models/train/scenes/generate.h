// From a seed to a picture, a painting, a class mask and captions.
#pragma once
#include "scene.h"

enum { CAPTIONS = 7, CAPTION_BYTES = 400, SIDE_MIN = 64, SIDE_MAX = 512, SCENE_TRIES = 6 };

typedef struct {
    int size;
    uint8_t *picture, *painting, *mask; // size * size: RGB, RGB, class
    char caption[CAPTIONS][CAPTION_BYTES];
    float share[CLASSES]; // of the mask
    int variant, flags;   // of the painter
    float small;          // share of the painting covered by small things
    int place, light, season;
} Record;

enum { PLACE_ICEBERGS = PLACES }; // in a record, after the other places

Record new_record(int size);
// A scene that does not look well is replaced by that of another seed, always the same.
void generate(Record *rec, unsigned seed);

// finish.c: the picture and the mask from the view of twice the size
void finish_picture(const Scene *s, const View *v, int size, uint8_t *picture);
void finish_mask(const View *v, int size, uint8_t *mask, float *share);
int looks_well(const Scene *s, const Record *rec);

// captions.c. sun, moon: whether they are seen
void write_captions(const Scene *s, Rng *r, Record *rec, int sun, int moon);
// painter.c
void paint_scene(const Scene *s, Rng *r, Record *rec);
