// Kinds of light: sky, sun, clouds and air agree because they come from the same few colours.
//
// az and el: direction of the sun in degrees, az from straight ahead to the right.
#include "plan.h"

typedef struct {
    float az, el, side; // side: -1 or 1
} Sun;

static void day(Scene *s, Rng *r, Sun *sun) {
    sun->az = sun->side * rng_range(r, 35, 125);
    sun->el = rng_range(r, 28, 58);
    static const unsigned Z[] = {0x2a62b0, 0x2f74c0, 0x3b6fae, 0x1f5aa8}, M[] = {0x78aede, 0x8ab8e0, 0x86bfe2},
                          Hh[] = {0xd3e4ee, 0xdde8ea, 0xc8def0};
    s->sky_zenith = pick_colour(r, Z, 4);
    s->sky_mid = pick_colour(r, M, 3);
    s->sky_horizon = pick_colour(r, Hh, 3);
    s->sun_glow = colour_scale(hex(0xfff2d8), .35f);
    s->sunlight = colour_scale(hex(0xfff1d8), 2.05f);
    s->ambient = colour_scale(hex(0x8fb4e0), .75f);
    s->cloud_light = colour_scale(hex(0xfffaf2), 1.0f);
    s->cloud_dark = hex(0x93a6bd);
}

// Late sun on a still blue sky.
static void golden(Scene *s, Rng *r, Sun *sun) {
    sun->az = sun->side * rng_range(r, 35, 105);
    sun->el = rng_range(r, 11, 22);
    static const unsigned Z[] = {0x3d6aa6, 0x4a74a8, 0x35609c}, M[] = {0x93b4d0, 0xa7bccb, 0x9fb6cf},
                          Hh[] = {0xf3dcae, 0xf6d7a8, 0xf0dfc0};
    s->sky_zenith = pick_colour(r, Z, 3);
    s->sky_mid = pick_colour(r, M, 3);
    s->sky_horizon = pick_colour(r, Hh, 3);
    s->sun_glow = colour_scale(hex(0xffc274), .55f);
    s->sunlight = colour_scale(hex(0xffd296), 2.5f);
    s->ambient = colour_scale(hex(0x8fa8d4), .62f);
    s->cloud_light = hex(0xffe6bf);
    s->cloud_dark = hex(0x8e93ab);
    s->haze *= 1.5f;
}

static void sunset(Scene *s, Rng *r, Sun *sun) {
    sun->az = rng_unit(r) < .65f ? rng_range(r, -20, 20) : sun->side * rng_range(r, 30, 75);
    sun->el = rng_range(r, 2.2f, 7.5f);
    // zenith, middle, horizon, sun; the later ones keep a blue sky over a narrow burning band
    static const unsigned P[][4] = {{0x36477f, 0xa87a9a, 0xf9a65e, 0xff7a30}, {0x2b3f74, 0xc98a86, 0xffc06a, 0xff9440},
                                    {0x433c74, 0xc2657c, 0xff9055, 0xff5a2c}, {0x3a5a8c, 0xd9a58c, 0xffd58a, 0xffa050},
                                    {0x2e2f5e, 0x8c4f86, 0xf2705c, 0xff5030}, {0x3f6ea8, 0x9fb0c8, 0xffc888, 0xff9a48},
                                    {0x2f5c98, 0x88a0c0, 0xf8a868, 0xff8038}, {0x4a78ac, 0xb8b0c4, 0xffb890, 0xff7848},
                                    {0x284a80, 0x7088b4, 0xf09080, 0xff6a40}, {0x3a6890, 0xa8b8b8, 0xffe0a0, 0xffb860}};
    int k = rng_unit(r) < .35f ? rng_below(r, 5) : 5 + rng_below(r, 5);
    s->sky_band = k < 5 ? rng_range(r, 7, 12) : rng_range(r, 9, 20);
    s->sky_zenith = hex(P[k][0]);
    s->sky_mid = hex(P[k][1]);
    s->sky_horizon = hex(P[k][2]);
    s->sun_glow = colour_scale(hex(P[k][3]), .8f);
    s->sky_horizon = colour_mix(s->sky_horizon, hex(0xf0d8c0), .18f);
    s->sky_mid = colour_mix(s->sky_mid, hex(0xa8a4b0), .22f);
    s->haze_tint = rgb(.74f, .84f, 1.f);
    s->sunlight = colour_scale(colour_mix(hex(P[k][3]), hex(0xffd0a0), .5f), 2.3f);
    s->ambient = colour_scale(colour_mix(hex(0x7488c8), s->sky_mid, .25f), rng_range(r, .55f, .75f));
    s->cloud_light = colour_mix(s->sky_horizon, hex(0xffb080), .4f);
    s->cloud_dark = colour_mix(s->sky_zenith, s->sky_mid, .45f);
    s->cloud_dark = colour_scale(s->cloud_dark, .9f);
    s->haze *= 1.9f;
    s->cirrus = maxf(s->cirrus, rng_range(r, .2f, .8f));
}

