// Which painter, and in which order it works.
#include "paint.h"

static int pick_variant(Rng *r) {
    static const float share[V_COUNT] = {[V_DERIVED] = .19f, [V_FLAT] = .35f, [V_BEGINNER] = .14f, [V_WRONG] = .08f,
                                         [V_LINES] = .08f,   [V_HALF] = .08f, [V_STROKES] = .08f};
    float q = rng_unit(r);
    for (int v = 0; v < V_COUNT; v++) {
        q -= share[v];
        if (q < 0) {
            return v;
        }
    }
    return V_FLAT;
}

static void choose_paper(Painter *P) {
    Rng *r = P->rng;
    float q = rng_unit(r);
    for (int c = 0; c < 3; c++) {
        P->paper[c] = q < .6f ? rng_range(r, 240, 252) : q < .8f ? rng_range(r, 226, 238) - c * 7 : 255;
    }
}

// Shapes: what is small in the mask goes, things stay. Aligned shapes keep the picture's outlines.
static void draw_shapes(Painter *P, const Scene *s) {
    Rng *r = P->rng;
    float unit = P->size / 256.f;
    int wrong = P->variant == V_WRONG, coarse = wrong || P->variant == V_BEGINNER;
    int aligned = P->variant == V_FLAT || (!coarse && rng_unit(r) < .5f);
    if (rng_unit(r) < .45f) {
        split_tones(P);
    }
    if (aligned) {
        majority(P, (int)(rng_range(r, 1.5f, 3.9f) * unit));
        P->flags |= F_ALIGNED;
    } else {
        majority(P, (int)(rng_range(r, 3, 6.9f) * unit));
        majority(P, (int)(rng_range(r, 3, 6.9f) * unit));
    }
    if (aligned || rng_unit(r) < .7f) {
        keep_things(P);
    }
    beginner_colours(P, s);
    if (P->variant != V_BEGINNER && rng_unit(r) < .5f) {
        picture_colours(P);
    }
    if (P->variant != V_FLAT) {
        drop_things(P, .5f);
    }
    if (!aligned) {
        float wobble = wrong ? rng_range(r, 3, 9) : rng_range(r, 1.5f, 5);
        warp_labels(P, wobble * unit, rng_range(r, 12, 34) * unit, wrong ? 1 : .25f);
    }
}

static void draw_pixels(Painter *P) {
    Rng *r = P->rng;
    if (P->variant == V_STROKES) {
        paint_strokes(P);
    } else {
        fill_flat(P);
    }
    if (P->variant == V_LINES) {
        draw_outlines(P);
    } else if (P->variant == V_HALF) {
        bare_paper(P);
    }
    if (P->variant != V_FLAT && rng_unit(r) < .12f) {
        add_thing(P);
    }
    if (rng_unit(r) < .4f) {
        soften(P);
    }
    if (rng_unit(r) < .25f) {
        streaks(P, rng_range(r, 2, 8));
    }
}

void paint_scene(const Scene *s, Rng *r, Record *rec) {
    static uint8_t label[SIDE_MAX * SIDE_MAX], spare[SIDE_MAX * SIDE_MAX];
    Painter painter = {.size = rec->size,
                       .label = label,
                       .spare = spare,
                       .rng = r,
                       .picture = rec->picture,
                       .mask = rec->mask,
                       .out = rec->painting,
                       .noise = rng_u32(r)};
    Painter *P = &painter;
    P->variant = pick_variant(r);
    choose_paper(P);
    for (int i = 0; i < rec->size * rec->size; i++) {
        label[i] = rec->mask[i] * 2;
    }
    rec->small = 0;
    if (P->variant == V_DERIVED) {
        paint_blobs(P);
    } else {
        draw_shapes(P, s);
        rec->small = small_share(P);
        draw_pixels(P);
    }
    if (rng_unit(r) < .04f) {
        add_free_stroke(P);
    }
    rec->variant = P->variant;
    rec->flags = P->flags;
}
