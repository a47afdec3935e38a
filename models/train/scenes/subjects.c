// Names of the main subject.
#include "words.h"
#include "things.h"
#include <stdarg.h>

const char *one_of(Rng *r, const char *options) {
    static char buffer[8][PHRASE];
    static int turn;
    int n = 1;
    for (const char *p = options; *p; p++) {
        n += *p == '|';
    }
    const char *p = options;
    for (int k = rng_below(r, n); k; k -= *p++ == '|') {
    }
    turn = (turn + 1) & 7;
    int i = 0;
    while (*p && *p != '|' && i < PHRASE - 1) {
        buffer[turn][i++] = *p++;
    }
    buffer[turn][i] = 0;
    return buffer[turn];
}

static int is_dark(const Scene *s) {
    return s->light == NIGHT || s->light == DUSK;
}

int is_wintry(const Words *w) {
    return w->s->winter && w->share[K_SNOW] > .04f;
}

const char *flower_name(const Words *w) {
    Colour f = w->s->flower1;
    if (w->s->tulips) {
        return one_of(w->r, "tulip|colourful tulip|colourful flower|bright flower");
    }
    if (f.r > .4f && f.g < .1f) {
        return one_of(w->r, "red poppy|poppy|red flower");
    }
    if (f.r > .6f && f.g > .4f && f.b < .2f) {
        return one_of(w->r, "yellow flower|rapeseed|yellow");
    }
    if (f.r > .6f && f.b > .6f) {
        return one_of(w->r, "white flower|daisy");
    }
    if (f.r > .6f) {
        return one_of(w->r, "pink flower|pink");
    }
    return f.r > .14f ? one_of(w->r, "lavender|purple flower|lavender") : one_of(w->r, "blue flower|bluebell");
}

const char *tree_kind(const Words *w) {
    const Scene *s = w->s;
    if (s->tree_kind == P_PINE && s->tree_kind2 == P_PINE) {
        return one_of(w->r, is_wintry(w) ? "snowy pine|snow-covered fir|winter pine|snowy fir"
                                         : "pine|fir|dark pine|spruce|conifer|evergreen");
    }
    if (s->tree_kind == P_PINE) {
        return is_wintry(w) ? one_of(w->r, "snowy pine|winter") : one_of(w->r, "pine|fir|mixed");
    }
    if (s->season == AUTUMN) {
        return one_of(w->r, "autumn|golden autumn|orange autumn|red and gold|colourful autumn|fall-coloured");
    }
    return s->season == SPRING ? one_of(w->r, "spring|fresh green|leafy")
           : is_dark(s)        ? one_of(w->r, "leafy|dark")
                               : one_of(w->r, "green|leafy|summer|lush");
}

static const char *mountains(const Words *w) {
    const float *F = w->share;
    if (F[K_SNOW] > .03f) {
        return one_of(w->r, is_wintry(w) ? "snowy mountains|snow-covered mountains|white mountains|snow-covered "
                                           "peaks|snowy peaks|winter mountains"
                                         : "snow-capped mountains|snow-capped peaks|snowy mountains|mountains with "
                                           "snow on top|snow-topped mountains|"
                                           "white-capped mountains|mountains with snowy peaks|snowy peaks");
    }
    if (F[K_GRASS] > .3f && rng_unit(w->r) < .4f) {
        return one_of(w->r, is_dark(w->s) ? "mountain slopes" : "grassy mountains|green mountains|mountain slopes");
    }
    return one_of(w->r, "rocky mountains|rugged mountains|bare rocky peaks|tall mountains|mountains|steep "
                        "mountains|jagged peaks|high mountains|craggy peaks|mountain peaks");
}

static const char *lake(const Words *w) {
    if (w->s->ripple < .022f) {
        return one_of(w->r, "a calm lake|a still lake|a mirror-like lake|a quiet lake|a smooth lake");
    }
    return one_of(w->r, w->s->light == DAY ? "a lake|a mountain lake|a blue lake|an alpine lake"
                                           : "a lake|a mountain lake|an alpine lake|a wide lake");
}

static void phrase(char *out, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(out, PHRASE, format, args);
    va_end(args);
}

// One of the brief or of the full options; %s in them stands for the words a and b.
static void either(const Words *w, char *out, int brief, const char *shorts, const char *longs, const char *a,
                   const char *b) {
    phrase(out, one_of(w->r, brief ? shorts : longs), a, b);
}

