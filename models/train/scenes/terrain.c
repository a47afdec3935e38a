// The ground's height, for a batch of points at a time: branch-free loops that the compiler vectorizes.
#include "scene.h"
#include "tiles.h"

// One point batch: where, and the results: height h and how rough the surface is there (0 smooth .. 1 craggy).
typedef struct {
    const Scene *s;
    int n, coarse;
    const float *x, *z;
    float *h, *rough;
} Points;

static void flat_ground(Points *p, float rough) {
    for (int i = 0; i < p->n; i++) {
        p->h[i] = 0;
        p->rough[i] = rough;
    }
}

// Adds gradient noise of one wavelength, turned so that its lattice does not show along x and z.
static void add_octave(Points *p, float wavelength, float amplitude, unsigned seed, float fade_from) {
    float k = 1.f / wavelength;
    unsigned sd = p->s->seed + seed;
    const float *x = p->x, *z = p->z;
    float *h = p->h;
    SIMD
    for (int i = 0; i < p->n; i++) {
        float noise = gnoise(x[i] * k * .8f + z[i] * k * .6f, z[i] * k * .8f - x[i] * k * .6f, sd);
        h[i] += amplitude * noise * saturate(fade_from / (z[i] + 1));
    }
}

static void tile_heights(const Points *p, const float *tile, float tx, float tz, float height, float *out) {
    const Scene *s = p->s;
    const float *x = p->x, *z = p->z;
    float c = s->tile_cos, q = s->tile_sin, k = s->tile_scale;
    SIMD
    for (int i = 0; i < p->n; i++) {
        out[i] = height * tile_at(tile, (x[i] * c - z[i] * q) * k + tx, (x[i] * q + z[i] * c) * k + tz);
    }
}

static void mountains(Points *p) {
    const Scene *s = p->s;
    float *h = p->h, *rough = p->rough, inverse = 1 / s->tile_height, sharp = s->sharpness;
    tile_heights(p, s->tile, s->tile_x, s->tile_z, s->tile_height, h);
    SIMD
    for (int i = 0; i < p->n; i++) {
        float q = maxf(0, h[i] * inverse);
        rough[i] = saturate(q * 1.7f) + .06f;
        h[i] = h[i] * (1 + sharp * (q - .5f));
    }
}

static void hills(Points *p) {
    float A = p->s->relief, L = p->s->scale;
    flat_ground(p, .12f);
    add_octave(p, L, A, 1, 1e9f);
    add_octave(p, L * .43f, A * .4f, 2, 1e9f);
    add_octave(p, L * .2f, A * .15f, 3, 1e9f);
    if (!p->coarse) {
        add_octave(p, L * .09f, A * .05f, 4, 1e9f);
    }
}

static void plain(Points *p) {
    float A = p->s->relief, L = p->s->scale;
    flat_ground(p, .08f);
    add_octave(p, L, A, 1, 1e9f);
    add_octave(p, L * .4f, A * .3f, 2, 1e9f);
}

// Asymmetric ridges: a long windward slope, a rounded crest, a short slip face; their height and line waver.
static void dunes(Points *p) {
    const Scene *s = p->s;
    const float *x = p->x, *z = p->z;
    float *h = p->h, *rough = p->rough, A = s->relief, L = s->scale, slip = s->dune_slip, wander = s->dune_wander;
    float c = cosf(s->dune_heading), q = sinf(s->dune_heading), blend = .14f;
    unsigned sd = s->seed;
    SIMD
    for (int i = 0; i < p->n; i++) {
        rough[i] = 0;
        float X = x[i] * c + z[i] * q, Z = z[i] * c - x[i] * q;
        float w = gnoise(X / (L * 1.9f), Z / (L * 2.3f), sd + 7), w2 = gnoise(X / (L * .6f), Z / (L * .8f), sd + 9);
        float phase = Z / L + wander * w + .16f * w2, t = phase - floorf(phase);
        float up = t / (1 - slip), lee = (1 - t) / slip, windward = up * (.55f + .45f * up);
        float side = saturate(.5f + .5f * (lee - windward) / blend);
        float crest = mix(lee, windward, side) - blend * side * (1 - side);
        float along = gnoise(X / (L * 1.6f), floorf(phase) * 1.7f + .5f, sd + 11) + .3f * w;
        float tall = .18f + .82f * smoothstep(-.45f, .4f, along);
        float phase2 = Z / (L * .31f) + X / (L * .9f) + 1.1f * w2 + w, t2 = phase2 - floorf(phase2);
        float small = minf(t2 / .7f, (1 - t2) / .3f);
        float broad = .55f * w + .2f * gnoise(x[i] / (L * 4), z[i] / (L * 4), sd + 12);
        h[i] = A * (crest * tall + .11f * small * (1 - crest * tall) + broad);
    }
}