static void sunrise(Scene *s, Rng *r, Sun *sun) {
    sun->az = rng_unit(r) < .6f ? rng_range(r, -22, 22) : sun->side * rng_range(r, 30, 80);
    sun->el = rng_range(r, 3, 9);
    static const unsigned P[][4] = {{0x5f86b8, 0xc5b6c8, 0xfbd3b0, 0xffbf8a},
                                    {0x6f8fbe, 0xe0bcc2, 0xffd8ba, 0xffb090},
                                    {0x5a7fb0, 0xb9c3cf, 0xf8e0b5, 0xffd088}};
    int k = rng_below(r, 3);
    s->sky_zenith = hex(P[k][0]);
    s->sky_mid = hex(P[k][1]);
    s->sky_horizon = hex(P[k][2]);
    s->sun_glow = colour_scale(hex(P[k][3]), .75f);
    s->sunlight = colour_scale(colour_mix(hex(P[k][3]), hex(0xfff0d0), .4f), 2.0f);
    s->ambient = colour_scale(hex(0xa0a4cc), .7f);
    s->cloud_light = colour_mix(s->sky_horizon, hex(0xffe0d0), .4f);
    s->cloud_dark = colour_mix(s->sky_zenith, s->sky_mid, .6f);
    s->haze *= 2.0f;
    s->ground_fog = rng_unit(r) < .6f ? 1 / rng_range(r, 900, 3000) : 0;
    s->ground_fog_height = rng_range(r, 14, 45);
}

// After sunset: no direct sun to speak of.
static void dusk(Scene *s, Rng *r, Sun *sun) {
    sun->az = rng_range(r, -40, 40);
    sun->el = 4;
    static const unsigned P[][3] = {{0x1d2a55, 0x4a5a88, 0xd79a80},
                                    {0x16305e, 0x4b6c9c, 0xe0a48a},
                                    {0x25234f, 0x5a5080, 0xc98878},
                                    {0x122a50, 0x35608e, 0xa9b0b8},
                                    {0x203a5c, 0x50708a, 0xe8b888}};
    int k = rng_below(r, 5);
    s->sky_zenith = hex(P[k][0]);
    s->sky_mid = hex(P[k][1]);
    s->sky_horizon = colour_mix(hex(P[k][2]), hex(0xc8b8b0), .22f);
    s->sun_glow = colour_scale(s->sky_horizon, .28f);
    s->haze_tint = rgb(.85f, .9f, 1);
    s->sunlight = colour_scale(s->sky_horizon, .4f);
    s->ambient = colour_scale(colour_mix(s->sky_mid, hex(0x7080b8), .5f), .62f);
    s->cloud_light = colour_mix(s->sky_horizon, s->sky_mid, .35f);
    s->cloud_dark = colour_mix(s->sky_zenith, s->sky_mid, .4f);
    s->sun_strength = .7f;
    s->stars = .25f;
    s->cloud_cover -= .05f;
    s->haze *= 2.0f;
    if (rng_unit(r) < .2f) {
        s->moon = 2;
    }
}

