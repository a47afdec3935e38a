// The kinds of places: how big, what grows, what stands there. Numbers were found by looking at many pictures.
#include "plan.h"
#include "things.h"

static void mountains(Scene *s, Rng *r) {
    s->tile_scale = 1 / rng_range(r, 15, 25);
    s->tile_height = rng_range(r, 1150, 2200) * (1 / s->tile_scale) / 21;
    s->sharpness = rng_range(r, .2f, .9f);
    s->detail = rng_range(r, .9f, 1.5f);
    s->camera = expf(rng_range(r, logf(4), logf(120)));
    s->has_water = rng_unit(r) < .58f;
    s->shore_flat = rng_range(r, 20, 70);
    scout_mountains(s, r, .16f, .40f);
    s->tree_line = (s->has_water ? s->water_level : s->eye - s->camera) + rng_range(r, 150, 600);
    s->forest = rng_unit(r) < .85f ? rng_range(r, .3f, .8f) : 0;
    s->forest_scale = rng_range(r, 200, 420);
    s->tree_kind2 = s->season == AUTUMN || rng_unit(r) < .3f ? P_BROADLEAF : P_PINE;
    s->tree_height = rng_range(r, 13, 22);
    s->roughness = .6f;
    float base = s->eye - s->camera, caps = rng_unit(r);
    if (caps < .6f) { // snow-capped: the upper part of what is seen
        s->snow_capped = 1;
        s->snow_line = base + (s->top - base) * rng_range(r, .3f, .65f);
    } else if (caps < .75f) {
        s->snow_line = base + rng_range(r, 250, 900);
    }
    if (s->winter) {
        s->snow_line = base + rng_range(r, -300, 60);
    }
    s->snow_blend = s->snow_capped ? rng_range(r, 30, 110) : rng_range(r, 60, 160);
    s->ripple = expf(rng_range(r, logf(.006f), logf(.05f)));
    s->horizon_share = rng_range(r, .42f, .66f);
    if (s->camera > 50) {
        s->horizon_share = rng_range(r, .36f, .55f);
    }
    if (!s->has_water && rng_unit(r) < .3f) {
        s->path = 1;
    }
    if (rng_unit(r) < .24f) {
        s->castle = 1;
    } else if (rng_unit(r) < .2f) {
        s->village = 1;
    } else if (rng_unit(r) < .25f) {
        s->house = 1;
    }
    if (s->has_water && rng_unit(r) < .18f) {
        s->boat = 1;
    }
}

static void hills(Scene *s, Rng *r) {
    s->relief = rng_range(r, 18, 75);
    s->scale = rng_range(r, 380, 900);
    s->detail = .12f;
    s->roughness = .8f;
    s->camera = rng_range(r, 3, 26);
    if (rng_unit(r) < .55f) {
        s->far_relief = rng_range(r, 500, 1700);
        s->far_from = rng_range(r, 1500, 4000);
        s->far_to = s->far_from + rng_range(r, 3500, 7000);
        s->snow_line = rng_unit(r) < .65f ? s->far_relief * rng_range(r, .25f, .55f) : 1e5;
    }
    s->snow_blend = 120;
    if (s->winter) {
        s->snow_line = -200;
    }
    s->forest = rng_range(r, .18f, .52f);
    s->forest_scale = rng_range(r, 130, 320);
    float q = rng_unit(r);
    s->tree_kind = q < .5f ? P_BROADLEAF : q < .7f ? P_PINE : q < .85f ? P_TALL : P_POPLAR;
    s->tree_kind2 = rng_unit(r) < .6f ? P_BROADLEAF : P_BUSH;
    if (s->winter) {
        s->tree_kind = P_PINE;
        s->tree_kind2 = rng_unit(r) < .5f ? P_DEAD : P_PINE;
    }
    s->tree_height = rng_range(r, 10, 16);
    s->fields = rng_unit(r) < .35f ? rng_range(r, .6f, 1) : 0;
    if (s->fields == 0 && !s->winter && rng_unit(r) < .55f) {
        s->flowers = 1;
        s->flower_rows = (s->flower_kind == 0 && rng_unit(r) < .6f);
        s->forest *= .7f;
        if (s->flower_kind == 4) {
            s->flower1 = colour_scale(s->flower1, .75f);
            s->flower2 = colour_scale(s->flower2, .8f);
        }
    }
    q = rng_unit(r);
    if (q < .4f) {
        s->path = 1;
    } else if (q < .66f) {
        s->river = 1;
        s->has_water = 1;
        s->water_level = rng_range(r, -2, 1) - s->relief * .1f;
        s->shore_flat = 20;
    }
    q = rng_unit(r);
    if (q < .3f) {
        s->castle = 1;
    } else if (q < .44f) {
        s->village = 1;
    } else if (q < .64f) {
        s->house = 1;
    } else if (q < .73f) {
        s->windmill = 1;
    } else if (q < .82f) {
        s->church = 1;
    }
    s->ripple = expf(rng_range(r, logf(.01f), logf(.05f)));
}

