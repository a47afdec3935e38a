// Places at the water: beach, sea, icebergs, waterfall.
#include "plan.h"
#include "things.h"

void set_up_beach(Scene *s, Rng *r) {
    s->land_side = rng_unit(r) < .5f ? 1 : -1;
    s->shore_x = -s->land_side * rng_range(r, -4, 16);
    s->shore_slope = s->land_side * rng_range(r, .02f, .28f) * (rng_unit(r) < .75f ? -1 : 1);
    s->shore_bend = -s->land_side * rng_range(r, 0.f, .0006f);
    s->relief = rng_range(r, 0, 110);
    s->scale = rng_range(r, 300, 700);
    s->detail = .35f;
    s->has_water = 1;
    s->water_level = 0;
    s->shore_flat = 0;
    s->camera = rng_range(r, 2.5f, 9);
    s->ripple = rng_range(r, .012f, .04f);
    s->water_deep = rng_unit(r) < .7f ? hex(0x0d5f88) : hex(0x1d4f66);
    s->water_shallow = rng_unit(r) < .75f ? hex(0x49c8bd) : hex(0x6a9e90);
    s->sand = colour_jitter(hex(0xecd9ae), r, .06f);
    s->palms = rng_unit(r) < .75f;
    s->forest = .75f;
    s->forest_scale = 120;
    s->tree_kind = s->palms ? P_PALM : P_BUSH;
    s->tree_kind2 = s->palms ? P_BUSH : P_BROADLEAF;
    s->tree_height = 9;
    s->leaf1 = hex(0x2c5a24);
    s->leaf2 = hex(0x67903a);
    s->leaf3 = hex(0x86a848);
    s->grass1 = hex(0x5a8038);
    s->grass2 = hex(0x7d9a48);
    s->horizon_share = rng_range(r, .32f, .5f);
    if (rng_unit(r) < .3f) {
        s->boat = 1;
    }
    if (rng_unit(r) < .3f) {
        s->boulders = 1;
    }
}

static void icebergs(Scene *s, Rng *r) {
    s->ice = 1;
    s->relief = rng_range(r, 14, 50);
    s->scale = rng_range(r, 60, 160);
    s->threshold = rng_range(r, .1f, .4f);
    s->grassy = 0;
    s->detail = rng_range(r, .2f, .5f);
    s->boulders = rng_unit(r) < .7f;
    s->lighthouse = 0;
    s->rock1 = hex(0x7fb8d8);
    s->rock2 = hex(0xd4ecf8);
    s->snow_line = -100;
    s->strata = .3f;
    s->water_deep = hex(0x0c3048);
    s->water_shallow = hex(0x3f98a8);
    s->ripple = rng_range(r, .008f, .04f);
}

void set_up_sea(Scene *s, Rng *r) {
    s->relief = rng_range(r, 25, 120);
    s->scale = rng_range(r, 260, 800);
    s->threshold = rng_range(r, .32f, .62f);
    s->noise_x = rng_range(r, -50, 50);
    s->detail = rng_range(r, .5f, .9f);
    s->has_water = 1;
    s->water_level = 0;
    s->shore_flat = 0;
    s->camera = rng_range(r, 3.5f, 14);
    int rough = s->light == STORM || (s->light != NIGHT && rng_unit(r) < .25f);
    if (rough) {
        s->wave_height = s->light == STORM ? rng_range(r, 2.4f, 4.6f) : rng_range(r, 1.0f, 2.f);
        s->wave_length = rng_range(r, 16, 34);
        s->choppiness = s->light == STORM ? 1 : .8f;
        s->camera = rng_range(r, 6, 14);
    } else {
        s->ripple = rng_range(r, .015f, .05f);
    }
    s->water_deep = s->light == STORM ? hex(0x1c3236) : rng_unit(r) < .5f ? hex(0x0e3a58) : hex(0x14474f);
    s->water_shallow = s->light == STORM ? hex(0x4c7870) : hex(0x2f7f84);
    s->grassy = rng_unit(r) < .5f ? .85f : 0;
    s->boulders = rng_unit(r) < .55f;
    if (rng_unit(r) < .25f) {
        s->threshold = 3;
    }
    if (!rough && rng_unit(r) < .35f) {
        s->boat = 1;
    }
    if (s->threshold < 1 && rng_unit(r) < .3f) {
        s->lighthouse = 1;
    }
    s->horizon_share = rng_range(r, .34f, .56f);
    if (!rough && rng_unit(r) < .42f) {
        icebergs(s, r);
    }
    if (s->grassy > 0 && rng_unit(r) < .5f) {
        s->forest = .5f;
        s->tree_kind = s->tree_kind2 = P_PINE;
        s->tree_height = 10;
    }
    if (rng_unit(r) < .22f) {
        s->far_relief = rng_range(r, 300, 900);
        s->far_from = 4000;
        s->far_to = 9000;
    }
}

void set_up_waterfall(Scene *s, Rng *r) {
    s->relief = rng_range(r, 38, 85);
    s->fall_z = rng_range(r, 130, 230);
    s->fall_x = rng_range(r, -28, 28);
    s->fall_width = rng_range(r, 5, 11);
    s->detail = .75f;
    s->roughness = 1;
    s->has_water = 1;
    s->water_level = 1.2f;
    s->shore_flat = 0;
    s->camera = rng_range(r, 5, 14);
    s->ripple = .03f;
    s->water_deep = hex(0x164a50);
    s->water_shallow = hex(0x4a9088);
    s->forest = rng_range(r, .6f, .95f);
    s->forest_scale = 80;
    s->tree_kind = s->season == AUTUMN ? P_BROADLEAF : P_PINE;
    s->tree_kind2 = rng_unit(r) < .6f ? P_BROADLEAF : P_PINE;
    s->tree_height = rng_range(r, 9, 15);
    s->boulders = 1;
    if (s->winter) {
        s->snow_line = -100;
    }
    s->horizon_share = rng_range(r, .56f, .7f);
    s->rock1 = hex(0x4c463e);
    s->rock2 = hex(0x857a68);
}
