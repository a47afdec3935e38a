// What the ground is made of: each material is laid over the ones before by slope, height and noise.
#include "render.h"

// Lays a colour over the ground; the class changes where it covers enough.
INLINE void lay(Batch *b, int i, float r, float g, float bl, float k) {
    b->R[i] = mix(b->R[i], r, k);
    b->G[i] = mix(b->G[i], g, k);
    b->B[i] = mix(b->B[i], bl, k);
}

// Noise of five sizes; each fades out where it would be smaller than a pixel.
static void find_noise(const Scene *s, Batch *b) {
    unsigned sd = s->seed;
    SIMD
    for (int i = 0; i < b->n; i++) {
        float x = b->x[i], z = b->z[i], px = b->pixel[i];
        b->n1[i] = gnoise(x / 310, z / 310, sd + 501);
        b->n2[i] = gnoise(x / 47, z / 47, sd + 502) * saturate(16 / px - .3f);
        b->n3[i] = gnoise(x / 7.3f, z / 7.3f, sd + 503) * saturate(2.6f / px - .3f);
        b->n4[i] = gnoise(x / 1.1f, z / 1.1f, sd + 504) * saturate(.45f / px - .2f);
        b->n5[i] = gnoise(x / .23f, z / .23f, sd + 505) * saturate(.1f / px - .2f);
    }
}

INLINE float all_noise(const Batch *b, int i) {
    return b->n1[i] * .5f + b->n2[i] * .35f + b->n3[i] * .3f + b->n4[i] * .3f + b->n5[i] * .25f;
}

static void lay_rock(const Scene *s, Batch *b) {
    Colour rock1 = s->rock1, rock2 = s->rock2;
    float cls = s->place == VOLCANO ? K_DARK : s->ice ? K_ICE : K_ROCK;
    unsigned sd = s->seed;
    SIMD
    for (int i = 0; i < b->n; i++) {
        float x = b->x[i], y = b->y[i], n1 = b->n1[i], high = y + b->n2[i] * 6 + n1 * 12;
        float strata = gnoise(high / 17.f + x * .002f, 3.5f + n1 * .4f, sd + 510) * .6f +
                       gnoise(high / 5.3f, 7.7f, sd + 511) * .4f * saturate(3 / b->pixel[i] - .2f);
        float v = saturate(.5f + strata * s->strata + .35f * all_noise(b, i) + .25f * gnoise(x / 23, y / 40, sd + 512));
        b->R[i] = mix(rock1.r, rock2.r, v);
        b->G[i] = mix(rock1.g, rock2.g, v);
        b->B[i] = mix(rock1.b, rock2.b, v);
        b->cls[i] = cls;
    }
}

// Red rock in horizontal strata, sand where it is flat.
static void lay_red_rock(const Scene *s, Batch *b) {
    Colour r1 = s->redrock1, r2 = s->redrock2, sand = s->sand;
    float A = s->relief;
    unsigned sd = s->seed;
    SIMD
    for (int i = 0; i < b->n; i++) {
        float x = b->x[i], y = b->y[i], z = b->z[i], n1 = b->n1[i], n2 = b->n2[i], nn = all_noise(b, i);
        float band = .5f + .5f * gnoise(y / (A * .035f) + n2 * .15f, 1.5f + n1 * .2f, sd + 513) +
                     .3f * gnoise(y / (A * .012f) + n2 * .2f, 9.5f, sd + 514);
        float m = saturate(band);
        float v = 1 + .22f * gnoise(x / 9, y / 60 + z / 9, sd + 515) * smoothstep(.4f, 1.2f, b->slope[i]) + .2f * nn;
        float flat = smoothstep(.55f, .25f, b->slope[i]), grain = 1 + .25f * nn;
        b->R[i] = mix(mix(r1.r, r2.r, m) * v, sand.r * grain, flat);
        b->G[i] = mix(mix(r1.g, r2.g, m) * v, sand.g * grain, flat);
        b->B[i] = mix(mix(r1.b, r2.b, m) * v, sand.b * grain, flat);
        b->cls[i] = flat > .5f ? K_SAND : K_REDROCK;
    }
}

