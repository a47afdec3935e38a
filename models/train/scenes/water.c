// Water: a true mirror image, looked up through ripples; depth, sun glitter, foam.
#include "render.h"

// One water pixel while it is shaded.
typedef struct {
    int i, row, column;
    float depth, dip;                       // of the water; of the view ray below the horizon (tangent)
    float tilt_x, tilt_z, slope_x, slope_z; // of waves; of waves and ripples
    float swell1, swell2;                   // ripple noise
    float view[3], fresnel;
    float rgb[3];
} Drop;

// Ripples keep about the size of a pixel: noise of the two nearest octaves is blended.
static void find_ripples(const Scene *s, const View *v, const Batch *b, Drop *d, float roughness) {
    int i = d->i;
    float x = b->x[i], z = b->z[i], octave = log2f(maxf(.5f, z / (v->focal * d->dip) * 1.6f));
    float whole = floorf(octave), part = octave - whole, k0 = exp2f(-whole), k1 = k0 * .5f;
    unsigned sd = s->seed + 700 + (int)whole;
    d->swell1 = mix(gnoise(x * k0 * .45f, z * k0, sd), gnoise(x * k1 * .45f, z * k1, sd + 1), part);
    d->swell2 =
        mix(gnoise(x * k0 * 1.1f + 7, z * k0 * 2.1f, sd + 20), gnoise(x * k1 * 1.1f + 7, z * k1 * 2.1f, sd + 21), part);
    float gusts = .4f + .9f * smoothstep(-.3f, .5f, gnoise(x / 180, z / 420, s->seed + 720));
    d->slope_x = -d->tilt_x + (d->swell2 - .5f * d->swell1) * roughness * .6f * gusts;
    d->slope_z = -d->tilt_z + (d->swell1 + .6f * d->swell2) * roughness * gusts;
}

static void find_fresnel(const Scene *s, const Batch *b, Drop *d) {
    float u = b->u[d->i], k = 1 / sqrtf(u * u + d->dip * d->dip + 1);
    d->view[0] = -u * k;
    d->view[1] = d->dip * k;
    d->view[2] = -k;
    float facing = (d->view[0] * d->slope_x + d->view[1] + d->view[2] * d->slope_z) /
                   sqrtf(1 + d->slope_x * d->slope_x + d->slope_z * d->slope_z);
    facing = maxf(facing, .02f + d->view[1] * .3f);
    d->fresnel = (.02f + .98f * powf(1 - saturate(facing), 5)) * (s->wave_height > 0 ? .62f : .93f);
}

// Three looks into the mirror image, displaced by the slope: streaks come by themselves.
static void reflect(const Scene *s, const View *v, const View *mirror, const Drop *d, float roughness, float *out) {
    float waves = s->wave_height > 0 ? .8f : 1.f;
    out[0] = out[1] = out[2] = 0;
    for (int tap = -1; tap <= 1; tap++) {
        float dy = v->focal * 2 * (d->slope_z + tap * roughness * .55f) * waves;
        float dx = v->focal * 1.2f * d->slope_x * d->dip + tap * 1.5f * roughness * 20;
        float below = d->row + .5f - v->horizon + fabsf(dy) * .5f + dy, c[3];
        below = below < 0 ? -below * .5f : below;
        int x = (int)clampf((int)(d->column + dx), 0, v->W - 1), y = (int)(mirror->horizon - below);
        int p = y * v->W + x;
        if (y >= 0 && y < mirror->H && mirror->cls[p] != 255) {
            memcpy(c, mirror->rgb + 3 * p, sizeof c);
        } else {
            sky_at(x, v->horizon - below, c, 0);
        }
        for (int k = 0; k < 3; k++) {
            out[k] += c[k] / 3;
        }
    }
}

