// Things that stand in scenes, as impostors: flat pictures of normals and materials that any light can shade.
#pragma once
#include "noise.h"

enum Kind {
    P_PINE,
    P_BROADLEAF,
    P_BIRCH,
    P_POPLAR,
    P_BUSH,
    P_DEAD,
    P_PALM,
    P_GRASS,
    P_FLOWER, // plants: before P_HOUSE
    P_HOUSE,
    P_CHURCH,
    P_CASTLE,
    P_LIGHTHOUSE,
    P_BOAT,
    P_WINDMILL,
    P_ROCK,
    P_TALL,
    P_STACK,
    P_BRIDGE,
    P_NEARTREE,
    P_NEARPINE, // P_NEAR...: twice the resolution
    KINDS
};

enum Material { M_LEAF, M_TRUNK, M_WALL, M_ROOF, M_WINDOW, M_STONE, M_SAIL, M_ROCK, M_FLOWER };

enum Channel { C_ALPHA, C_NX, C_NY, C_NZ, C_OPEN, C_TINT, C_MATERIAL, CHANNELS };

enum { MAX_VARIANTS = 8, MAX_LEVELS = 8 };

typedef struct {
    int w, h;
    float *p; // CHANNELS a pixel; C_OPEN: share of the sky that is seen; C_TINT: -1..1 between two colours
} Level;

typedef struct {
    Level level[MAX_LEVELS]; // each half as large as the one before
    int levels;
    float aspect; // width / height
} Impostor;

extern Impostor things[KINDS][MAX_VARIANTS];
extern int thing_count[KINDS];

void build_things(void);

// impostor.c
void impostor_new(Impostor *m, int w, int h);
void impostor_finish(Impostor *m); // the smaller levels
// A small disc at x, y (units of height; x from the middle, y up), in front of what has a smaller z.
void splat(Impostor *m, float x, float y, float z, float radius, float nx, float ny, float nz, float open, float tint,
           int material);

// plants.c: detail 2 gives twice the resolution
void make_pine(Impostor *m, Rng *r, int detail);
void make_broadleaf(Impostor *m, Rng *r, int kind, int detail);
void make_palm(Impostor *m, Rng *r);
void make_grass(Impostor *m, Rng *r, int flowers);

// models.c
enum Model {
    MODEL_LONG_HOUSE,
    MODEL_HOUSE,
    MODEL_CHURCH,
    MODEL_CASTLE,
    MODEL_LIGHTHOUSE,
    MODEL_BOAT,
    MODEL_WINDMILL,
    MODEL_ROCK,
    MODEL_STACK,
    MODEL_STONE_BRIDGE,
    MODEL_WOODEN_BRIDGE
};

void make_model(Impostor *m, int model, float yaw, int w, int h, unsigned seed);