// Bumps and cracks of steep rock.
static void crack_rock(const Scene *s, Batch *b) {
    unsigned sd = s->seed;
    SIMD
    for (int i = 0; i < b->n; i++) {
        float y = b->y[i], px = b->pixel[i], steep = smoothstep(.35f, .8f, b->slope[i]),
              a = b->x[i] * .8f + b->z[i] * .6f;
        float b1 = gnoise(a / 7.f, y / 9.f, sd + 560) * saturate(2.2f / px - .3f);
        float b2 = gnoise(a / 2.1f + b1 * .5f, y / 2.6f, sd + 561) * saturate(.75f / px - .3f);
        float b3 = gnoise(a / .7f, y / .8f, sd + 562) * saturate(.25f / px - .2f);
        float b4 = gnoise(a / 22.f, y / 30.f, sd + 563) * saturate(7.f / px - .3f);
        float up = 1 - fabsf(gnoise(a / 5.f + b2 * .3f, y / 13.f, sd + 564)) * 3.5f;
        float along = 1 - fabsf(gnoise(a / 14.f, y / 4.2f + b1 * .4f, sd + 565)) * 3.5f;
        float crack = saturate(maxf(up, along * .8f)) * saturate(1.6f / px - .3f), k = steep * .42f;
        b->nx[i] += k * (b1 * .8f + b2 * .7f + b3 * .5f + b4 * .8f);
        b->ny[i] += k * (b2 * .5f - b1 * .6f + b4 * .4f);
        b->nz[i] += k * .5f * (b2 - b3 - b4);
        float dark = 1 - steep * (.38f * crack - .14f * (b1 + b2 + b3));
        b->R[i] *= dark;
        b->G[i] *= dark;
        b->B[i] *= dark;
    }
}

// A patchwork of fields with furrows.
INLINE void plough(const Scene *s, const Batch *b, int i, float texture, float *r, float *g, float *bl) {
    unsigned sd = s->seed;
    Colour g1 = s->grass1, g3 = s->grass3, f = s->flower1;
    float x = b->x[i], z = b->z[i], n1 = b->n1[i];
    float cx = x / 150 + n1 * .35f, cz = z / 240 + n1 * .25f + x * .0006f, ix = floorf(cx), iz = floorf(cz);
    float crop = hash01((int)ix, (int)iz, sd + 530), turn = hash01((int)ix, (int)iz, sd + 531);
    float edge = minf(minf(cx - ix, 1 - cx + ix) * 150, minf(cz - iz, 1 - cz + iz) * 240);
    float furrow = .5f + .5f * sinf((x * (.4f + turn) + z * (1 - turn) * .35f) * 2.1f);
    furrow = mix(.5f, furrow, saturate(.35f / b->pixel[i] - .15f));
    float in_bloom = crop > .62f ? 1.f : 0.f, ripe = crop < .3f ? 1.f : 0.f;
    float k = s->fields * smoothstep(2, 4.5f, edge) * smoothstep(.45f, .3f, b->slope[i]);
    float w = (.8f + .4f * furrow) * (.85f + .3f * turn) * texture, hedge = mix(.75f, 1, smoothstep(0, 4, edge));
    *r = mix(*r * hedge, mix(mix(g1.r, f.r, in_bloom), g3.r * 1.3f, ripe) * w, k);
    *g = mix(*g * hedge, mix(mix(g1.g, f.g, in_bloom), g3.g * 1.3f, ripe) * w, k);
    *bl = mix(*bl * hedge, mix(mix(g1.b, f.b, in_bloom), g3.b * 1.1f, ripe) * w, k);
}