// Noise through smooth steps: terraces with cliffs between them.
static void canyon(Points *p) {
    const Scene *s = p->s;
    const float *x = p->x, *z = p->z;
    float *h = p->h, *rough = p->rough, A = s->relief, L = s->scale, th = s->threshold;
    unsigned sd = s->seed;
    SIMD
    for (int i = 0; i < p->n; i++) {
        float w = gnoise(x[i] / (L * .3f), z[i] / (L * .3f), sd + 5) * .3f;
        float v = gnoise(x[i] / L + w * .25f, z[i] / L, sd + 1) +
                  .42f * gnoise(x[i] / (L * .4f) + w * .2f, z[i] / (L * .4f), sd + 2) +
                  .14f * gnoise(x[i] / (L * .13f), z[i] / (L * .13f), sd + 3) +
                  .06f * gnoise(x[i] / (L * .05f), z[i] / (L * .05f), sd + 4);
        float a = .22f * smoothstep(th - .28f, th, v) + .34f * smoothstep(th, th + .028f, v) +
                  .09f * smoothstep(th + .03f, th + .13f, v) + .25f * smoothstep(th + .13f, th + .155f, v) +
                  .10f * smoothstep(th + .2f, th + .22f, v);
        h[i] = A * a + A * .03f * gnoise(x[i] / 90, z[i] / 90, sd + 6) + A * .05f * w;
        rough[i] = .1f + .5f * smoothstep(.2f, .5f, a);
    }
}

// Signed distance to a curved shore times a gentle slope; wooded hills inland.
static void beach(Points *p) {
    const Scene *s = p->s;
    const float *x = p->x, *z = p->z;
    float *h = p->h, *rough = p->rough, A = s->relief, L = s->scale;
    unsigned sd = s->seed;
    SIMD
    for (int i = 0; i < p->n; i++) {
        float w = gnoise(x[i] / 160 + 3, z[i] / 200, sd + 1);
        float shore = s->shore_x + s->shore_slope * z[i] + s->shore_bend * z[i] * z[i] + w * 12.f;
        float d = s->land_side * (x[i] - shore), inland = maxf(d, 0);
        float hill =
            A * smoothstep(60, L, inland) *
            (.75f + .6f * gnoise(x[i] / 420, z[i] / 420, sd + 2) + .3f * gnoise(x[i] / 150, z[i] / 150, sd + 3));
        float lumps = .35f * gnoise(x[i] / 30, z[i] / 30, sd + 4) * smoothstep(10, 40, inland);
        h[i] = d * .045f * (d < 0 ? .8f : 1.f) / (1 + inland * .012f) + .12f * w + hill + lumps;
        h[i] = maxf(h[i], -30);
        rough[i] = .15f * smoothstep(4, 20, hill);
    }
}

// Rocks and islands where noise passes a threshold.
static void sea(Points *p) {
    const Scene *s = p->s;
    const float *x = p->x, *z = p->z;
    float *h = p->h, *rough = p->rough, A = s->relief, L = s->scale, th = s->threshold;
    unsigned sd = s->seed;
    SIMD
    for (int i = 0; i < p->n; i++) {
        float w = gnoise(x[i] / 300, z[i] / 300, sd + 5);
        float v = gnoise(x[i] / L + w * .3f + s->noise_x, z[i] / L + .37f, sd + 1) +
                  .35f * gnoise(x[i] / (L * .35f), z[i] / (L * .35f), sd + 2) +
                  .16f * gnoise(x[i] / (L * .12f), z[i] / (L * .12f), sd + 3);
        float a = smoothstep(th, th + .1f, v) * .55f + .45f * smoothstep(th + .05f, th + .6f, v) +
                  .12f * smoothstep(th - .15f, th + .02f, v);
        h[i] = -A * .12f - 4 + A * 1.1f * a;
        rough[i] = .55f * smoothstep(0, .25f, a);
    }
}

