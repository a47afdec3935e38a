// What stands in the sky: stars, northern lights, a rainbow, sun and moon, lightning.
#include "render.h"

static void add_star(const Scene *s, int x, int y, float cloud, float *c) {
    float q = hash01(x / 2, y / 2, s->seed + 55), up = (s->horizon - y) / s->focal;
    if (q > .9972f) {
        float b = (q - .9972f) / .0028f;
        b = b * b * b * s->stars * saturate(up * 3) * saturate(1 - cloud * 2.f) * .8f;
        c[0] += b;
        c[1] += b;
        c[2] += b * 1.1f;
    }
}

// Two wavering curtains with rays, green below and violet above.
static void add_aurora(const Scene *s, float u, float v, float cloud, float *c) {
    unsigned sd = s->seed;
    float green = 0, violet = 0;
    for (int k = 0; k < 2; k++) {
        float foot = .16f + .12f * k + .11f * gnoise(u * 1.3f + k * 5, k * 3.1f, sd + 71) +
                     .03f * gnoise(u * 5, k * 2.f + .5f, sd + 72);
        float d = v - foot, ray = .55f + .45f * gnoise(u * 26 + gnoise(u * 4, 1.5f, sd + 74) * 3, v * .7f + k, sd + 73);
        float e = d < 0 ? expf(d * 40) : expf(-d * (5.5f - k));
        green += e * ray * (.9f - .3f * k);
        violet += maxf(0, d * 4) * e * ray;
    }
    green *= (1 - cloud * .8f) * .62f;
    c[0] += green * .12f + violet * .22f;
    c[1] += green * .85f;
    c[2] += green * .42f + violet * .28f;
}

// A bow of 40 to 43 degrees around the point opposite to the sun.
static void add_rainbow(const Scene *s, float u, float v, float *c) {
    float k = -(u * s->sun_dir[0] + v * s->sun_dir[1] + s->sun_dir[2]) / sqrtf(u * u + v * v + 1);
    float t = (acosf(clampf(k, -1, 1)) * 57.3f - 40.3f) / 2.4f;
    if (t > -.4f && t < 1.4f) {
        float a = .34f * smoothstep(-.3f, .15f, t) * smoothstep(1.35f, .9f, t) * saturate(v * 9 + .3f);
        c[0] += a * smoothstep(.35f, .85f, t);
        c[1] += a * .8f * smoothstep(.1f, .45f, t) * smoothstep(1.1f, .6f, t);
        c[2] += a * .9f * smoothstep(.6f, .15f, t);
    }
}

// dx, dy: offset from the disc's middle, as tangents. Answers whether the disc is seen here.
static int add_moon(const Scene *s, float dx, float dy, float alpha, float *c) {
    float d = sqrtf(dx * dx + dy * dy), u = dx / s->disc, v = dy / s->disc;
    float b = .85f + .25f * gnoise(u * 1.6f + 3, v * 1.6f, 9) + .12f * gnoise(u * 4, v * 4, 8);
    float halo = .22f * expf(-d / s->disc * .7f) * (1 - alpha);
    c[0] = mix(c[0], b * .95f, alpha) + halo * .6f;
    c[1] = mix(c[1], b * .97f, alpha) + halo * .75f;
    c[2] = mix(c[2], b, alpha) + halo;
    return alpha > .4f;
}

static int add_sun(const Scene *s, float alpha, float *c) {
    c[0] = mix(c[0], 2.2f, alpha);
    c[1] = mix(c[1], 1.9f * mix(1, s->sunlight.g / s->sunlight.r, .6f), alpha);
    c[2] = mix(c[2], 1.5f * mix(1, s->sunlight.b / s->sunlight.r, .8f), alpha);
    return alpha > .4f;
}

