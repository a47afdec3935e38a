// The naive painter: what a beginner might have painted where the scene's things are.
//
// A painting starts from the class mask (what is where), never from the picture's texture. Half of the variants take
// their colours from a beginner's fixed palette instead of the picture, so that a model cannot read the answer's
// colours out of the paint.
#pragma once
#include "generate.h"

enum PaintVariant {
    V_DERIVED,  // coarse blobs in the picture's own mean colours
    V_FLAT,     // exactly aligned flat shapes, small things kept
    V_BEGINNER, // coarse blobs in a beginner's palette
    V_WRONG,    // wrong perspective: moved horizon, skewed, outlines far off
    V_LINES,    // flat shapes with dark outlines
    V_HALF,     // half painted: bare paper
    V_STROKES,  // separate strokes of a hard round brush
    V_COUNT
};

enum PaintFlags {
    F_ALIGNED = 1,  // outlines are the picture's to the pixel (or two)
    F_PALETTE = 2,  // colours from the beginner's palette
    F_OUTLINE = 4,  // dark lines
    F_PAPER = 8,    // bare paper is seen
    F_STROKED = 16, // brush strokes
    F_DROPPED = 32, // a thing of the picture is missing
    F_ADDED = 64,   // a thing that is not in the picture
    F_FREE = 128    // a dot or stroke in a colour that the picture does not have
};

enum { LABELS = CLASSES * 2 }; // label = class * 2 + tone

typedef struct {
    int size, variant, flags;
    uint8_t *label, *spare;  // size*size
    float colour[LABELS][3]; // 0..255
    float paper[3];
    unsigned noise;
    Rng *rng;
    const uint8_t *picture, *mask;
    uint8_t *out;
} Painter;

INLINE int painted_thing(int cls) {
    return cls == K_SUN || cls == K_BUILDING || cls == K_PATH || cls == K_BOAT || cls == K_BRIDGE;
}

INLINE void set_rgb(float *c, unsigned hex) {
    c[0] = hex >> 16 & 255;
    c[1] = hex >> 8 & 255;
    c[2] = hex & 255;
}

// paint_shapes.c: the label map
void majority(Painter *P, int radius);
void split_tones(Painter *P);
void keep_things(Painter *P);
void drop_things(Painter *P, float share);
void warp_labels(Painter *P, float wobble, float wavelength, float perspective);
float small_share(const Painter *P);

// paint_colours.c: P->colour
void beginner_colours(Painter *P, const Scene *s);
void picture_colours(Painter *P);

// paint_brush.c: P->out
void fill_flat(Painter *P);
void draw_outlines(Painter *P);
void bare_paper(Painter *P);
void paint_strokes(Painter *P);
void streaks(Painter *P, float strength);
void soften(Painter *P);
void add_thing(Painter *P);
void add_free_stroke(Painter *P);

// paint_blobs.c: the derived variant
void paint_blobs(Painter *P);