// Icebergs: steep blocks with tilted tops.
static void icebergs(Points *p) {
    const Scene *s = p->s;
    const float *x = p->x, *z = p->z;
    float *h = p->h, *rough = p->rough, A = s->relief, L = s->scale, th = s->threshold;
    unsigned sd = s->seed;
    SIMD
    for (int i = 0; i < p->n; i++) {
        float w = gnoise(x[i] / 90, z[i] / 90, sd + 5);
        float v = gnoise(x[i] / L + w * .25f + s->noise_x, z[i] / L + .37f, sd + 1) +
                  .3f * gnoise(x[i] / (L * .4f), z[i] / (L * .4f), sd + 2);
        float jag = gnoise(x[i] / (L * .14f), z[i] / (L * .14f), sd + 3);
        float tilt = gnoise(x[i] / (L * .8f), z[i] / (L * .8f), sd + 4), e = v + .1f * jag;
        float a = smoothstep(th, th + .035f, e) * (.45f + .3f * tilt) +
                  .4f * smoothstep(th + .14f, th + .19f, e + .1f * jag) +
                  .25f * smoothstep(th + .3f, th + .34f, e - .1f * jag) + .12f * fabsf(jag);
        h[i] = -A * .2f - 4 + A * 1.1f * a * smoothstep(th - .02f, th + .03f, e);
        rough[i] = .5f * smoothstep(0, .25f, a);
    }
}

// A wall of three steps with a notch, and a pool below it.
static void waterfall(Points *p) {
    const Scene *s = p->s;
    const float *x = p->x, *z = p->z;
    float *h = p->h, *rough = p->rough, A = s->relief, middle = s->fall_x;
    unsigned sd = s->seed;
    SIMD
    for (int i = 0; i < p->n; i++) {
        float w = gnoise(x[i] / 70, z[i] / 140, sd + 1) * 22 + gnoise(x[i] / 23, z[i] / 50, sd + 2) * 8 +
                  gnoise(x[i] / 9, z[i] / 20, sd + 3) * 2.5f;
        float dx = (x[i] - middle) / s->fall_width;
        float q = z[i] - s->fall_z + w - 20 * expf(-dx * dx * .5f) + .00024f * (x[i] - middle) * (x[i] - middle);
        float steps = smoothstep(-14, -4, q) * .28f + smoothstep(2, 7, q) * .42f + smoothstep(12, 18, q) * .22f;
        float notch = expf(-dx * dx * 1.2f);
        h[i] =
            A * steps + smoothstep(20, 400, q) * A * (.5f + .7f * gnoise(x[i] / 160, z[i] / 160, sd + 4)) +
            minf(.07f * q, 12) * (q < 0 ? .75f : 1) + gnoise(x[i] / 40, z[i] / 40, sd + 6) * 1.5f -
            notch * (smoothstep(-12, 4, q) * 4 + (q < 0 ? 2.5f * smoothstep(-90, -20, q) : 0)) +
            smoothstep(25, 90, fabsf(x[i] - middle * .5f)) * 7 * smoothstep(-260, -40, q) * (1 - smoothstep(-20, 0, q));
        rough[i] = .5f;
    }
}

