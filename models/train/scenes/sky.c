// Sky: three colours by elevation, a glow around the sun, streaks of cirrus, a slab of volumetric clouds.
#include "render.h"

// The sky buffer has half the view's resolution; its rows begin at sky_top (in pixels of the view).
static float *buffer, *cloud_alpha;
static int width, height;
static float sky_top;

// One row of sky as it is being made.
typedef struct {
    int n, row;
    float v;                  // elevation: tangent
    const float *u;           // azimuth: tangent
    float *R, *G, *B, *clear; // clear: share of the blue sky that is seen
} Row;

void clear_sky(const Scene *s, int n, const float *u, float v, float *R, float *G, float *B) {
    Colour zenith = s->sky_zenith, mid = s->sky_mid, horizon = s->sky_horizon, glow = s->sun_glow;
    float sx = s->sun_dir[0], sy = s->sun_dir[1], sz = s->sun_dir[2], low_sun = saturate(1.15f - sy * 1.6f);
    SIMD
    for (int i = 0; i < n; i++) {
        float l = 1 / sqrtf(u[i] * u[i] + v * v + 1), dx = u[i] * l, dy = v * l, dz = l, e = maxf(dy, 0);
        float t1 = 1 - expf(-e * s->sky_band), t2 = smoothstep(.05f, .62f, e);
        float r = mix(mix(horizon.r, mid.r, t1), zenith.r, t2), g = mix(mix(horizon.g, mid.g, t1), zenith.g, t2),
              b = mix(mix(horizon.b, mid.b, t1), zenith.b, t2);
        float g1 = maxf(0, dx * sx + dy * sy + dz * sz), g2 = g1 * g1, g4 = g2 * g2, g8 = g4 * g4;
        float g32 = g8 * g8 * g8 * g8, g128 = g32 * g32 * g32 * g32;
        float k = .22f * g4 * low_sun + .168f * g8 * g8 + .3f * g32 + .9f * g128 +
                  .25f * low_sun * expf(-e * 9) * (.35f + .65f * g2);
        R[i] = r + glow.r * k;
        G[i] = g + glow.g * k;
        B[i] = b + glow.b * k;
    }
}

static void add_cirrus(const Scene *s, Row *row) {
    float amount = s->cirrus, c = cosf(s->cirrus_angle), q = sinf(s->cirrus_angle), size = s->cirrus_scale;
    float stretch = s->cirrus_stretch, sx = s->sun_dir[0], sy = s->sun_dir[1], sz = s->sun_dir[2], v = row->v;
    Colour light = s->cloud_light, glow = s->sun_glow;
    unsigned sd = s->seed;
    const float *u = row->u;
    float *R = row->R, *G = row->G, *B = row->B, *clear = row->clear;
    SIMD
    for (int i = 0; i < row->n; i++) {
        float k = 1 / (v + .05f), px = u[i] * k * .9f, pz = k * .9f, w = gnoise(px * .5f, pz * .5f, sd + 31);
        float a = (px * c + pz * q) * size, b = (pz * c - px * q) * size * stretch;
        float n = gnoise(a * .45f + w * .6f, b * 1.5f + w, sd + 32) +
                  .5f * gnoise(a * 1.1f + w, b * 3.6f + w * 1.5f, sd + 33) +
                  .28f * gnoise(a * 2.6f, b * 8.f + w * 2, sd + 34) + .16f * gnoise(a * 6, b * 15.f, sd + 35);
        float alpha = smoothstep(-.1f, .9f, n + amount * .9f - .45f) * .75f * smoothstep(.01f, .14f, v);
        float g = maxf(0, (u[i] * sx + v * sy + sz) / sqrtf(u[i] * u[i] + v * v + 1)),
              lit = .075f + .45f * g * g * g * g;
        R[i] = mix(R[i], mix(light.r, glow.r * 1.3f + light.r * .3f, lit), alpha);
        G[i] = mix(G[i], mix(light.g, glow.g * 1.3f + light.g * .3f, lit), alpha);
        B[i] = mix(B[i], mix(light.b, glow.b * 1.3f + light.b * .3f, lit), alpha);
        clear[i] *= 1 - alpha * .6f;
    }
}

INLINE float cloud_noise(float x, float y, float z, unsigned sd) {
    return .5f * vnoise3(x, y, z, sd + 11) + .27f * vnoise3(x * 2.1f + 5, y * 2.1f, z * 2.1f, sd + 12) +
           .15f * vnoise3(x * 4.4f, y * 4.4f + 3, z * 4.4f, sd + 13);
}