// Flower carpets, in rows or patches; tulips change their colour every few rows. Answers how much is covered.
INLINE float bloom(const Scene *s, const Batch *b, int i, float texture, float *r, float *g, float *bl) {
    float n1 = b->n1[i], n3 = b->n3[i], n4 = b->n4[i], px = b->pixel[i], rows = s->flower_rows, row = 1;
    Colour f1 = s->flower1, f2 = s->flower2;
    if (rows > 0) {
        row = mix(.6f, smoothstep(.25f, .7f, .5f + .5f * cosf(b->x[i] * 2.2f + n1 * 2)), saturate(.5f / px - .1f));
    }
    float k = row * smoothstep(-.55f, .1f, b->n2[i] + n1 * .6f + rows * 2 + .1f) * smoothstep(4500, 1800, b->z[i]);
    k *= mix(saturate(.62f + .6f * n4 + .7f * b->n5[i] + .3f * n3), .72f, saturate(px * 4));
    float m = saturate(.5f + n3 + n4), fr = mix(f1.r, f2.r, m), fg = mix(f1.g, f2.g, m), fb = mix(f1.b, f2.b, m);
    if (s->tulips) {
        float hue = hash01((int)floorf((b->x[i] * 2.2f + n1 * 2) * (1 / 25.13f)), 3, s->seed + 570),
              bright = .7f + .5f * m;
        fr = bright * (hue < .2f ? .75f : hue < .4f ? .9f : hue < .6f ? .85f : hue < .8f ? .3f : .85f);
        fg = bright * (hue < .2f ? .03f : hue < .4f ? .62f : hue < .6f ? .25f : hue < .8f ? .06f : .8f);
        fb = bright * (hue < .2f ? .04f : hue < .4f ? .05f : hue < .6f ? .4f : hue < .8f ? .4f : .78f);
    }
    *r = mix(*r, fr * texture, k);
    *g = mix(*g, fg * texture, k);
    *bl = mix(*bl, fb * texture, k);
    return k;
}

static void lay_grass(const Scene *s, Batch *b) {
    int place = s->place;
    float amount = place == SEA ? s->grassy : place != DUNES && place != CANYON, line = s->tree_line * 1.35f;
    Colour g1 = s->grass1, g2 = s->grass2, g3 = s->grass3;
    int fields = s->fields, flowers = s->flowers;
    unsigned sd = s->seed;
    SIMD
    for (int i = 0; i < b->n; i++) {
        float n1 = b->n1[i], n2 = b->n2[i], n3 = b->n3[i], n4 = b->n4[i], h = b->h[i];
        float steep = mix(.78f, .6f, saturate(h / 1500)) + n2 * .12f + n3 * .12f;
        float k = amount * smoothstep(steep + .12f, steep - .12f, b->slope[i]) *
                  smoothstep(line + 250 + n1 * 90, line + n1 * 90, h);
        float m = saturate(.5f + .9f * (n1 * .6f + n2 * .5f + n3 * .35f + n4 * .3f));
        float dry =
            .75f * saturate(gnoise(b->x[i] / 170 + 3, b->z[i] / 120, sd + 520) * 1.3f + n2 * .5f + n3 * .3f - .1f);
        float texture = 1 + .32f * n4 + .4f * b->n5[i] + .12f * n3;
        float r = mix(mix(g1.r, g2.r, m), g3.r, dry) * texture, g = mix(mix(g1.g, g2.g, m), g3.g, dry) * texture;
        float bl = mix(mix(g1.b, g2.b, m), g3.b, dry) * texture, covered = 0;
        if (fields) {
            plough(s, b, i, texture, &r, &g, &bl);
        }
        if (flowers) {
            covered = bloom(s, b, i, texture, &r, &g, &bl);
        }
        lay(b, i, r, g, bl, k);
        b->cls[i] = k > .5f ? (covered > .38f ? K_FLOWER : K_GRASS) : b->cls[i];
    }
}