static void name_mountains(const Words *w, char *out, int brief) {
    const float *F = w->share;
    const char *m = mountains(w);
    if (w->s->has_water && F[K_WATER] + F[K_FOAM] > .04f) {
        if (brief) {
            phrase(out, one_of(w->r, "a mountain lake|%s and a lake|%s by a lake|%s around a lake"), m);
        } else {
            phrase(
                out,
                one_of(w->r, "%s above %s|%s behind %s|%s and %s|%s around %s|%s by %s|%s beyond %s|%s overlooking %s"),
                m, lake(w));
        }
        return;
    }
    const char *longs = F[K_GRASS] > .3f ? "%s above a grassy valley|%s and grassy slopes|%s and alpine meadows|"
                                           "%s behind a meadow|%s over a wide valley"
                        : F[K_TREE] > .25f
                            ? "%s above a forest|%s and a wooded valley|%s behind a forest|%s rising over woods"
                            : "%s|a range of %s|a landscape of %s|a view of %s|a chain of %s";
    either(w, out, brief, "%s", longs, m, "");
}

static void name_hills(const Words *w, char *out, int brief) {
    const Scene *s = w->s;
    const char *kind = is_wintry(w)          ? "snowy|white|snow-covered"
                       : s->season == AUTUMN ? "autumn|brown|grassy"
                       : is_dark(s)          ? "grassy|dark"
                                             : "green|grassy";
    if (w->share[K_FLOWER] > .08f) {
        either(w, out, brief, "%s fields|%s hills",
               "%s fields on rolling hills|hills covered with %s fields|%s meadows|hillsides of %s fields|rolling %s "
               "fields",
               flower_name(w), "");
    } else if (s->fields && !s->winter) {
        either(w, out, brief, "farmland|fields|farm fields|countryside",
               "rolling farmland with fields|patchwork fields on rolling hills|farm fields and hills|"
               "countryside with fields|a patchwork of fields|cultivated fields on gentle hills",
               "", "");
    } else {
        either(w, out, brief, "%s hills",
               "%s hills|rolling %s hills|gentle %s hills|a landscape of %s hills|soft %s hills|a hilly landscape with "
               "%s slopes",
               one_of(w->r, kind), "");
    }
}

static void name_plain(const Words *w, char *out, int brief) {
    const float *F = w->share;
    if (F[K_TREE] > .33f) {
        either(w, out, brief, "a %s forest|%s woods|%s trees",
               "%s forest|a dense %s forest|%s woodland|a wide %s forest|deep %s woods|a large %s forest", tree_kind(w),
               "");
    } else if (F[K_FLOWER] > .08f) {
        either(w, out, brief, "a %s field|%s fields",
               "a %s field|a %s meadow|a wide %s field|a large field of %s blossoms|a meadow full of %s blossoms|"
               "a blooming %s field",
               flower_name(w), "");
    } else if (w->s->river && F[K_WATER] + F[K_FOAM] > .02f) {
        const char *where = is_wintry(w) ? "a snowy plain|snowy fields|a white plain"
                                         : "a grassy meadow|a meadow|grassland|a flat valley";
        either(w, out, brief, "a river|a winding river|a river in %s",
               "a river through %s|a winding river in %s|a quiet river in %s|a river flowing through %s|a stream in %s",
               one_of(w->r, where), "");
    } else if (is_wintry(w)) {
        either(w, out, brief, "a snowy field|a snowy plain|a snowfield",
               "a snowy field|a white winter plain|a snowy plain|a snow-covered plain|a wide snowfield|snow-covered "
               "fields|"
               "a field of snow",
               "", "");
    } else {
        either(w, out, brief, "a meadow|grassland|a grassy field",
               "a grassy plain|a wide meadow|open grassland|a meadow|a grassy field|a wide prairie|flat grassland", "",
               "");
    }
}

