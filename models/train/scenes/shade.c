// Deferred shading: ground pixels are gathered into batches, and each step runs over a whole batch.
#include "render.h"

enum { SHADOW_STEPS = 13 };

static void shifted_heights(const Scene *s, const Batch *b, float dx, float dz, const float *by, float *out,
                            int coarse) {
    static float x[BATCH], z[BATCH];
    for (int i = 0; i < b->n; i++) {
        x[i] = b->x[i] + dx * by[i];
        z[i] = b->z[i] + dz * by[i];
    }
    ground_heights(s, b->n, x, z, out, coarse);
}

// Normal, slope, hollows, shadow.
static void find_shape(const Scene *s, const View *v, Batch *b) {
    static float hx[BATCH], hz[BATCH], left[BATCH], right[BATCH], here[BATCH], wide[BATCH];
    int n = b->n;
    for (int i = 0; i < n; i++) {
        b->step[i] = maxf(.12f, b->pixel[i] * 1.1f);
        wide[i] = maxf(2.5f, b->pixel[i] * 14);
    }
    ground_heights(s, n, b->x, b->z, b->h, 0);
    shifted_heights(s, b, 1, 0, b->step, hx, 0);
    shifted_heights(s, b, 0, 1, b->step, hz, 0);
    shifted_heights(s, b, 1, .3f, wide, right, 1);
    shifted_heights(s, b, -1, -.3f, wide, left, 1);
    ground_heights(s, n, b->x, b->z, here, 1);
    SIMD
    for (int i = 0; i < n; i++) {
        float dx = (hx[i] - b->h[i]) / b->step[i], dz = (hz[i] - b->h[i]) / b->step[i], steep = dx * dx + dz * dz;
        float k = 1 / sqrtf(1 + steep);
        b->slope[i] = sqrtf(steep);
        b->nx[i] = -dx * k;
        b->ny[i] = k;
        b->nz[i] = -dz * k;
        b->cavity[i] = clampf(1 - ((right[i] + left[i]) * .5f - here[i]) / wide[i] * 1.1f, .45f, 1.25f);
    }
    sun_shadow(s, n, b->x, b->h, b->z, b->pixel, b->lit, SHADOW_STEPS);
    forest_mask(s, n, b->x, b->z, b->h, b->slope, b->forest);
    if (s->has_water && !v->mirrored) {
        wave_heights(s, n, b->x, b->z, b->wave);
    } else {
        memset(b->wave, 0, n * sizeof *b->wave);
    }
}

// Sun with shadow and cloud shadows, sky light in the open, a little light bounced from the ground.
static void light_ground(const Scene *s, Batch *b) {
    float sx = s->sun_dir[0], sy = s->sun_dir[1], sz = s->sun_dir[2], cloud_size = s->cloud_size;
    Colour sun = colour_scale(s->sunlight, s->sun_strength), sky = s->ambient;
    int clouds = s->clouds;
    unsigned sd = s->seed;
    SIMD
    for (int i = 0; i < b->n; i++) {
        float nx = b->nx[i], ny = b->ny[i], nz = b->nz[i], k = 1 / sqrtf(nx * nx + ny * ny + nz * nz);
        float facing = (nx * sx + ny * sy + nz * sz) * k;
        facing = mix(facing, facing * .8f + .12f, b->forest[i]);
        facing = saturate(facing * .92f + .06f);
        float cloud = 1, x = b->x[i] + sx * 900, z = b->z[i] + sz * 900;
        if (clouds) {
            float patches = gnoise(x / cloud_size * .7f, z / cloud_size * .7f, sd + 600) +
                            .4f * gnoise(x / cloud_size * 1.7f, z / cloud_size * 1.7f, sd + 601);
            cloud = .55f + .45f * smoothstep(-.35f, .25f, patches);
        }
        float c = b->cavity[i], open = (.55f + .45f * ny * k) * clampf(c, .4f, 1.1f);
        float bounce = saturate(-(nx * sx + nz * sz) * k * .5f + .3f) * .12f;
        float direct = facing * b->lit[i] * cloud * clampf(.6f + .4f * c, .6f, 1.1f);
        direct = mix(direct, .45f + .4f * direct, b->fall[i]); // falling water glows by itself
        b->R[i] *= sun.r * (direct + bounce) + sky.r * open;
        b->G[i] *= sun.g * (direct + bounce * .9f) + sky.g * open;
        b->B[i] *= sun.b * (direct + bounce * .7f) + sky.b * open;
    }
}

static void finish_batch(Scene *s, View *v, const View *mirror, Batch *b) {
    find_shape(s, v, b);
    choose_materials(s, b);
    light_ground(s, b);
    apply_air(s, b->n, b->u, b->x, b->y, b->z, b->R, b->G, b->B);
    if (s->has_water && !v->mirrored) {
        shade_water(s, v, mirror, b);
    }
    for (int i = 0; i < b->n; i++) {
        float *out = v->rgb + 3 * b->id[i];
        out[0] = b->R[i];
        out[1] = b->G[i];
        out[2] = b->B[i];
        int cls = (int)(b->cls[i] + .5f), far = b->z[i] > 5200;
        v->cls[b->id[i]] = far && cls != K_WATER && cls != K_FOAM && cls != K_SNOW ? K_FAR : cls;
    }
    b->n = 0;
}

void shade_ground(Scene *s, View *v, const View *mirror) {
    static Batch batch;
    Batch *b = &batch;
    b->n = 0;
    for (int p = 0; p < v->W * v->H; p++) {
        if (v->depth[p] <= 0) {
            continue;
        }
        int i = b->n++, row = p / v->W, column = p % v->W;
        b->id[i] = p;
        b->z[i] = v->depth[p];
        b->u[i] = (column + .5f - v->W * .5f) / v->focal;
        b->x[i] = b->z[i] * b->u[i];
        b->y[i] = v->eye + (v->horizon - (row + .5f)) / v->focal * b->z[i];
        b->pixel[i] = b->z[i] / v->focal;
        if (b->n == BATCH) {
            finish_batch(s, v, mirror, b);
        }
    }
    if (b->n) {
        finish_batch(s, v, mirror, b);
    }
}
