// What a scene is: place, light, season, composition.
#include "plan.h"
#include "tiles.h"

int only_place = -1, only_light = -1;

// An index by shares that sum to 1.
static int pick_by_share(Rng *r, const float *share, int n) {
    float q = rng_unit(r);
    for (int i = 0; i < n - 1; i++) {
        q -= share[i];
        if (q < 0) {
            return i;
        }
    }
    return n - 1;
}

static void choose_place(Scene *s, Rng *r) {
    static const float places[PLACES] = {[MOUNTAINS] = .27f, [HILLS] = .17f,     [DUNES] = .08f,
                                         [CANYON] = .07f,    [BEACH] = .085f,    [SEA] = .125f,
                                         [PLAIN] = .125f,    [WATERFALL] = .05f, [VOLCANO] = .025f};
    static const float lights[LIGHTS] = {[DAY] = .25f,     [GOLDEN] = .17f, [SUNSET] = .16f,
                                         [SUNRISE] = .08f, [DUSK] = .08f,   [NIGHT] = .08f,
                                         [STORM] = .06f,   [MIST] = .07f,   [OVERCAST] = .05f};
    static const float seasons[] = {[SUMMER] = .52f, [AUTUMN] = .22f, [WINTER] = .15f, [SPRING] = .11f};
    s->place = pick_by_share(r, places, PLACES);
    s->light = pick_by_share(r, lights, LIGHTS);
    s->season = pick_by_share(r, seasons, 4);
    if (only_place >= 0) {
        s->place = only_place;
    }
    int warm = s->place == DUNES || s->place == CANYON || s->place == BEACH;
    if (s->place == SEA && rng_unit(r) < .3f) {
        s->light = STORM;
    }
    if (warm && (s->light == STORM || s->light == MIST || s->light == OVERCAST)) {
        s->light = rng_unit(r) < .5f ? DAY : GOLDEN;
    }
    if (s->place == WATERFALL && (s->light == NIGHT || s->light == DUSK)) {
        s->light = DAY;
    }
    if (only_light >= 0) {
        s->light = only_light;
    }
    if (warm || s->place == SEA) {
        s->season = SUMMER;
    } else if (s->place == PLAIN && rng_unit(r) < .2f) {
        s->season = WINTER;
    }
    s->winter = s->season == WINTER;
}

// Habits of composition: looking down, much sky, through a frame of near trees.
static void compose(Scene *s, Rng *r) {
    int p = s->place, can_look_down = p != WATERFALL && p != VOLCANO && p != CANYON && s->wave_height <= 0;
    if (can_look_down && rng_unit(r) < .17f) {
        s->looks_down = 1;
        s->horizon_share = rng_range(r, .05f, .2f);
        if (p != MOUNTAINS) {
            s->camera = p == DUNES ? rng_range(r, 30, 70) : p == BEACH ? rng_range(r, 14, 50) : rng_range(r, 28, 110);
        }
    } else if (p != WATERFALL && rng_unit(r) < .1f) {
        s->horizon_share = rng_range(r, .66f, .82f);
    }
    int wooded = p == HILLS || p == PLAIN || (p == MOUNTAINS && s->camera < 30);
    s->framed = wooded && !s->looks_down && rng_unit(r) < .2f;
}

static void lay_out_path_and_river(Scene *s, Rng *r) {
    if (s->path) {
        s->path_width = rng_range(r, 1.4f, 4.f);
        s->path_x = rng_range(r, -5, 5);
        s->path_swing = rng_range(r, 8, 45);
        s->path_length = rng_range(r, 60, 170);
        s->path_phase = rng_range(r, 0, 6);
    }
    if (s->river) {
        s->river_width = s->place == CANYON ? rng_range(r, 10, 22) : rng_range(r, 6, 26);
        s->river_swing = rng_range(r, 15, 60);
        s->river_length = rng_range(r, 80, 220);
        s->river_phase = rng_range(r, 0, 6.28f);
        s->river_x = -s->river_swing * sinf(s->river_phase) + rng_range(r, -1, 1) * s->river_width * 1.4f;
        s->river_end = s->place == VOLCANO ? rng_range(r, 500, 900) : s->place == CANYON ? 1e5 : 2500;
        if (s->place == VOLCANO) { // a lake
            s->river_width = rng_range(r, 80, 220);
        }
        s->bridge = (s->place == HILLS || s->place == PLAIN) && rng_unit(r) < .45f;
    }
}

// Northern lights, rainbow, falling snow and rain.
static void add_weather(Scene *s, Rng *r) {
    int p = s->place, sunny = s->light == DAY || s->light == GOLDEN;
    if (s->light == NIGHT && (s->winter || p == MOUNTAINS) && rng_unit(r) < .4f) {
        s->aurora = 1;
        s->clouds = 0;
        s->cirrus = 0;
    }
    if (sunny && p != DUNES && p != CANYON && p != BEACH && rng_unit(r) < .12f) {
        float el = rng_range(r, 9, 19) * .01745f, az = rng_range(r, -.35f, .35f);
        s->sun_dir[0] = sinf(az) * cosf(el); // the sun behind the camera
        s->sun_dir[1] = sinf(el);
        s->sun_dir[2] = -cosf(az) * cosf(el);
        s->rainbow = 1;
    }
    if (s->winter && (s->light == MIST || s->light == OVERCAST || s->light == STORM) && rng_unit(r) < .55f) {
        s->falling = 1;
    } else if (s->light == STORM && rng_unit(r) < .4f) {
        s->falling = 2;
    }
}

void plan_scene(Scene *s, Rng *r) {
    s->focal = .5f * s->W / tanf(rng_range(r, 42, 62) * .0087266f);
    s->water_level = -1e5;
    s->tile_scale = 1 / 24.f;
    s->snow_line = s->tree_line = 1e5;
    s->snow_blend = 60;
    s->forest_scale = 260;
    s->tree_height = 16;
    s->ripple = 1;
    choose_place(s, r);
    choose_light(s, r);
    choose_palette(s, r);
    s->tile = s->far_tile = tile_bank + (size_t)rng_below(r, tile_count) * TILE * TILE;
    s->far_x = rng_range(r, 0, 1000);
    s->far_z = rng_range(r, 0, 1000);
    float heading = rng_range(r, 0, 6.28f);
    s->tile_cos = cosf(heading);
    s->tile_sin = sinf(heading);
    s->horizon_share = rng_range(r, .34f, .62f);
    s->camera = rng_range(r, 3, 14);
    set_up_place(s, r);
    compose(s, r);
    lay_out_path_and_river(s, r);
    if (s->place == SEA && s->threshold < 2) {
        keep_sea_clear(s);
    }
    if (s->place == DUNES || s->place == CANYON || s->place == HILLS) {
        scout_noise(s, r);
    }
    if (s->place != MOUNTAINS) { // which were scouted by tile
        s->eye = highest_near(s) + s->camera;
    }
    add_weather(s, r);
    float ground = s->eye - s->camera;
    s->ground_fog_base = s->has_water ? s->water_level : ground - (s->place == MOUNTAINS ? 20 : 5);
    s->horizon = s->horizon_share * s->H;
}
