// The library of things: all are made at the start, in about half a second.
#include "things.h"

Impostor things[KINDS][MAX_VARIANTS];
int thing_count[KINDS];

static void plants(Rng *r) {
    static const int broadleaved[][2] = {{P_BROADLEAF, 5}, {P_BIRCH, 3}, {P_POPLAR, 3},
                                         {P_BUSH, 4},      {P_DEAD, 3},  {P_TALL, 4}};
    for (int i = 0; i < 6; i++) {
        make_pine(&things[P_PINE][i], r, 1);
    }
    thing_count[P_PINE] = 6;
    for (int k = 0; k < 6; k++) {
        int kind = broadleaved[k][0];
        thing_count[kind] = broadleaved[k][1];
        for (int i = 0; i < thing_count[kind]; i++) {
            make_broadleaf(&things[kind][i], r, kind, 1);
        }
    }
    for (int i = 0; i < 5; i++) {
        make_palm(&things[P_PALM][i], r);
    }
    for (int i = 0; i < 4; i++) {
        make_grass(&things[P_GRASS][i], r, 0);
    }
    for (int i = 0; i < 3; i++) {
        make_grass(&things[P_FLOWER][i], r, 1);
        make_broadleaf(&things[P_NEARTREE][i], r, i == 2 ? P_TALL : P_BROADLEAF, 2);
        make_pine(&things[P_NEARPINE][i], r, 2);
    }
    thing_count[P_PALM] = 5;
    thing_count[P_GRASS] = 4;
    thing_count[P_FLOWER] = thing_count[P_NEARTREE] = thing_count[P_NEARPINE] = 3;
}

static void buildings(void) {
    static const float yaw[8] = {.5f, -.6f, 1.1f, -1.f, .3f, -.9f, .8f, -.3f};
    for (int i = 0; i < 8; i++) {
        make_model(&things[P_HOUSE][i], i & 1 ? MODEL_HOUSE : MODEL_LONG_HOUSE, yaw[i], 192, 168, 1 + i * 3);
        make_model(&things[P_CASTLE][i], MODEL_CASTLE, yaw[i] * .8f, 288, 240, 40 + i * 7);
    }
    for (int i = 0; i < 3; i++) {
        make_model(&things[P_CHURCH][i], MODEL_CHURCH, i * .6f - .7f, 160, 208, 1);
        make_model(&things[P_BOAT][i], MODEL_BOAT, .3f + i * .35f, 144, 144, 1);
        make_model(&things[P_WINDMILL][i], MODEL_WINDMILL, i * .5f - .5f, 160, 192, 1);
    }
    make_model(&things[P_LIGHTHOUSE][0], MODEL_LIGHTHOUSE, .3f, 112, 160, 1);
    for (int i = 0; i < 6; i++) {
        int model = i < 4 ? MODEL_STONE_BRIDGE : MODEL_WOODEN_BRIDGE;
        make_model(&things[P_BRIDGE][i], model, i & 1 ? .22f : -.3f, 384, 112, 60 + i * 11);
    }
    thing_count[P_HOUSE] = thing_count[P_CASTLE] = 8;
    thing_count[P_CHURCH] = thing_count[P_BOAT] = thing_count[P_WINDMILL] = 3;
    thing_count[P_LIGHTHOUSE] = 1;
    thing_count[P_BRIDGE] = 6;
}

static void rocks(void) {
    for (int i = 0; i < 6; i++) {
        make_model(&things[P_ROCK][i], MODEL_ROCK, i * .9f, 128, 72, 30 + i * 7);
    }
    for (int i = 0; i < 4; i++) {
        make_model(&things[P_STACK][i], MODEL_STACK, i * 1.1f, 128, 112, 90 + i * 5);
    }
    thing_count[P_ROCK] = 6;
    thing_count[P_STACK] = 4;
}

void build_things(void) {
    Rng r = {12345};
    plants(&r);
    buildings();
    rocks();
}