// The water's own colour: shallow and deep, the bed shining through, light in the crests.
static void find_body(const Scene *s, const Batch *b, const Drop *d, float *c) {
    int beach = s->place == BEACH, i = d->i;
    Colour deep = s->water_deep, shallow = s->water_shallow;
    float light = .6f * (s->sunlight.g * s->sun_strength * maxf(.15f, s->sun_dir[1]) + s->ambient.g);
    float shoal = expf(-d->depth * (beach ? .22f : .6f)), crest = 0;
    if (s->wave_height > 0) {
        crest = saturate(b->wave[i] / s->wave_height * .9f + .25f) * .55f;
    }
    float see = expf(-d->depth * (beach ? 2.2f : 6.f)) * (beach ? .65f : .4f);
    c[0] = mix((mix(deep.r, shallow.r, shoal) + shallow.r * crest) * light, b->R[i] * .9f, see);
    c[1] = mix((mix(deep.g, shallow.g, shoal) + shallow.g * crest) * light, b->G[i] * .95f, see);
    c[2] = mix((mix(deep.b, shallow.b, shoal) + shallow.b * crest) * light, b->B[i], see);
}

static float glitter(const Scene *s, const Drop *d) {
    float hx = d->view[0] + s->sun_dir[0], hy = d->view[1] + maxf(.02f, s->sun_dir[1]), hz = d->view[2] + s->sun_dir[2];
    float nx = d->slope_x * 2.2f, nz = d->slope_z * 2.2f;
    float facing = (hx * nx + hy + hz * nz) / sqrtf((hx * hx + hy * hy + hz * hz) * (1 + nx * nx + nz * nz));
    float spark = powf(saturate(facing), s->wave_height > 0 ? 180 : 380);
    float covered = s->clouds && s->cloud_cover > .5f ? .3f : 1.f;
    return spark * (.25f + 2.2f * smoothstep(.1f, .7f, d->swell1 + d->swell2 * .6f)) * s->sun_strength * covered;
}

// Lines of surf that follow the shore.
static float surf(const Scene *s, const Batch *b, const Drop *d, float noise) {
    float x = b->x[d->i], z = b->z[d->i], px = b->pixel[d->i], foam = 0, bend = gnoise(x / 28, z / 28, s->seed + 733);
    float fine = gnoise(x / .8f, z / .8f, s->seed + 744) * saturate(.6f / px) +
                 .8f * gnoise(x / .27f, z / .27f, s->seed + 745) * saturate(.2f / px);
    for (int k = 0; k < 4; k++) {
        float line = .10f + k * k * .16f + k * .16f + bend * .22f;
        float a = smoothstep(.07f + .035f * k, 0, fabsf(d->depth - line));
        if (k) {
            a *= smoothstep(-.25f, .35f, gnoise(x / 45 + k * 3, z / 45, s->seed + 734 + k));
        }
        foam = maxf(foam, a * saturate(.72f + noise * .55f + fine * .7f));
    }
    return foam;
}

// White crests, and lace behind them.
static float whitecaps(const Scene *s, const Batch *b, const Drop *d, float noise) {
    float x = b->x[d->i], z = b->z[d->i], px = b->pixel[d->i], crest = b->wave[d->i] / s->wave_height;
    unsigned sd = s->seed;
    float fine = gnoise(x / .9f, z / .45f, sd + 740) * saturate(.7f / px) +
                 .7f * gnoise(x / .35f, z / .2f, sd + 741) * saturate(.25f / px);
    float cap = smoothstep(.68f, 1.05f, crest + noise * .26f + fine * .3f) * .9f;
    float lace =
        saturate(1 - fabsf(gnoise(x / 3.2f, z / 2.f, sd + 742) + .4f * fine) * 3.f) * saturate(crest * .9f + .45f);
    lace *= .5f * saturate(2.f / px - .1f) * smoothstep(-.2f, .4f, gnoise(x / 19, z / 15, sd + 743));
    return maxf(cap, lace) * s->choppiness;
}