// Moonlight.
static void night(Scene *s, Rng *r, Sun *sun) {
    sun->az = rng_range(r, -19, 19);
    sun->el = rng_range(r, 12, 24);
    s->sky_zenith = hex(0x060c22);
    s->sky_mid = hex(0x12264c);
    s->sky_horizon = hex(0x35507c);
    if (rng_unit(r) < .35f) {
        s->sky_zenith = hex(0x0c0a26);
        s->sky_mid = hex(0x231f50);
        s->sky_horizon = hex(0x4d4478);
    }
    if (rng_unit(r) < .25f) {
        s->sky_zenith = hex(0x04121f);
        s->sky_mid = hex(0x0d3246);
        s->sky_horizon = hex(0x2b6070);
    }
    s->sun_glow = colour_scale(hex(0x9ab6e0), .16f);
    s->sunlight = colour_scale(hex(0xb8ccf0), .62f);
    s->ambient = colour_scale(hex(0x50689c), .34f);
    s->cloud_light = hex(0x5a7098);
    s->cloud_dark = hex(0x15203c);
    s->stars = 1;
    s->moon = 1;
    s->disc = rng_range(r, .02f, .055f);
    s->cirrus *= .5f;
    s->cloud_cover -= .08f;
    s->haze *= 1.6f;
    s->clouds = rng_unit(r) < .5f;
}

static void storm(Scene *s, Rng *r, Sun *sun) {
    sun->az = sun->side * rng_range(r, 20, 100);
    sun->el = rng_range(r, 22, 40);
    // zenith, middle, horizon, dark and light of the clouds
    static const unsigned P[][5] = {
        {0x4d5866, 0x76828c, 0xb3b8b4, 0x363f4b, 0xa9b0b6}, {0x4d5866, 0x7b8286, 0xcfc3a0, 0x3a3f46, 0xb4b0a4},
        {0x39434f, 0x5a6a72, 0xd8d4c0, 0x23292f, 0x98a0a0}, {0x414e4e, 0x68786f, 0xa9b8a4, 0x2a3534, 0x97a69a},
        {0x474660, 0x6c6a86, 0xb8a8b4, 0x2d2c40, 0xa09ab0}, {0x2e3844, 0x46525e, 0x8a969c, 0x1c232b, 0x76828a},
        {0x4a4a50, 0x786e66, 0xe0a870, 0x2e2c30, 0xb49880}};
    int k = rng_below(r, 7);
    s->sky_zenith = hex(P[k][0]);
    s->sky_mid = hex(P[k][1]);
    s->sky_horizon = hex(P[k][2]);
    s->cloud_dark = hex(P[k][3]);
    s->cloud_light = hex(P[k][4]);
    s->lightning = rng_unit(r) < .3f;
    s->sun_glow = colour_scale(hex(0xc8c8c0), .12f);
    s->sunlight = colour_scale(hex(0xdfe2e4), .75f);
    s->ambient = colour_scale(hex(0x8894a4), .85f);
    s->clouds = 1;
    s->cloud_cover = rng_range(r, .12f, .42f);
    s->cloud_base = rng_range(r, 600, 1300);
    s->cloud_size = rng_range(r, 900, 2800);
    s->haze = 1 / rng_range(r, 7000, 15000);
    s->sun_strength = .5f;
    s->cirrus = 0;
}

static void mist(Scene *s, Rng *r, Sun *sun) {
    sun->az = sun->side * rng_range(r, 20, 110);
    sun->el = rng_range(r, 14, 32);
    static const unsigned P[][3] = {{0x9fb2c2, 0xbfcad2, 0xd9dfe1},
                                    {0xb2b6bc, 0xcdccc8, 0xe6dfd2},
                                    {0x8fa6b2, 0xb4c2c4, 0xd2dad6},
                                    {0xa9a6b8, 0xcbbfc4, 0xe8d6cc}};
    int k = rng_below(r, 4);
    s->sky_zenith = hex(P[k][0]);
    s->sky_mid = hex(P[k][1]);
    s->sky_horizon = hex(P[k][2]);
    s->sun_glow = colour_scale(hex(0xfff0d8), .18f);
    s->sunlight = colour_scale(hex(0xfff0dc), .95f);
    s->ambient = colour_scale(hex(0xb4c0cc), .8f);
    s->clouds = 0;
    s->cirrus = 0;
    s->haze = 1 / rng_range(r, 2600, 7000);
    s->ground_fog = 1 / rng_range(r, 260, 800);
    s->ground_fog_height = rng_range(r, 25, 90);
    s->sun_strength = .6f;
}