// An exponential cone with a crater and gullies.
static void volcano(Points *p) {
    const Scene *s = p->s;
    const float *x = p->x, *z = p->z;
    float *h = p->h, *rough = p->rough, A = s->relief;
    unsigned sd = s->seed;
    SIMD
    for (int i = 0; i < p->n; i++) {
        float dx = x[i] - s->cone_x, dz = z[i] - s->cone_z, w = gnoise(x[i] / 900, z[i] / 900, sd + 5);
        float r = sqrtf(dx * dx + dz * dz) / s->cone_radius * (1 + .1f * w);
        float round_ = 4 / (fabsf(dx) + fabsf(dz) + 1), ax = dx * round_, az = dz * round_;
        float gully = fabsf(gnoise(ax * 2.2f + w * .3f, az * 2.2f + r * .7f, sd + 2)) +
                      .5f * fabsf(gnoise(ax * 5, az * 5 + r, sd + 3));
        float cone = expf(-r * 2.6f) * 1.05f, crater = smoothstep(.13f, .0f, r) * .25f;
        h[i] = A * (cone - crater) - A * .11f * gully * cone * smoothstep(.05f, .5f, r) * (1.2f - r * .3f) +
               18 * gnoise(x[i] / 400, z[i] / 400, sd + 6) + 6 * gnoise(x[i] / 120, z[i] / 120, sd + 7);
        rough[i] = .2f + .8f * cone;
    }
}

static void far_mountains(Points *p) {
    static float tile[BATCH];
    const Scene *s = p->s;
    const float *z = p->z;
    float *h = p->h, *rough = p->rough, k = s->far_relief;
    tile_heights(p, s->far_tile, s->far_x, s->far_z, k, tile);
    SIMD
    for (int i = 0; i < p->n; i++) {
        float e = smoothstep(s->far_from, s->far_to, z[i]);
        h[i] = h[i] * (1 - .6f * e) + tile[i] * e;
        rough[i] = maxf(rough[i], e * tile[i] / k * 1.3f);
    }
}

// Flatter shores around the water level.
static void flatten_shores(Points *p) {
    float *h = p->h, level = p->s->water_level, flat = p->s->shore_flat;
    SIMD
    for (int i = 0; i < p->n; i++) {
        float d = h[i] - level;
        h[i] = level + d * mix(.82f, 1, smoothstep(-flat * .3f, flat, d));
    }
}

// Half ridged octaves from 110 m down; each fades out where it would be smaller than three pixels.
static void add_detail(Points *p) {
    const Scene *s = p->s;
    const float *x = p->x, *z = p->z;
    float *h = p->h, *rough = p->rough, pixel = 1 / s->focal;
    float wavelength = p->coarse ? 90 : 110;
    int octaves = p->coarse ? 2 : 8;
    for (int o = 0; o < octaves; o++, wavelength *= .47f) {
        float k = 1.f / wavelength, amplitude = wavelength * .13f * s->detail;
        unsigned sd = s->seed + 100 + o * 13;
        SIMD
        for (int i = 0; i < p->n; i++) {
            float seen = saturate(wavelength / (z[i] * pixel * 3.f + .02f) - .8f);
            float noise = gnoise(x[i] * k, z[i] * k, sd), ridge = 1 - 2.2f * fabsf(noise);
            h[i] += amplitude * seen * rough[i] * mix(noise, ridge, .6f);
        }
    }
}

// Cuts a winding bed down to the water level, with flat banks.
static void carve_river(Points *p) {
    const Scene *s = p->s;
    const float *x = p->x, *z = p->z;
    float *h = p->h, level = s->water_level, width = s->river_width;
    SIMD
    for (int i = 0; i < p->n; i++) {
        float d = fabsf(x[i] - river_centre(s, z[i])) + gnoise(x[i] / 25, z[i] / 25, s->seed + 301) * width * .35f;
        float wide = width * (1 + z[i] * .0006f), ends = smoothstep(s->river_end, s->river_end * 2.f, z[i]);
        float bank = maxf(smoothstep(wide, wide * 2.2f + 6, d), ends);
        float valley = maxf(smoothstep(wide * 2, wide * 4 + 90, d), ends);
        float meadow = minf(maxf(h[i], level + .7f), level + 2.2f);
        h[i] = mix(level - 2.f, mix(meadow, maxf(h[i], level + .8f), valley), bank);
    }
}

