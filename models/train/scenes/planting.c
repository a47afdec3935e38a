// Forests, and plants and stones around the viewer.
#include "place_things.h"

enum { SHADOW_STEPS = 10 };

// Where trees may stand, gathered until a batch is full.
typedef struct {
    int n;
    float x[BATCH], z[BATCH], pixel[BATCH];
} Spots;

static float hash_at(const Scene *s, float x, float z, float kx, float kz, unsigned seed) {
    return hash01((int)(x * kx), (int)(z * kz), s->seed + seed);
}

// Near trees must not stand before the view: they are kept at the sides, and few.
static int blocks_view(const Scene *s, float x, float z, float h) {
    float limit = s->forest > .55f && s->place == PLAIN ? .16f : .09f;
    float top = s->focal * (h + s->tree_height * .95f - s->eye) / z / s->H, aside = fabsf(x / z) * s->focal / s->W;
    if (z < s->focal * s->tree_height * .9f / (.28f * s->H)) {
        return aside < .27f || hash_at(s, x, z, 1, 1, 811) < .8f;
    }
    return z < 400 && top > limit && s->place != WATERFALL && aside < .33f;
}

static Sprite tree(const Scene *s, float x, float z, float h, float chance, float lit) {
    float size = hash_at(s, x, z, 5, 5, 804), q = hash_at(s, x, z, 3, 3, 805), tone = hash_at(s, x, z, 11, 9, 807);
    int kind = gnoise(x / 130, z / 130, s->seed + 806) * .7f + q - .5f > .12f ? s->tree_kind2 : s->tree_kind;
    float tall = s->tree_height * (.62f + .6f * size) * (kind == P_BUSH ? .35f : kind == P_PINE ? 1.05f : .9f);
    tall *= 1 + .35f * smoothstep(300, 1800, z); // far trees a little larger, or they vanish
    int variant = (int)(chance * 997 + size * 313) % thing_count[kind];
    Sprite p = {x, z, h - .3f, tall, kind, variant, size > .5f, s->leaf1, s->leaf2, lit};
    if (kind == P_PINE) {
        float warm = saturate(tone + .5f * gnoise(x / 60, z / 60, s->seed + 812));
        p.c1 = colour_mix(hex(0x14301f), hex(0x22381a), warm);
        p.c2 = colour_mix(colour_mix(hex(0x3a5f3a), hex(0x2f5a4a), q), hex(0x6d7c38), warm * .8f);
    } else {
        Colour c = tone < .5f ? colour_mix(s->leaf1, s->leaf2, tone * 2) : colour_mix(s->leaf2, s->leaf3, tone * 2 - 1);
        p.c1 = colour_scale(c, .62f);
        p.c2 = colour_scale(c, 1.15f);
    }
    return p;
}

static void plant_spots(Scene *s, Spots *p) {
    static float h[BATCH], x1[BATCH], z1[BATCH], hx[BATCH], hz[BATCH], base[BATCH], slope[BATCH], mask[BATCH],
        crown[BATCH];
    static float lit[BATCH];
    float e = 5;
    int n = p->n;
    for (int i = 0; i < n; i++) {
        x1[i] = p->x[i] + e;
        z1[i] = p->z[i] + e;
    }
    ground_heights(s, n, p->x, p->z, h, 0);
    ground_heights(s, n, x1, p->z, hx, 1);
    ground_heights(s, n, p->x, z1, hz, 1);
    ground_heights(s, n, p->x, p->z, base, 1);
    for (int i = 0; i < n; i++) {
        float a = (hx[i] - base[i]) / e, b = (hz[i] - base[i]) / e;
        slope[i] = sqrtf(a * a + b * b);
        crown[i] = h[i] + s->tree_height * .55f;
    }
    forest_mask(s, n, p->x, p->z, h, slope, mask);
    sun_shadow(s, n, p->x, crown, p->z, p->pixel, lit, SHADOW_STEPS);
    for (int i = 0; i < n; i++) {
        float x = p->x[i], z = p->z[i], chance = hash_at(s, x, z, 7, 7, 803), density = mask[i] * (z < 60 ? .55f : 1.f);
        if (chance <= density * 1.02f - .02f && !blocks_view(s, x, z, h[i]) && !under_water(s, h[i], .7f)) {
            add_sprite(s, tree(s, x, z, h[i], chance, lit[i]));
        }
    }
    p->n = 0;
}