// Nothing but trees on low hills.
static void forest(Scene *s, Rng *r) {
    s->forest = rng_range(r, .56f, .85f);
    s->fields = 0;
    s->flowers = 0;
    s->tulips = 0;
    s->village = 0;
    s->windmill = 0;
    s->castle = 0;
    s->relief = rng_range(r, 35, 110);
    s->scale = rng_range(r, 260, 520);
    s->tree_height = rng_range(r, 14, 20);
    s->camera = rng_range(r, 12, 45);
    s->forest_scale = rng_range(r, 150, 300);
    s->tree_kind2 = s->tree_kind;
    if (s->season != AUTUMN && rng_unit(r) < .6f) {
        s->tree_kind = s->tree_kind2 = P_PINE;
    }
    s->far_from *= .6f;
    s->far_relief *= .7f;
    s->tree_line = 1e4;
    if (rng_unit(r) < .4f && only_light < 0) {
        s->light = MIST;
        choose_light(s, r);
    }
}

// Meadows, flower fields, rivers, snow plains.
static void plain(Scene *s, Rng *r) {
    s->relief = rng_range(r, 2, 9);
    s->scale = rng_range(r, 200, 500);
    s->detail = .08f;
    s->roughness = .7f;
    s->camera = rng_range(r, 2.2f, 9);
    s->far_relief = rng_range(r, 500, 2300);
    s->far_from = rng_range(r, 900, 2500);
    s->far_to = s->far_from + rng_range(r, 2500, 5000);
    s->snow_line = rng_unit(r) < .6f ? s->far_relief * rng_range(r, .25f, .55f) : 1e5;
    s->snow_blend = 120;
    if (s->winter) {
        s->snow_line = -200;
    }
    s->forest = rng_range(r, .12f, .5f);
    s->forest_scale = rng_range(r, 90, 260);
    float q = rng_unit(r);
    s->tree_kind = q < .4f ? P_BROADLEAF : q < .7f ? P_PINE : q < .85f ? P_BIRCH : P_POPLAR;
    s->tree_kind2 = rng_unit(r) < .5f ? P_BROADLEAF : P_BIRCH;
    if (s->winter) {
        s->tree_kind = P_PINE;
        s->tree_kind2 = P_DEAD;
    }
    s->tree_height = rng_range(r, 11, 18);
    s->tree_line = s->far_relief * .35f + 40;
    q = rng_unit(r);
    if (q < .5f) {
        s->river = 1;
        s->has_water = 1;
        s->water_level = -1.2f;
        s->shore_flat = 8;
        s->ripple = expf(rng_range(r, logf(.008f), logf(.04f)));
    } else if (q < .75f) {
        s->path = 1;
    }
    if (!s->winter && rng_unit(r) < (s->river ? .3f : .6f)) {
        s->flowers = 1;
        s->flower_rows = (s->flower_kind == 0);
        s->forest *= .7f;
        s->camera = rng_range(r, 2.5f, 16);
        if (rng_unit(r) < .3f) {
            s->flower_rows = s->tulips = 1;
        }
    } else if (rng_unit(r) < .3f) {
        s->fields = 1;
    }
    q = rng_unit(r);
    if (q < .18f) {
        s->village = 1;
    } else if (q < .38f) {
        s->house = 1;
    } else if (q < .48f) {
        s->windmill = 1;
    } else if (q < .58f) {
        s->church = 1;
    } else if (q < .78f) {
        s->castle = 1;
    }
    if (rng_unit(r) < .34f) {
        forest(s, r);
    }
}