void ground_heights(const Scene *s, int n, const float *x, const float *z, float *h, int coarse) {
    static float rough[BATCH];
    static void (*const shapes[PLACES])(Points *) = {
        [MOUNTAINS] = mountains, [HILLS] = hills,         [DUNES] = dunes,
        [CANYON] = canyon,       [BEACH] = beach,         [SEA] = sea,
        [PLAIN] = plain,         [WATERFALL] = waterfall, [VOLCANO] = volcano};
    Points points = {s, n, coarse, x, z, h, rough}, *p = &points;
    if (s->ice) {
        icebergs(p);
    } else {
        shapes[s->place](p);
    }
    if (s->far_relief > 0) {
        far_mountains(p);
    }
    if (s->has_water && s->shore_flat > 0) {
        flatten_shores(p);
    }
    if (s->detail > 0) {
        add_detail(p);
    }
    if (!coarse && s->roughness > 0) {
        add_octave(p, 2.3f, .12f * s->roughness, 200, 60);
        add_octave(p, .7f, .05f * s->roughness, 201, 25);
    }
    if (s->river) {
        carve_river(p);
    }
}

float ground_at(const Scene *s, float x, float z) {
    float h;
    ground_heights(s, 1, &x, &z, &h, 0);
    return h;
}

float slope_at(const Scene *s, float x, float z) {
    float xs[3] = {x, x + 4, x}, zs[3] = {z, z, z + 4}, h[3];
    ground_heights(s, 3, xs, zs, h, 1);
    float a = (h[1] - h[0]) / 4, b = (h[2] - h[0]) / 4;
    return sqrtf(a * a + b * b);
}

void forest_mask(const Scene *s, int n, const float *x, const float *z, const float *h, const float *slope,
                 float *out) {
    unsigned sd = s->seed;
    float k = 1 / s->forest_scale, density = s->forest * 2.2f - 1.1f;
    SIMD
    for (int i = 0; i < n; i++) {
        float noise = gnoise(x[i] * k, z[i] * k, sd + 401) * .8f + .4f * gnoise(x[i] * k * 3, z[i] * k * 3, sd + 402);
        float line = s->tree_line + 60 * noise;
        float v = saturate((noise + density) * 6) * smoothstep(1.05f, .75f, slope[i]) *
                  smoothstep(line + 60, line - 60, h[i]);
        if (s->has_water) {
            v *= smoothstep(s->water_level + .8f, s->water_level + 2.2f, h[i]);
        }
        if (s->path) {
            v *= smoothstep(s->path_width * 1.1f, s->path_width * 2.2f, fabsf(x[i] - path_centre(s, z[i])));
        }
        if (s->place == WATERFALL) {
            v *= smoothstep(s->fall_width * 1.0f, s->fall_width * 1.6f, fabsf(x[i] - s->fall_x));
        }
        out[i] = v;
    }
}

// Long crests across the view, and smaller ones; far waves fade into ripples.
void wave_heights(const Scene *s, int n, const float *x, const float *z, float *out) {
    if (s->wave_height <= 0) {
        memset(out, 0, n * sizeof *out);
        return;
    }
    float A = s->wave_height, L = s->wave_length, chop = s->choppiness;
    unsigned sd = s->seed + 900;
    SIMD
    for (int i = 0; i < n; i++) {
        float q = gnoise(x[i] / (L * 3), z[i] / (L * 3), sd) * 1.2f;
        float a = gnoise(x[i] / (L * 2.6f) + q * .4f, z[i] / L + q, sd + 1) * 1.5f;
        a = 1.08f - sqrtf(a * a + .012f);
        float b = gnoise(x[i] / (L * .9f) + a * .2f, z[i] / (L * .45f) + q, sd + 2) * 1.5f;
        b = 1.1f - sqrtf(b * b + .02f);
        float c = gnoise(x[i] / (L * .3f), z[i] / (L * .17f) + a * .6f, sd + 3);
        float near = saturate(1.1f - z[i] / (L * 38));
        out[i] = A * (near + .15f) * (a * a * a * chop * .9f + a * .3f + .3f * b * b + .12f * c - .45f);
    }
}