// A jittered grid whose cells grow with the distance, so that the number of trees stays bounded.
void plant_forest(Scene *s) {
    static Spots spots;
    Spots *p = &spots;
    float far = s->focal * s->tree_height / 2.2f, cell;
    int row = 0;
    p->n = 0;
    if (s->forest <= 0) {
        return;
    }
    for (float z = maxf(20, s->camera * 1.1f); z < far; z += cell, row++) {
        cell = maxf(s->tree_height * .28f, z * .0105f);
        float half = z * s->W * .56f / s->focal;
        for (float x = -half; x < half; x += cell) {
            int column = (int)floorf(x / cell), i = p->n++;
            p->x[i] = x + cell * .9f * (hash01(column, row, s->seed + 801) - .5f);
            p->z[i] = z + cell * .9f * (hash01(column, row, s->seed + 802) - .5f);
            p->pixel[i] = z / s->focal;
            if (p->n == BATCH) {
                plant_spots(s, p);
            }
        }
    }
    if (p->n) {
        plant_spots(s, p);
    }
}

// A random place in view; more of them near.
static void random_place(const Scene *s, Rng *r, float near, float spread, float *x, float *z) {
    *z = near * expf(rng_range(r, 0, spread));
    *x = *z * rng_range(r, -.55f, .55f) * s->W / s->focal;
}

static int on_path(const Scene *s, float x, float z, float widths) {
    return s->path && fabsf(x - path_centre(s, z)) < s->path_width * widths;
}

static void scatter_grass(Scene *s, Rng *r) {
    int n = s->place == WATERFALL ? 120 : s->place == BEACH ? 0 : 520;
    for (int i = 0; i < (s->winter ? n / 5 : n); i++) {
        float x, z;
        random_place(s, r, maxf(2.6f, s->camera * .7f), 2.6f, &x, &z);
        float h = ground_at(s, x, z);
        int flower = s->flowers && rng_unit(r) < .7f;
        if (under_water(s, h, .3f) || h > s->snow_line - 30 || on_path(s, x, z, 1.1f) || slope_at(s, x, z) > .7f ||
            (flower && s->flower_rows && cosf(x * 2.2f) < .1f)) {
            continue;
        }
        Colour c = colour_mix(s->grass1, s->grass2, rng_unit(r)), tip = colour_mix(c, s->grass3, rng_unit(r));
        Sprite p = plant(r, flower ? P_FLOWER : P_GRASS, x, h - .06f, z, rng_range(r, .35f, 1.f) * (flower ? .9f : 1),
                         colour_scale(c, .75f), colour_scale(tip, 1.25f));
        if (s->winter) {
            p.c1 = hex(0x6a6048);
            p.c2 = hex(0x9a8c68);
        }
        add_sprite(s, p);
    }
}

static void scatter_bushes(Scene *s, Rng *r) {
    int n = s->place == HILLS || s->place == PLAIN ? 26 : s->place == VOLCANO ? 20 : s->place == MOUNTAINS ? 14 : 0;
    for (int i = 0; i < n; i++) {
        float x, z;
        random_place(s, r, maxf(14, s->camera * 2), 2.8f, &x, &z);
        float h = ground_at(s, x, z);
        if (under_water(s, h, .4f) || h > s->tree_line || on_path(s, x, z, 2) || slope_at(s, x, z) > .7f) {
            continue;
        }
        int kind = rng_unit(r) < .45f ? P_BUSH : s->tree_kind;
        Colour c = kind == P_PINE ? hex(0x3a5a30) : rng_unit(r) < .5f ? s->leaf1 : s->leaf2;
        float tall = kind == P_BUSH ? rng_range(r, 1.2f, 3) : s->tree_height * rng_range(r, .5f, .9f);
        add_sprite(s, plant(r, kind, x, h - .15f, z, tall, colour_scale(c, .62f), colour_scale(c, 1.15f)));
    }
}