// Marches through a slab of cumulus with one look towards the sun a step; jittered, so that steps do not show.
static void add_clouds(const Scene *s, Row *row) {
    enum { STEPS = 26 };

    static float left[BATCH], cr[BATCH], cg[BATCH], cb[BATCH], jitter[BATCH];
    float base = s->cloud_base, top = base * 2.1f, k = 1.f / s->cloud_size, cover = s->cloud_cover, v = row->v;
    float sx = s->sun_dir[0], sy = maxf(.06f, s->sun_dir[1]), sz = s->sun_dir[2];
    Colour light = s->cloud_light, dark = s->cloud_dark, glow = s->sun_glow;
    unsigned sd = s->seed;
    const float *u = row->u;
    float *R = row->R, *G = row->G, *B = row->B, *clear = row->clear;
    for (int i = 0; i < row->n; i++) {
        left[i] = 1;
        cr[i] = cg[i] = cb[i] = 0;
        jitter[i] = hash01(i, row->row, sd + 3);
    }
    for (int step = 0; step < STEPS; step++) {
        float at = step;
        SIMD
        for (int i = 0; i < row->n; i++) {
            float up = v + .025f, from = base / up, to = minf(top / up, from + 9000), stride = (to - from) / STEPS;
            float t = from + (to - from) * (at + jitter[i]) / STEPS;
            float x = u[i] * t * k, z = t * k, y = up * t, high = (y - base) / (top - base);
            y *= k * 1.3f;
            float n = cloud_noise(x, y, z, sd) + .09f * vnoise3(x * 9.3f, y * 9.3f, z * 9.3f + 1, sd + 14) +
                      .06f * vnoise3(x * 19.f, y * 19.f, z * 19.f, sd + 15);
            float density =
                n * 1.15f + cover - .55f * high - .3f * smoothstep(.12f, 0.f, high) - .5f * smoothstep(.75f, 1.f, high);
            density = saturate(density * 4.6f);
            float sunward = cloud_noise(x + sx * .16f, y + sy * .16f + .05f, z + sz * .16f, sd), higher = high + .12f;
            float shade =
                saturate((sunward * 1.15f + cover - .55f * higher - .3f * smoothstep(.12f, 0.f, higher)) * 3.2f);
            float lit = expf(-shade * 2.6f) * .85f + .2f * saturate(high * 1.2f);
            lit *= .75f + .45f * saturate(high * 1.4f);
            float a = 1 - expf(-density * stride * .0075f), w = left[i] * a;
            cr[i] += w * mix(dark.r, light.r, lit);
            cg[i] += w * mix(dark.g, light.g, lit);
            cb[i] += w * mix(dark.b, light.b, lit);
            left[i] *= 1 - a;
        }
    }
    float seen = smoothstep(0.f, .55f, expf(-.055f / (v * .6f + .004f)) + .06f); // clouds melt away at the horizon
    SIMD
    for (int i = 0; i < row->n; i++) {
        float g = maxf(0, (u[i] * sx + v * s->sun_dir[1] + sz) / sqrtf(u[i] * u[i] + v * v + 1));
        float edge = left[i] * (1 - left[i]) * 4, rim = edge * g * g * g * g * .5f * seen;
        float a = (1 - left[i]) * seen, w = a / (1 - left[i] + 1e-4f);
        R[i] = R[i] * (1 - a) + cr[i] * w + glow.r * rim;
        G[i] = G[i] * (1 - a) + cg[i] * w + glow.g * rim;
        B[i] = B[i] * (1 - a) + cb[i] * w + glow.b * rim;
        clear[i] *= 1 - a;
    }
}

// A slight blur against the jitter of the clouds.
static void blur_buffer(void) {
    int W = width, H = height, down = 3 * W;
    float *copy = must_alloc((size_t)W * H * 3 * sizeof *copy);
    memcpy(copy, buffer, (size_t)W * H * 3 * sizeof *copy);
    for (int y = 1; y < H - 1; y++) {
        for (int i = 3; i < down - 3; i++) {
            const float *p = copy + y * down + i;
            buffer[y * down + i] = .48f * p[0] + .10f * (p[3] + p[-3] + p[down] + p[-down]) +
                                   .03f * (p[down + 3] + p[down - 3] + p[3 - down] + p[-down - 3]);
        }
    }
    free(copy);
}

void render_sky(const Scene *s) {
    static float u[BATCH], R[BATCH], G[BATCH], B[BATCH], clear[BATCH];
    sky_top = minf(0, 2 * s->horizon - s->H) - 60;
    width = s->W / 2;
    height = (int)((s->horizon - sky_top) * .5f) + 6;
    buffer = must_grow(buffer, (size_t)width * height * 3 * sizeof *buffer);
    cloud_alpha = must_grow(cloud_alpha, (size_t)width * height * sizeof *cloud_alpha);
    for (int x = 0; x < width; x++) {
        u[x] = (x + .5f - width * .5f) / (s->focal * .5f);
    }
    for (int y = 0; y < height; y++) {
        float v = maxf(0, (s->horizon - (sky_top + 2 * y)) / s->focal);
        Row row = {width, y, v, u, R, G, B, clear};
        clear_sky(s, width, u, v, R, G, B);
        for (int x = 0; x < width; x++) {
            clear[x] = 1;
        }
        if (s->cirrus > 0 && v > .01f) {
            add_cirrus(s, &row);
        }
        if (s->clouds && v > .008f) {
            add_clouds(s, &row);
        }
        float *out = buffer + (size_t)y * width * 3;
        for (int x = 0; x < width; x++) {
            out[3 * x] = R[x];
            out[3 * x + 1] = G[x];
            out[3 * x + 2] = B[x];
            cloud_alpha[y * width + x] = 1 - clear[x];
        }
    }
    if (s->clouds) {
        blur_buffer();
    }
}

void sky_at(float x, float y, float *rgb, float *cloud) {
    float fx = clampf(x * .5f - .25f, 0, width - 1.001f), fy = clampf((y - sky_top) * .5f, 0, height - 1.001f);
    int ix = fx, iy = fy;
    float u = fx - ix, v = fy - iy;
    const float *p = buffer + ((size_t)iy * width + ix) * 3, *below = p + 3 * width;
    for (int c = 0; c < 3; c++) {
        rgb[c] = mix(mix(p[c], p[c + 3], u), mix(below[c], below[c + 3], u), v);
    }
    if (cloud) {
        const float *q = cloud_alpha + iy * width + ix;
        *cloud = mix(mix(q[0], q[1], u), mix(q[width], q[width + 1], u), v);
    }
}