static void dunes(Scene *s, Rng *r) {
    s->scale = rng_range(r, 110, 340);
    s->relief = s->scale * rng_range(r, .15f, .24f);
    // Light from the side makes the ridges: one face bright, one in shade.
    if (!s->moon && (s->light == DAY || s->light == GOLDEN || rng_unit(r) < .6f)) {
        float el = (s->light == DAY      ? rng_range(r, 18, 34)
                    : s->light == GOLDEN ? rng_range(r, 10, 20)
                                         : rng_range(r, 5, 11)) *
                   .01745f;
        float az = (rng_unit(r) < .5f ? -1 : 1) * rng_range(r, 50, 105) * .01745f;
        s->sun_dir[0] = sinf(az) * cosf(el);
        s->sun_dir[1] = sinf(el);
        s->sun_dir[2] = cosf(az) * cosf(el);
    }
    s->dune_heading = (rng_unit(r) < .5f ? -1 : 1) * rng_range(r, .5f, 1.45f);
    s->dune_slip = rng_range(r, .2f, .3f);
    s->dune_wander = rng_range(r, .5f, 1.1f);
    s->camera = rng_range(r, 6, 40);
    static const unsigned D[] = {0xd9a866, 0xcf9355, 0xe2bd84, 0xc98048, 0xe6cda0};
    s->sand = colour_jitter(pick_colour(r, D, 5), r, .07f);
    s->ambient = colour_scale(colour_mix(s->ambient, hex(0xc09070), .3f), .8f);
    if (rng_unit(r) < .35f) {
        s->far_relief = rng_range(r, 300, 900);
        s->far_from = 3000;
        s->far_to = 9000;
        s->rock1 = hex(0x6b4a38);
        s->rock2 = hex(0xa5805e);
    }
    s->horizon_share = rng_range(r, .2f, .46f);
}

static void canyon(Scene *s, Rng *r) {
    s->relief = rng_range(r, 130, 330);
    s->scale = rng_range(r, 500, 1400);
    s->threshold = rng_range(r, .02f, .3f);
    s->camera = rng_range(r, 6, 70);
    s->detail = rng_range(r, .35f, .6f);
    s->roughness = .8f;
    s->sand = colour_jitter(rng_unit(r) < .5f ? hex(0xa9714c) : hex(0xb78a62), r, .10f);
    s->boulders = 1;
    if (rng_unit(r) < .3f) {
        s->river = 1;
        s->has_water = 1;
        s->water_level = -2;
        s->shore_flat = 10;
        s->ripple = .02f;
        s->water_deep = hex(0x2a4a44);
    }
    s->forest = rng_unit(r) < .4f ? .2f : 0;
    s->tree_kind = s->tree_kind2 = P_BUSH;
    s->tree_height = 9;
    s->leaf1 = hex(0x3c4a22);
    s->leaf2 = hex(0x6b7038);
    s->leaf3 = hex(0x808048);
    s->horizon_share = rng_range(r, .35f, .58f);
}

static void volcano(Scene *s, Rng *r) {
    s->cone_x = rng_range(r, -700, 700);
    s->cone_z = rng_range(r, 3300, 5200);
    s->cone_radius = rng_range(r, 2000, 3200);
    s->relief = rng_range(r, 900, 1500);
    s->detail = .6f;
    s->roughness = .6f;
    s->camera = rng_range(r, 4, 20);
    s->snow_line = rng_unit(r) < .6f ? s->relief * rng_range(r, .45f, .75f) : 1e5;
    s->snow_blend = 90;
    s->forest = rng_range(r, .2f, .6f);
    s->tree_line = s->relief * .3f;
    s->rock1 = hex(0x3d3634);
    s->rock2 = hex(0x6e5d52);
    if (rng_unit(r) < .5f) {
        s->river = 1;
        s->has_water = 1;
        s->water_level = -3;
        s->shore_flat = 10;
        s->ripple = .015f;
    } else if (rng_unit(r) < .5f) {
        s->flowers = 1;
    }
    if (s->winter) {
        s->snow_line = -100;
    }
}

void set_up_place(Scene *s, Rng *r) {
    static void (*const places[PLACES])(Scene *, Rng *) = {
        [MOUNTAINS] = mountains, [HILLS] = hills,    [DUNES] = dunes, [CANYON] = canyon,
        [BEACH] = set_up_beach,  [SEA] = set_up_sea, [PLAIN] = plain, [WATERFALL] = set_up_waterfall,
        [VOLCANO] = volcano};
    places[s->place](s, r);
}