static float foam_share(const Scene *s, const Batch *b, const Drop *d) {
    float x = b->x[d->i], z = b->z[d->i], px = b->pixel[d->i], foam;
    unsigned sd = s->seed;
    float noise = gnoise(x / 1.7f, z / 1.7f, sd + 730) * saturate(1 / px) +
                  .7f * gnoise(x / 6, z / 6, sd + 731) * saturate(4 / px) +
                  .3f * gnoise(x / .6f, z / .6f, sd + 732) * saturate(.3f / px);
    if (s->place == BEACH) {
        foam = surf(s, b, d, noise);
    } else {
        int sea = s->place == SEA;
        float strength = s->wave_height > 0 ? 1 : sea ? .8f : .25f;
        foam = strength * smoothstep(.9f, .0f, d->depth * (sea ? .5f : .8f) + noise * .7f + (sea ? -.15f : .25f));
    }
    if (s->place == WATERFALL) {
        float dx = x - s->fall_x, dz = z - s->fall_z + 26, far = sqrtf(dx * dx * .35f + dz * dz * .5f);
        foam = maxf(foam, saturate(smoothstep(26, 4, far) + noise * .5f * smoothstep(50, 10, far)));
    }
    return s->wave_height > 0 ? maxf(foam, whitecaps(s, b, d, noise)) : foam;
}

static void lay_foam(const Scene *s, Drop *d, float foam) {
    Colour sky = s->ambient;
    float facing = s->wave_height > 0 ? clampf(.85f - .4f * d->tilt_z + d->tilt_x * .3f, .5f, 1.15f) : 1;
    float light = facing * .75f * (s->sunlight.g * s->sun_strength * (.3f + .7f * maxf(0, s->sun_dir[1])) + sky.g);
    d->rgb[0] = mix(d->rgb[0], light * (.46f * sky.r / (sky.g + 1e-4f) + .46f), foam);
    d->rgb[1] = mix(d->rgb[1], light * .93f, foam);
    d->rgb[2] = mix(d->rgb[2], light * .95f, foam);
}

void shade_water(const Scene *s, const View *v, const View *mirror, Batch *b) {
    static float x1[BATCH], z1[BATCH], wave_x[BATCH], wave_z[BATCH], R[BATCH], G[BATCH], B[BATCH];
    static uint8_t is_water[BATCH];
    int n = b->n, any = 0;
    for (int i = 0; i < n; i++) {
        is_water[i] = b->h[i] < s->water_level + b->wave[i] - .001f;
        any |= is_water[i];
        x1[i] = b->x[i] + b->step[i];
        z1[i] = b->z[i] + b->step[i] * 2;
        R[i] = b->R[i];
        G[i] = b->G[i];
        B[i] = b->B[i];
    }
    if (!any) {
        return;
    }
    wave_heights(s, n, x1, b->z, wave_x);
    wave_heights(s, n, b->x, z1, wave_z);
    float roughness = s->wave_height > 0 ? .05f : s->ripple;
    for (int i = 0; i < n; i++) {
        if (!is_water[i]) {
            continue;
        }
        Drop d = {.i = i, .row = b->id[i] / v->W, .column = b->id[i] % v->W};
        float body[3], image[3], foam, sparkle;
        d.depth = s->water_level + b->wave[i] - b->h[i];
        d.dip = maxf(.004f, (d.row + .5f - v->horizon) / v->focal);
        d.tilt_x = (wave_x[i] - b->wave[i]) / b->step[i];
        d.tilt_z = (wave_z[i] - b->wave[i]) / (b->step[i] * 2);
        find_ripples(s, v, b, &d, roughness);
        find_fresnel(s, b, &d);
        reflect(s, v, mirror, &d, roughness, image);
        find_body(s, b, &d, body);
        sparkle = glitter(s, &d);
        d.rgb[0] = mix(body[0], image[0], d.fresnel) + s->sunlight.r * sparkle;
        d.rgb[1] = mix(body[1], image[1], d.fresnel) + s->sunlight.g * sparkle;
        d.rgb[2] = mix(body[2], image[2], d.fresnel) + s->sunlight.b * sparkle;
        foam = foam_share(s, b, &d);
        lay_foam(s, &d, foam);
        R[i] = d.rgb[0];
        G[i] = d.rgb[1];
        B[i] = d.rgb[2];
        b->cls[i] = foam > .5f ? K_FOAM : K_WATER;
    }
    // The mirror image is hazy already: less haze than on land.
    Scene thin = *s;
    thin.haze *= .6f;
    apply_air(&thin, n, b->u, b->x, b->y, b->z, R, G, B);
    for (int i = 0; i < n; i++) {
        if (is_water[i]) {
            b->R[i] = R[i];
            b->G[i] = G[i];
            b->B[i] = B[i];
        }
    }
}
