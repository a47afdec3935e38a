// Colours: a beginner's own, or the means of the picture.
#include "paint.h"
#include "things.h"

// A beginner's colours by class for four kinds of light: day, warm (low sun), dark (dusk, night), grey
// (storm, mist).
static const unsigned beginner[CLASSES][4][3] = {
    [K_SKY] = {{0x9fd0f5, 0x7dbcf0, 0xbfe2f7},
               {0xf7a45c, 0xf58f7a, 0xf9c27a},
               {0x1b2a5c, 0x141a40, 0x2f3f7a},
               {0xa9b3bc, 0x8f99a3, 0xc5ccd0}},
    [K_CLOUD] = {{0xffffff, 0xf2f6fa, 0xe6edf2},
                 {0xffd9b0, 0xf2a08c, 0xd98fa0},
                 {0x47558a, 0x39456b, 0x5a6690},
                 {0x7d868f, 0x666e76, 0xd8dcdf}},
    [K_SUN] = {{0xffe14a, 0xfff08a, 0xffd21f},
               {0xffe45c, 0xffb52e, 0xfff2a8},
               {0xf5f2d8, 0xfffbe0, 0xe3e6f0},
               {0xf2efdf, 0xf0f0f0, 0xffe9a0}},
    [K_ROCK] = {{0x8a8a8a, 0x7d746a, 0x96867a},
                {0x9a7562, 0x86706e, 0xa08070},
                {0x3c4258, 0x33384a, 0x4a4a5a},
                {0x6f757a, 0x7e8388, 0x5f646a}},
    [K_SNOW] = {{0xffffff, 0xf4f8fc, 0xe8f0f8},
                {0xffe6d8, 0xf6d8d8, 0xfff0e0},
                {0x9fb2d8, 0x8a9cc4, 0xb8c6e2},
                {0xe6eaee, 0xd8dee4, 0xf4f6f8}},
    [K_GRASS] = {{0x5cb043, 0x7cc04f, 0x4a9a3c},
                 {0x8f9a3c, 0x7a8a3a, 0xa8a048},
                 {0x1f4a32, 0x24503a, 0x183c2c},
                 {0x6a8a5c, 0x5c7a50, 0x7f9a70}},
    [K_TREE] = {{0x2e7d32, 0x256a2c, 0x3f8f3a},
                {0x4a5a28, 0x5a6a2a, 0x3c4a24},
                {0x12301f, 0x0f2818, 0x1c3c2a},
                {0x4a6450, 0x3c5644, 0x5c7862}},
    [K_SAND] = {{0xf2d982, 0xeac86a, 0xf6e3a0},
                {0xe8a860, 0xf0b070, 0xd89858},
                {0x6a6478, 0x5a566c, 0x7a7080},
                {0xc8bc98, 0xb8b090, 0xd6ccaa}},
    [K_WATER] = {{0x3f86d8, 0x2f74c8, 0x5ca4e2},
                 {0xd08a62, 0x6a7ab0, 0xe09a70},
                 {0x16285a, 0x101e48, 0x203a70},
                 {0x6a8090, 0x586c7c, 0x869aa6}},
    [K_FOAM] = {{0xffffff, 0xf0f8fc, 0xe4f2fa},
                {0xffead8, 0xf8e0d0, 0xffffff},
                {0xa8b8d8, 0xc0cce6, 0x94a4c8},
                {0xf0f2f4, 0xe2e6e8, 0xffffff}},
    [K_PATH] = {{0xc49a62, 0xb08850, 0xd8b47c},
                {0xb88450, 0xa87848, 0xc89460},
                {0x5a5060, 0x4c4454, 0x6a6070},
                {0xa08e70, 0x907e62, 0xb4a284}},
    [K_BUILDING] = {{0x9a9a9a, 0xb0463c, 0xd8c8a8},
                    {0xa08478, 0xb4503c, 0xd0a888},
                    {0x4a4a5c, 0x5a3a40, 0x6a6070},
                    {0x80848a, 0x8c5a54, 0xa8a090}},
    [K_REDROCK] = {{0xc8582c, 0xd86c3a, 0xb84a24},
                   {0xd05a30, 0xe07038, 0xb84838},
                   {0x5a3040, 0x4c2a3c, 0x6a3a48},
                   {0xa06048, 0x905440, 0xb07058}},
    [K_FLOWER] = {{0xe0507a, 0xf0d040, 0x9a60d0},
                  {0xd06a6a, 0xe0a040, 0xa05a9a},
                  {0x5a3a70, 0x6a4a80, 0x4a3a6a},
                  {0xb080a0, 0xc0a870, 0x9080b0}},
    [K_FAR] = {{0x8fb0d0, 0x7c9cc0, 0xa8c4dc},
               {0xb08aa0, 0xc09a98, 0x9a80a0},
               {0x2c3a6a, 0x38467a, 0x24305a},
               {0x9aa6b0, 0x8a96a0, 0xaeb8c0}},
    [K_DARK] = {{0x4a4644, 0x5a5450, 0x3c3a3a},
                {0x5a4440, 0x4c3c3c, 0x6a504a},
                {0x1c1c2c, 0x24222f, 0x181826},
                {0x50545a, 0x44484e, 0x5c6066}},
    [K_BOAT] = {{0xffffff, 0xf4efe0, 0x8a5a34},
                {0xffe6c8, 0xf4d8b8, 0x7a4a30},
                {0x9aa6c4, 0x7a86a8, 0x5a4a50},
                {0xe8e8e8, 0xd8d8d8, 0x7a6a5a}},
    [K_BRIDGE] = {{0xa09488, 0x8c6a48, 0xb4b0a8},
                  {0xa8806a, 0x8a6048, 0xb89880},
                  {0x44465a, 0x3c3c50, 0x54566a},
                  {0x84868a, 0x74706c, 0x989a9c}},
    [K_ICE] = {{0xcfeaf8, 0xe6f6fc, 0xa8d8f0},
               {0xf0d8e0, 0xd8c8e0, 0xf8e6e0},
               {0x7a98c8, 0x6a86b8, 0x90aad4},
               {0xc8d8e0, 0xb8cad4, 0xdce6ea}},
};