static void overcast(Scene *s, Rng *r, Sun *sun) {
    sun->az = sun->side * rng_range(r, 20, 120);
    sun->el = rng_range(r, 30, 50);
    s->sky_zenith = hex(0x8f9dab);
    s->sky_mid = hex(0xaab5be);
    s->sky_horizon = hex(0xced4d6);
    s->sun_glow = colour_scale(hex(0xffffff), .08f);
    s->sunlight = colour_scale(hex(0xf0f0ee), .75f);
    s->ambient = colour_scale(hex(0xa8b4c0), .95f);
    s->cloud_light = hex(0xd3d8dc);
    s->cloud_dark = hex(0x7d8894);
    s->clouds = 1;
    s->cloud_cover = rng_range(r, .25f, .42f);
    s->haze = 1 / rng_range(r, 9000, 24000);
    s->sun_strength = .55f;
    s->cirrus = 0;
}

void choose_light(Scene *s, Rng *r) {
    static void (*const lights[LIGHTS])(Scene *, Rng *, Sun *) = {
        [DAY] = day,     [GOLDEN] = golden, [SUNSET] = sunset, [SUNRISE] = sunrise,  [DUSK] = dusk,
        [NIGHT] = night, [STORM] = storm,   [MIST] = mist,     [OVERCAST] = overcast};
    Sun sun = {0, 30, rng_unit(r) < .5f ? -1 : 1};
    s->clouds = rng_unit(r) < .65f;
    s->cirrus = rng_unit(r) < .55f ? rng_range(r, .15f, .75f) : 0;
    s->cloud_size = expf(rng_range(r, logf(800), logf(4300)));
    s->cloud_base = rng_range(r, 700, 2300);
    s->cloud_cover = rng_range(r, -.2f, .26f);
    s->sky_band = rng_range(r, 5, 11);
    s->cirrus_angle = rng_range(r, 0, 3.1416f);
    s->cirrus_stretch = rng_range(r, .4f, 1.2f);
    s->cirrus_scale = rng_range(r, .6f, 2.2f);
    s->haze = 1 / rng_range(r, 22000, 60000);
    s->ground_fog = 0;
    s->ground_fog_height = 60;
    s->haze_tint = rgb(1, 1, 1);
    s->sun_strength = 1;
    s->stars = 0;
    s->moon = s->sun_shown = s->lightning = 0;
    s->disc = rng_range(r, .018f, .042f);
    lights[s->light](s, r, &sun);
    if ((s->light == DAY || s->light == GOLDEN) && rng_unit(r) < .18f) { // the sun itself in the view
        s->sun_shown = 1;
        sun.az = rng_range(r, -19, 19);
        sun.el = s->light == DAY ? rng_range(r, 14, 24) : rng_range(r, 9, 16);
    } else if ((s->light == SUNSET || s->light == SUNRISE) && fabsf(sun.az) < 21) {
        s->sun_shown = rng_unit(r) < .65f;
    }
    sun.az *= .0174533f;
    sun.el *= .0174533f;
    s->sun_dir[0] = sinf(sun.az) * cosf(sun.el);
    s->sun_dir[1] = sinf(sun.el);
    s->sun_dir[2] = cosf(sun.az) * cosf(sun.el);
    s->sky_zenith = colour_jitter(s->sky_zenith, r, .06f);
    s->sky_mid = colour_jitter(s->sky_mid, r, .06f);
    s->sky_horizon = colour_jitter(s->sky_horizon, r, .06f);
    s->sunlight = colour_jitter(s->sunlight, r, .04f);
}