static void scatter_rocks(Scene *s, Rng *r) {
    int p = s->place, coast = p == SEA || p == BEACH;
    int n = p == CANYON ? 46 : p == MOUNTAINS ? 20 : p == BEACH ? 9 : p == SEA ? 14 : 30;
    float group = rng_range(r, -.35f, .35f); // on coasts they stand together
    Colour dark = p == CANYON ? s->redrock1 : s->rock1, bright = p == CANYON ? s->redrock2 : s->rock2;
    if (s->ice) {
        dark = hex(0x8cc4e0);
        bright = hex(0xeaf6fc);
    } else if (coast) {
        dark = colour_scale(dark, .6f);
        bright = colour_scale(bright, .75f);
    }
    for (int i = 0; i < n; i++) {
        float x, z;
        random_place(s, r, maxf(8, s->camera * 1.6f), p == SEA ? 2.2f : 2.4f, &x, &z);
        if (coast) {
            x = z * (group + rng_normal(r) * .12f) * s->W / s->focal;
        }
        float h = ground_at(s, x, z),
              tall = coast ? rng_range(r, 1, 4.5f) * (p == BEACH ? .5f : 1.2f) : rng_range(r, .4f, 2.2f);
        if (under_water(s, h, 0)) {
            if (coast) {
                h = s->water_level - tall * .1f;
            } else if (p == WATERFALL && rng_unit(r) < .5f) {
                h = s->water_level - .3f;
            } else {
                continue;
            }
        }
        int kind = coast && rng_unit(r) < .4f ? P_STACK : P_ROCK;
        add_sprite(s, plant(r, kind, x, h - tall * .12f, z, tall, colour_scale(dark, .8f), bright));
    }
}

static void plant_palms(Scene *s, Rng *r) {
    int n = 5 + rng_below(r, 9);
    float side = s->land_side;
    for (int i = 0; i < n; i++) {
        float z = rng_range(r, 12, 70) + i * 7;
        float shore = s->shore_x + s->shore_slope * z + s->shore_bend * z * z, x = shore + side * rng_range(r, 20, 60);
        if (i < 2) { // near ones, at the side
            z = rng_range(r, 19, 36);
            x = side * z * s->W / s->focal * rng_range(r, .26f, .44f);
        }
        float h = ground_at(s, x, z);
        if (h < .45f) {
            x += side * rng_range(r, 8, 16);
            h = ground_at(s, x, z);
        }
        if (h >= .45f) {
            add_sprite(s, plant(r, P_PALM, x, h - .2f, z, rng_range(r, 7, 12), hex(0x2c4f1e), hex(0x7a9a40)));
        }
    }
}

// One or two trees at a side, in the middle distance.
static void plant_side_trees(Scene *s, Rng *r) {
    float side = rng_unit(r) < .5f ? -1 : 1;
    int n = 1 + rng_below(r, 2);
    for (int i = 0; i < n; i++) {
        float z = rng_range(r, 18, 40), x = side * z * s->W / s->focal * rng_range(r, .3f, .47f),
              h = ground_at(s, x, z);
        if (under_water(s, h, .3f) || h > s->tree_line + 100) {
            continue;
        }
        int kind = s->place == MOUNTAINS || rng_unit(r) < .6f ? s->tree_kind : P_TALL;
        kind = s->winter && kind != P_PINE ? P_DEAD : kind;
        Colour c = kind == P_PINE ? hex(0x35552c) : colour_mix(s->leaf1, s->leaf2, rng_unit(r));
        add_sprite(s, plant(r, kind, x, h - .2f, z, rng_range(r, 9, 15), colour_scale(c, .6f), colour_scale(c, 1.2f)));
    }
}

// Large trees that the picture's edge cuts, some dark.
static void plant_frame(Scene *s, Rng *r) {
    int both = rng_unit(r) < .4f, n = 1 + both + rng_below(r, 2), pine = s->winter || s->tree_kind == P_PINE;
    float side = rng_unit(r) < .5f ? -1 : 1;
    for (int i = 0; i < n; i++, side = both ? -side : side) {
        float z = rng_range(r, 9, 17), x = side * z * s->W / s->focal * rng_range(r, .36f, .52f),
              h = ground_at(s, x, z);
        h = s->has_water ? maxf(h, s->water_level + .3f) : h;
        Colour c = pine ? hex(0x35552c) : colour_mix(s->leaf1, s->leaf2, rng_unit(r));
        Sprite p = plant(r, pine ? P_NEARPINE : P_NEARTREE, x, h - .3f, z, rng_range(r, 9, 17), colour_scale(c, .6f),
                         colour_scale(c, 1.2f));
        p.lit = rng_range(r, .3f, 1);
        add_sprite(s, p);
    }
}

void scatter_plants(Scene *s, Rng *r) {
    int p = s->place, green = p == HILLS || p == PLAIN || p == MOUNTAINS;
    if (green || p == WATERFALL || p == VOLCANO) {
        scatter_grass(s, r);
    }
    scatter_bushes(s, r);
    if (s->boulders || p == MOUNTAINS || p == VOLCANO) {
        scatter_rocks(s, r);
    }
    if (s->palms) {
        plant_palms(s, r);
    }
    if (green && rng_unit(r) < .33f) {
        plant_side_trees(s, r);
    }
    if (s->framed) {
        plant_frame(s, r);
    }
}