static int light_kind(int tod) {
    switch (tod) {
    case DAY:
        return 0;
    case GOLDEN:
    case SUNSET:
    case SUNRISE:
        return 1;
    case DUSK:
    case NIGHT:
        return 2;
    default:
        return 3;
    }
}

void beginner_colours(Painter *P, const Scene *s) {
    Rng *r = P->rng;
    // A late afternoon is often painted like any day, and mist too.
    int kind = light_kind(s->light);
    if (s->light == GOLDEN && rng_unit(r) < .6f) {
        kind = 0;
    }
    if (s->light == DUSK && rng_unit(r) < .3f) {
        kind = 1;
    }
    for (int k = 0; k < CLASSES; k++) {
        float c[3];
        set_rgb(c, beginner[k][kind][rng_below(r, 3)]);
        if (k == K_TREE && s->season == AUTUMN && s->tree_kind != P_PINE) {
            static const unsigned leaves[3] = {0xd9822b, 0xc85a28, 0xe0a838};
            set_rgb(c, leaves[rng_below(r, 3)]);
            for (int i = 0; i < 3; i++) {
                c[i] *= kind == 2 ? .4f : kind == 3 ? .8f : 1;
            }
        }
        if (k == K_FLOWER) {
            Colour f = s->flower2;
            float l = kind == 2 ? .45f : kind == 3 ? .85f : 1;
            c[0] = 255 * l * powf(saturate(f.r), .45f);
            c[1] = 255 * l * powf(saturate(f.g), .45f);
            c[2] = 255 * l * powf(saturate(f.b), .45f);
        }
        float darker = rng_unit(r) < .75f ? rng_range(r, .72f, .92f) : rng_range(r, 1.05f, 1.2f),
              all = rng_normal(r) * 7;
        for (int i = 0; i < 3; i++) {
            float v = c[i] + all + rng_normal(r) * 5;
            P->colour[k * 2][i] = clampf(v, 4, 255);
            P->colour[k * 2 + 1][i] = clampf(v * darker, 4, 255);
        }
    }
    P->flags |= F_PALETTE;
}

void picture_colours(Painter *P) {
    static double sum[LABELS][3];
    int n = P->size, count[LABELS] = {0};
    Rng *r = P->rng;
    memset(sum, 0, sizeof sum);
    for (int i = 0; i < n * n; i++) {
        int k = P->label[i];
        count[k]++;
        for (int c = 0; c < 3; c++) {
            sum[k][c] += P->picture[i * 3 + c];
        }
    }
    P->flags &= ~F_PALETTE;
    float saturation = rng_range(r, .95f, 1.5f);
    for (int k = 0; k < LABELS; k++) {
        float c[3], all = rng_normal(r) * 8;
        for (int i = 0; i < 3; i++) {
            c[i] = count[k] ? sum[k][i] / count[k] : P->colour[k][i];
        }
        float grey = .3f * c[0] + .6f * c[1] + .1f * c[2];
        for (int i = 0; i < 3; i++) {
            P->colour[k][i] = clampf(grey + (c[i] - grey) * saturation + all + rng_normal(r) * 5, 4, 255);
        }
    }
}