// Dunes, and shores with a wet rim.
static void lay_sand(const Scene *s, Batch *b) {
    float shores = (s->place == BEACH || s->has_water) && !s->ice, wide = s->place == BEACH, dune = s->place == DUNES;
    float level = s->has_water ? s->water_level : -1e6f;
    Colour sand = s->sand;
    SIMD
    for (int i = 0; i < b->n; i++) {
        float n2 = b->n2[i], n3 = b->n3[i], n4 = b->n4[i], ruffle = n2 * mix(.3f, .7f, wide);
        float ripple = sinf((b->z[i] * .9f + b->x[i] * .45f + n2 * 6 + n3 * 2.5f) * 3.4f) *
                       saturate(.14f / b->pixel[i] - .15f) * dune;
        float shore = shores * smoothstep(.8f, .4f, b->slope[i]) *
                      smoothstep(level + mix(.75f, 3.2f, wide) + ruffle + n3 * .2f,
                                 level + mix(.3f, 2.2f, wide) + ruffle, b->h[i]);
        float k = maxf(dune, shore), v = 1 + .05f * ripple + .08f * n4 + .1f * b->n5[i] + .1f * n2 + .06f * n3;
        float wet = .45f * shore * smoothstep(level + .55f, level + .12f, b->h[i]);
        v *= 1 - wet;
        lay(b, i, sand.r * v, sand.g * v, sand.b * v * mix(1, 1.06f, wet), k);
        b->cls[i] = k > .5f ? K_SAND : b->cls[i];
        b->nx[i] += .03f * ripple;
        b->nz[i] += .075f * ripple;
    }
}

static void lay_path(const Scene *s, Batch *b) {
    float width = s->path_width, level = s->has_water ? s->water_level : -1e6f;
    SIMD
    for (int i = 0; i < b->n; i++) {
        float n3 = b->n3[i], n4 = b->n4[i], d = fabsf(b->x[i] - path_centre(s, b->z[i])) + n3 * .5f + n4 * .25f;
        float k =
            smoothstep(width, width * .6f, d) * (b->slope[i] < .9f ? 1.f : 0.f) * (b->h[i] > level + .5f ? 1.f : 0.f);
        // grass in the middle, between the wheels
        k *= 1 - .5f * smoothstep(.25f, .0f, d / width) * (n3 > -.3f ? .8f : .3f) * saturate(1.5f - b->pixel[i]);
        float v = 1 + .3f * n4 + .25f * b->n5[i];
        lay(b, i, .34f * v, .25f * v, .16f * v, k);
        b->cls[i] = k > .45f ? K_PATH : b->cls[i];
    }
}

// The floor under trees; far away it stands for their crowns.
static void lay_forest(const Scene *s, Batch *b) {
    Colour c = colour_scale(colour_mix(s->leaf1, s->leaf2, .5f), .55f);
    unsigned sd = s->seed;
    SIMD
    for (int i = 0; i < b->n; i++) {
        float x = b->x[i], z = b->z[i], px = b->pixel[i], k = b->forest[i];
        float v = .75f + .6f * gnoise(x / 9, z / 9, sd + 540) * saturate(4 / px - .2f) + .35f * b->n1[i] +
                  .5f * gnoise(x / 33, z / 33, sd + 541) * saturate(14 / px - .2f);
        v *= 1 + .5f * smoothstep(900, 2500, z);
        lay(b, i, c.r * v, c.g * v, c.b * v, k * .9f);
        b->cls[i] = k > .5f ? K_TREE : b->cls[i];
    }
}

