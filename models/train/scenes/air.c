// Shadows of the land, haze and fog.
#include "render.h"

void sun_shadow(const Scene *s, int n, const float *x, const float *y, const float *z, const float *pixel, float *out,
                int steps) {
    static float X[BATCH], Z[BATCH], h[BATCH], stride[BATCH], far[BATCH];
    float sx = s->sun_dir[0], sy = maxf(.09f, s->sun_dir[1]), sz = s->sun_dir[2];
    float k = 1 / sqrtf(sx * sx + sz * sz + sy * sy);
    sx *= k;
    sy *= k;
    sz *= k;
    for (int i = 0; i < n; i++) {
        out[i] = 1;
        far[i] = 0;
        stride[i] = maxf(1.2f, pixel[i] * 2.5f);
    }
    for (int step = 0; step < steps; step++) {
        SIMD
        for (int i = 0; i < n; i++) {
            far[i] += stride[i];
            stride[i] *= 1.5f;
            X[i] = x[i] + sx * far[i];
            Z[i] = z[i] + sz * far[i];
        }
        ground_heights(s, n, X, Z, h, 1);
        SIMD
        for (int i = 0; i < n; i++) {
            float clearance = y[i] + sy * far[i] + pixel[i] * .5f + .15f - h[i];
            out[i] = minf(out[i], saturate(.5f + clearance / (far[i] * .10f + .05f)));
        }
    }
}

// Haze is even; ground fog thins out exponentially upwards and is integrated exactly along the ray. Both take the
// colour of the sky just above the horizon, so that far ridges melt into it. Blue is scattered more than red.
void apply_air(const Scene *s, int n, const float *u, const float *x, const float *y, const float *z, float *R,
               float *G, float *B) {
    static float fr[BATCH], fg[BATCH], fb[BATCH];
    clear_sky(s, n, u, .012f, fr, fg, fb);
    float haze = s->haze, fog = s->ground_fog, k = 1 / s->ground_fog_height, base = s->ground_fog_base, eye = s->eye;
    Colour tint = s->haze_tint;
    unsigned sd = s->seed + 777;
    SIMD
    for (int i = 0; i < n; i++) {
        float d = sqrtf(x[i] * x[i] + z[i] * z[i] + (y[i] - eye) * (y[i] - eye));
        float a = maxf((eye - base) * k, -1.5f), b = maxf((y[i] - base) * k, -1.5f);
        float ea = expf(-a), eb = expf(-b), mean = fabsf(b - a) > .01f ? (ea - eb) / (b - a) : ea;
        float patches = .75f + .7f * gnoise(x[i] / 700, z[i] / 900 + y[i] / 120, sd);
        float depth = haze * d + fog * d * mean * patches;
        float tr = expf(-depth * .85f), tg = expf(-depth), tb = expf(-depth * 1.18f);
        R[i] = R[i] * tr + fr[i] * tint.r * (1 - tr);
        G[i] = G[i] * tg + fg[i] * tint.g * (1 - tg);
        B[i] = B[i] * tb + fb[i] * tint.b * (1 - tb);
    }
}