void compose_sky(const Scene *s, View *v, int *sun_pixels, int *moon_pixels) {
    int low_sun = s->light == SUNSET || s->light == SUNRISE || s->light == GOLDEN;
    int disc = s->sun_dir[2] > 0 && s->light != DUSK && (s->moon || low_sun || s->sun_shown);
    float k = 1 / maxf(.05f, s->sun_dir[2]), sun_u = s->sun_dir[0] * k, sun_v = s->sun_dir[1] * k, pixel = 1 / s->focal;
    *sun_pixels = *moon_pixels = 0;
    for (int y = 0; y < v->H; y++) {
        for (int x = 0; x < v->W; x++) {
            int p = y * v->W + x;
            if (v->cls[p] != 255) {
                continue;
            }
            float c[3], cloud, right = (x - v->W * .5f) * pixel, up = (s->horizon - y) * pixel;
            sky_at(x, y, c, &cloud);
            int cls = cloud > .5f ? K_CLOUD : K_SKY;
            if (s->stars > 0) {
                add_star(s, x, y, cloud, c);
            }
            if (s->aurora) {
                add_aurora(s, right + .5f * pixel, up, cloud, c);
            }
            if (s->rainbow) {
                add_rainbow(s, right + .5f * pixel, up, c);
            }
            if (disc) {
                float dx = right - sun_u, dy = sun_v - up, d = sqrtf(dx * dx + dy * dy);
                float alpha =
                    smoothstep(s->disc + 1.2f * pixel, s->disc - 1.2f * pixel, d) * (1 - .85f * saturate(cloud * 1.3f));
                int seen = s->moon ? add_moon(s, dx, dy, alpha, c) : add_sun(s, alpha, c);
                *(s->moon ? moon_pixels : sun_pixels) += seen;
                cls = seen ? K_SUN : cls;
            }
            memcpy(v->rgb + 3 * p, c, sizeof c);
            v->cls[p] = cls;
        }
    }
}

typedef struct {
    float x, y, power, until;
} Bolt;

// A piece of a bolt: a bright core and a glow, only where sky is.
static int draw_bolt_piece(View *v, Bolt b, float to_x, float to_y) {
    int core = 0, reach = (int)(9 * b.power) + 2;
    for (int k = 0; k < 16; k++) {
        float cx = mix(b.x, to_x, k / 16.f), cy = mix(b.y, to_y, k / 16.f);
        for (int x = (int)cx - reach; x <= (int)cx + reach; x++) {
            int p = (int)cy * v->W + x;
            if (x < 0 || cy < 0 || x >= v->W || cy >= v->H || v->depth[p] > 0) {
                continue;
            }
            float d = fabsf(x + .5f - cx);
            float a = .3f * b.power * (1.6f * smoothstep(1.6f * b.power + .5f, .2f, d) + .05f * expf(-d * .3f));
            v->rgb[3 * p] += a * .9f;
            v->rgb[3 * p + 1] += a * .92f;
            v->rgb[3 * p + 2] += a;
            core += d < 1;
        }
    }
    return core;
}

// A forked bolt from the clouds to the ground; answers whether enough of it is seen.
int draw_lightning(const Scene *s, View *v, Rng *r) {
    enum { FORKS = 12 };

    Bolt stack[FORKS];
    int n = 1, seen = 0;
    stack[0].x = v->W * rng_range(r, .15f, .85f);
    stack[0].y = 0;
    stack[0].power = 1;
    stack[0].until = s->horizon - v->H * rng_range(r, 0, .06f);
    while (n > 0) {
        Bolt b = stack[--n];
        float drift = rng_normal(r) * 2.1f;
        while (b.y < b.until) {
            float x = b.x + rng_normal(r) * 5 + drift, y = b.y + rng_range(r, 3, 9);
            seen += draw_bolt_piece(v, b, x, y);
            b.x = x;
            b.y = y;
            if (n < FORKS - 1 && rng_unit(r) < .05f) {
                stack[n++] = (Bolt){x, y, b.power * .55f, minf(b.until, y + rng_range(r, 30, 160))};
            }
        }
    }
    return seen > 400;
}