static void name_sea(const Words *w, char *out, int brief) {
    const Scene *s = w->s;
    const float *F = w->share;
    float land = F[K_ROCK] + F[K_GRASS] + F[K_TREE];
    const char *sea = s->light == STORM    ? "a stormy sea|a rough stormy sea|big waves on a stormy sea|a raging sea|"
                                             "high waves on a dark sea|a wild ocean"
                      : s->wave_height > 0 ? "a rough sea|waves on the sea|a choppy sea|a sea with waves|a wavy ocean"
                      : s->ripple < .03f   ? "a calm sea|a quiet sea|a calm ocean|a still sea|a smooth sea"
                                           : "the open sea|the sea|the ocean|a wide sea|open water";
    if (s->ice && F[K_ICE] > .012f) {
        either(
            w, out, brief, "icebergs|an iceberg|icebergs in the sea|ice in the sea",
            "icebergs in the sea|icebergs floating in the ocean|a polar sea with icebergs|white icebergs in cold water|"
            "arctic icebergs|a frozen sea with icebergs|blue icebergs",
            "", "");
    } else if (!brief && !s->ice && land > .015f && rng_unit(w->r) < .8f) {
        const char *coast =
            F[K_GRASS] + F[K_TREE] > .02f && s->grassy > 0 ? "green islands|grassy islands|a green coast|grassy cliffs"
            : F[K_ROCK] > .08f ? "rocky cliffs|rocky islands|a rocky coast|cliffs|steep cliffs|a cliff coast"
                               : "rocks|rocks in the water|small rocks";
        phrase(out, "%s with %s", one_of(w->r, sea), one_of(w->r, coast));
    } else {
        either(w, out, brief,
               s->light == STORM ? "a stormy sea|a storm at sea|big waves" : "the sea|the ocean|a sea view", sea, "",
               "");
    }
}

static void name_desert(const Words *w, char *out, int brief) {
    if (w->s->place == DUNES) {
        either(w, out, brief, "dunes|sand dunes|a desert|the desert",
               "desert dunes|sand dunes|a sandy desert|rolling sand dunes|rolling desert dunes|high sand dunes|"
               "ridges of sand dunes|endless sand dunes|a desert of sand",
               "", "");
    } else if (w->share[K_REDROCK] > .1f) {
        either(w, out, brief, "red rocks|red cliffs|a red canyon|a canyon|mesas",
               "a red canyon|red rock cliffs|a desert canyon with red cliffs|red desert mesas|red sandstone cliffs|"
               "red rock formations in a desert|towering red cliffs|a red rock desert|a valley of red mesas",
               "", "");
    } else {
        either(w, out, brief, "a canyon|a dry canyon", "a canyon|desert cliffs|a rocky desert|a dry canyon", "", "");
    }
}

static void name_beach(const Words *w, char *out, int brief) {
    if (w->s->palms && w->share[K_TREE] > .012f) {
        either(w, out, brief, "a tropical beach|a palm beach|palm trees on a beach",
               "a tropical beach with palms|a sandy beach with palm trees|a palm beach|palm trees on a beach|"
               "a tropical coast with palm trees|palms along a sandy shore",
               "", "");
    } else {
        either(w, out, brief, "a beach|a sandy beach|the seaside",
               "a sandy beach|a beach by the sea|a quiet sandy beach|a wide beach|a sandy shore|a coast with a beach|"
               "an empty beach",
               "", "");
    }
}

static void name_waterfall(const Words *w, char *out, int brief) {
    if (w->share[K_FOAM] > .0025f) {
        either(w, out, brief, "a waterfall|a big waterfall",
               "a waterfall|a tall waterfall|a waterfall over a cliff|a waterfall falling into a pool|"
               "a high waterfall between cliffs|a waterfall in a gorge|water falling from a cliff",
               "", "");
    } else {
        either(w, out, brief, "cliffs", "a rocky cliff above a pool|cliffs above water", "", "");
    }
}

static void name_volcano(const Words *w, char *out, int brief) {
    if (w->share[K_SNOW] > .02f) {
        either(w, out, brief, "a snowy volcano|a volcano",
               "a snow-capped volcano|a volcano with a snowy top|a big snowy volcano|a volcano with snow on its summit",
               "", "");
    } else {
        either(w, out, brief, "a volcano",
               "a volcano|a dark volcano|a lone volcano|a tall volcano|a cone-shaped volcano", "", "");
    }
}

void name_subject(Words *w, char *out, int brief) {
    static void (*const names[PLACES])(const Words *, char *, int) = {
        [MOUNTAINS] = name_mountains, [HILLS] = name_hills, [PLAIN] = name_plain, [DUNES] = name_desert,
        [CANYON] = name_desert,       [BEACH] = name_beach, [SEA] = name_sea,     [WATERFALL] = name_waterfall,
        [VOLCANO] = name_volcano};
    names[w->s->place](w, out, brief);
}