static void lay_snow(const Scene *s, Batch *b) {
    float line = s->snow_line, blend = s->snow_blend, level = s->has_water ? s->water_level : -1e6f;
    float cls = s->ice ? K_ICE : K_SNOW, steep = s->snow_capped ? .55f : 0; // caps hold on steeper rock
    SIMD
    for (int i = 0; i < b->n; i++) {
        float n3 = b->n3[i];
        float k = smoothstep(-1.f, 1.f, (b->h[i] - line + b->n1[i] * 90 + b->n2[i] * 45 + n3 * 12) / blend) *
                  smoothstep(1.25f + steep + .3f * n3, .72f + steep + .25f * n3, b->slope[i] - .1f * b->cavity[i]);
        k *= (1 - .35f * b->forest[i]) * (b->h[i] > level + .1f ? 1.f : 0.f);
        float v = 1 + .05f * b->n4[i] + .05f * n3;
        lay(b, i, .86f * v, .89f * v, .95f * v, k);
        b->cls[i] = k > .5f ? cls : b->cls[i];
    }
}

// Dark wet ground at the water, and the bed below it.
static void wet_ground(const Scene *s, Batch *b) {
    float level = s->water_level, bed_strength = s->place == BEACH ? 0 : .6f, strength = s->ice ? .25f : 1;
    SIMD
    for (int i = 0; i < b->n; i++) {
        float sand = b->cls[i] == K_SAND ? 1.f : 0.f;
        float wet = smoothstep(level + 2.5f + b->n3[i], level + .3f, b->h[i]) * (1 - sand) * strength;
        float bed = smoothstep(level + .02f, level - .25f, b->h[i]) * bed_strength;
        b->R[i] *= (1 - .5f * wet) * (1 - bed);
        b->G[i] *= (1 - .48f * wet) * (1 - bed * .9f);
        b->B[i] *= (1 - .45f * wet) * (1 - bed * .85f);
    }
}

// White water down the steps of the wall, and a thin second fall beside it.
static void lay_waterfall(const Scene *s, Batch *b) {
    unsigned sd = s->seed;
    SIMD
    for (int i = 0; i < b->n; i++) {
        float x = b->x[i], y = b->y[i], z = b->z[i] - s->fall_z;
        float dx = (x - s->fall_x + gnoise(y / 14, 2.2f, sd + 550) * 2.2f) / s->fall_width;
        float fall = smoothstep(.62f, .38f, fabsf(dx));
        float thin = .8f * smoothstep(.16f, .08f, fabsf(dx - .85f) + .05f * gnoise(y / 9, 5.f, sd + 551));
        float steep = smoothstep(.35f, .8f, b->slope[i]) + smoothstep(-24, -12, z) * .3f;
        float streaks = .72f + .3f * gnoise(x / .9f + gnoise(y / 9, 1, sd + 553), y / 11, sd + 552) +
                        .25f * gnoise(x / .35f, y / 6, sd + 554);
        float near = (z < 40 ? 1.f : 0.f) * (z > -45 ? 1.f : 0.f) * (b->h[i] > s->water_level + .1f ? 1.f : 0.f);
        float k = saturate(maxf(fall, thin) * 1.3f * saturate(steep)) * near, v = clampf(streaks, .35f, 1.15f);
        lay(b, i, .80f * v, .88f * v, .94f * v, k);
        b->cls[i] = k > .5f ? K_FOAM : b->cls[i];
        b->fall[i] = k;
    }
}

void choose_materials(const Scene *s, Batch *b) {
    find_noise(s, b);
    if (s->place == CANYON) {
        lay_red_rock(s, b);
    } else {
        lay_rock(s, b);
    }
    crack_rock(s, b);
    lay_grass(s, b);
    lay_sand(s, b);
    if (s->path) {
        lay_path(s, b);
    }
    if (s->forest > 0) {
        lay_forest(s, b);
    }
    if (s->snow_line < 9e4f) {
        lay_snow(s, b);
    }
    if (s->has_water) {
        wet_ground(s, b);
    }
    memset(b->fall, 0, b->n * sizeof *b->fall);
    if (s->place == WATERFALL) {
        lay_waterfall(s, b);
    }
}
