// Colours of the ground and of leaves, by season.
#include "plan.h"

void choose_palette(Scene *s, Rng *r) {
    static const unsigned RA[] = {0x5b5650, 0x64605c, 0x584f48, 0x5a5f66},
                          RB[] = {0x948a7c, 0xa09a92, 0x8d7f70, 0x8d939a};
    int k = rng_below(r, 4);
    s->rock1 = colour_jitter(hex(RA[k]), r, .1f);
    s->rock2 = colour_jitter(hex(RB[k]), r, .1f);
    static const unsigned SA[] = {0xd9c193, 0xcdb182, 0xe3d2ac, 0xc9ae86};
    s->sand = colour_jitter(pick_colour(r, SA, 4), r, .07f);
    s->strata = rng_range(r, .4f, 1.2f);
    switch (s->season) {
    case AUTUMN:
        s->grass1 = hex(0x8a7c3a);
        s->grass2 = hex(0xa5873f);
        s->grass3 = hex(0xb8934a);
        s->leaf1 = hex(0xa8481a);
        s->leaf2 = hex(0xdd9a2a);
        s->leaf3 = hex(0x7a6a26);
        break;
    case SPRING:
        s->grass1 = hex(0x5f8f35);
        s->grass2 = hex(0x86ad44);
        s->grass3 = hex(0xa3b552);
        s->leaf1 = hex(0x3f7030);
        s->leaf2 = hex(0x8fb548);
        s->leaf3 = hex(0xe7a9bd);
        break;
    case WINTER:
        s->grass1 = hex(0x7c7558);
        s->grass2 = hex(0x8a8162);
        s->grass3 = hex(0x6e6a50);
        s->leaf1 = hex(0x22382c);
        s->leaf2 = hex(0x3f5540);
        s->leaf3 = hex(0x5a4c40);
        break;
    default: {
        static const unsigned g1[] = {0x4d7a2e, 0x5b8038, 0x557430}, g2[] = {0x7a9a40, 0x88a04a, 0x6f9440},
                              g3[] = {0xa9a458, 0xb5a85e, 0x94a04c};
        int q = rng_below(r, 3);
        s->grass1 = hex(g1[q]);
        s->grass2 = hex(g2[q]);
        s->grass3 = hex(g3[q]);
        s->leaf1 = hex(0x234a1e);
        s->leaf2 = hex(0x5d8030);
        s->leaf3 = hex(0x7d8f38);
    }
    }
    {
        Colour *q[3] = {&s->grass1, &s->grass2, &s->grass3};
        for (int i = 0; i < 3; i++) {
            float l = .3f * q[i]->r + .6f * q[i]->g + .1f * q[i]->b;
            *q[i] = colour_mix(*q[i], rgb(l * 1.1f, l, l * .8f), .22f);
        }
    }
    s->grass1 = colour_jitter(s->grass1, r, .1f);
    s->grass2 = colour_jitter(s->grass2, r, .1f);
    s->grass3 = colour_jitter(s->grass3, r, .1f);
    static const unsigned F1[] = {0x7a4fb0, 0xc8281e, 0xe8c52a, 0xe58ab0, 0xd8d8e8, 0x5060c0},
                          F2[] = {0xa988d8, 0xe8503a, 0xf2dc60, 0xf5bcd0, 0xf4f2ea, 0x8a90e0};
    int q = rng_below(r, 6);
    s->flower1 = hex(F1[q]);
    s->flower2 = hex(F2[q]);
    s->flower_kind = q;
    s->redrock1 = colour_jitter(hex(0x8e3f22), r, .14f);
    s->redrock2 = colour_jitter(hex(0xd58a55), r, .12f);
    s->water_deep = hex(0x12384a);
    s->water_shallow = hex(0x3f7a70);
}
