// Names of things and surroundings, of light and time of day.
#include "words.h"
#include <stdarg.h>

static void say(Words *w, const char *options, ...) {
    if (w->extras == MAX_EXTRAS) {
        return;
    }
    va_list args;
    va_start(args, options);
    char format[PHRASE];
    snprintf(format, sizeof format, "%s", one_of(w->r, options));
    vsnprintf(w->extra[w->extras++], PHRASE, format, args);
    va_end(args);
}

// Objects: castle, boat, moon ...: what somebody would name first.
static void name_things(Words *w) {
    const Scene *s = w->s;
    const float *F = w->share;
    float b = F[K_BUILDING];
    if (s->castle && b > .0012f) {
        if (s->on_hill) {
            say(w, "a castle on a hill|an old castle on a hill|a castle on a hill|a stone castle on a "
                   "hilltop|a castle on top of a hill|a fortress on a hill");
        } else {
            say(w, b > .05f    ? "a large castle|a big stone castle|a castle|an old castle|a huge castle|a "
                                 "medieval castle"
                   : b > .015f ? "a castle|an old castle|a stone castle|a medieval castle|a castle with towers"
                               : "a castle|a small castle|a stone castle|a distant castle");
        }
    } else if (s->village && b > .0012f) {
        say(w, "a village|a small village|houses|a little village|a group of houses|a village with a "
               "church|a hamlet");
    } else if (s->house && b > .0006f) {
        say(w, b > .03f ? "a house|a big house|a country house|a cottage|a farmhouse"
                        : "a house|a small house|a cottage|a little house|a lonely house|a cabin");
    } else if (s->windmill && b > .0006f) {
        say(w, b > .03f ? "a windmill|a big windmill|an old windmill" : "a windmill|a small windmill|an old windmill");
    } else if (s->church && b > .0006f) {
        say(w, "a church|a white church|a village church|a chapel|a small church");
    } else if (s->lighthouse && b > .0008f) {
        say(w, "a lighthouse|a lighthouse on the shore|a lighthouse|a tall lighthouse");
    }
    if (s->bridge && F[K_BRIDGE] > .0015f) {
        say(w, s->bridge == 1 ? "a stone bridge|a bridge|an old stone bridge|an arched bridge|a bridge over the river"
                              : "a wooden bridge|a bridge|a small wooden bridge|a footbridge over the river");
    }
    if (s->boat && F[K_BOAT] > .0005f) {
        say(w, "a sailboat|a sailing boat|a boat|a small boat|a white sailboat|a boat with sails");
    }
    if (w->moon && F[K_SUN] > .0006f) {
        say(w, "the moon|a full moon|a bright moon|the moon in the sky|a white moon");
    } else if (w->sun && F[K_SUN] > .0006f) {
        say(w, s->light == DAY || s->light == GOLDEN ? "the sun|a bright sun|the sun in the sky|a shining sun"
                                                     : "the sun|the low sun|the sun near the horizon|a bright sun");
    }
    if (s->rainbow) {
        say(w, "a rainbow|a rainbow in the sky");
    }
    if (s->aurora) {
        say(w, "northern lights|green northern lights|an aurora|aurora borealis");
    }
    if (s->lightning) {
        say(w, "lightning|a bolt of lightning|a lightning strike");
    }
    if (s->falling == 1) {
        say(w, "falling snow|snowfall|snowflakes");
    } else if (s->falling == 2) {
        say(w, "rain|falling rain|heavy rain");
    }
    w->things = w->extras;
}

// Everything else that is seen around the subject.
static void name_surroundings(Words *w) {
    const Scene *s = w->s;
    const float *F = w->share;
    float water = F[K_WATER] + F[K_FOAM], tree = F[K_TREE];
    int ty = s->place, snowy = F[K_SNOW] > .02f && !s->winter;
    if (s->path && F[K_PATH] > .006f) {
        say(w, "a path|a winding path|a dirt path|a trail|a footpath|a country road");
    }
    if (ty != PLAIN && s->river && water > .012f) {
        say(w, ty == VOLCANO ? "a lake|water in front" : "a river|a winding river|a small river|a stream");
    } else if (ty == PLAIN && s->river && water > .015f && (tree > .33f || F[K_FLOWER] > .08f)) {
        say(w, "a river|a stream|a small river");
    }
    if ((ty == MOUNTAINS || ty == HILLS || ty == WATERFALL || ty == VOLCANO || ty == PLAIN) && tree > .04f &&
        !(ty == PLAIN && tree > .33f)) {
        say(w, tree > .22f ? "%s forest|%s woods|a %s forest" : "%s trees|%s trees|some %s trees", tree_kind(w));
    }
    if (ty == MOUNTAINS && s->has_water && water > .12f && s->ripple < .02f) {
        say(w, "reflections in the water|mirrored mountains|reflections");
    }
    if ((ty == HILLS || ty == PLAIN) && F[K_FAR] + (snowy ? F[K_SNOW] : 0) > .04f) {
        say(w, snowy ? "snowy mountains in the distance|distant snow-capped mountains|snow-capped mountains "
                       "behind|snowy peaks on the horizon"
                     : "mountains in the distance|distant mountains|mountains behind|mountains on the horizon");
    }
    if ((ty == DUNES || ty == SEA) && F[K_FAR] > .03f && !s->ice) {
        say(w, "distant mountains|mountains on the horizon");
    }
    if (ty == BEACH && F[K_WATER] > .1f) {
        say(w, s->light == DAY ? "turquoise sea|turquoise water|clear blue sea|blue water"
                               : "the sea|the ocean|sea water");
    }
    if (ty == BEACH && F[K_FOAM] > .01f) {
        say(w, "white surf|waves|surf on the shore");
    }
    if (ty == WATERFALL && F[K_ROCK] > .15f) {
        say(w, "rocky cliffs|rocks|steep rock walls");
    }
    if (ty == VOLCANO && F[K_FLOWER] > .05f) {
        say(w, "%s flowers", "meadow");
    }
    if (s->framed && tree > .1f) {
        say(w, "trees in the foreground|a tree in front");
    }
    if (F[K_CLOUD] > .15f && (s->light == GOLDEN || s->light == SUNSET || s->light == SUNRISE)) {
        say(w, "clouds|glowing clouds|clouds in the sky");
    }
}

void name_extras(Words *w) {
    w->extras = 0;
    name_things(w);
    name_surroundings(w);
    for (int group = 0; group < 2; group++) {
        int from = group ? w->things : 0, to = group ? w->extras : w->things;
        for (int i = to - 1; i > from; i--) {
            int j = from + rng_below(w->r, i - from + 1);
            char t[PHRASE];
            memcpy(t, w->extra[i], PHRASE);
            memcpy(w->extra[i], w->extra[j], PHRASE);
            memcpy(w->extra[j], t, PHRASE);
        }
    }
}

const char *name_time(const Words *w) {
    const Scene *s = w->s;
    Rng *r = w->r;
    switch (s->light) {
    case DAY:
        return w->share[K_CLOUD] > .06f
                   ? one_of(r, "under a blue sky with white clouds|on a sunny day|under white clouds|on a bright "
                               "day|on a fine day|by day|in daylight")
                   : one_of(r, "under a blue sky|under a clear blue sky|on a sunny day|in bright daylight|in "
                               "sunshine|on a clear day|at noon");
    case GOLDEN:
        return one_of(r, "in warm evening light|in golden light|in the late afternoon|in the golden hour|in warm "
                         "light|in late sunlight|in soft golden light");
    case SUNSET:
        return one_of(r, "at sunset|at sunset|under a sunset sky|in the light of the setting sun|in the evening "
                         "glow|under a glowing evening sky|at sundown");
    case SUNRISE:
        return one_of(r, "at sunrise|in the early morning|at dawn|in morning light|at daybreak|as the sun rises");
    case DUSK:
        return one_of(r, "at dusk|at twilight|after sunset|in the evening|in the blue hour|at nightfall");
    case NIGHT:
        return one_of(r, "at night|under a starry night sky|at night with stars|under the stars|under a night "
                         "sky|by night|in the night");
    case STORM:
        return one_of(r, "under a stormy sky|under dark storm clouds|in stormy weather|in a storm|under black "
                         "clouds|before a thunderstorm|under dark clouds");
    case MIST:
        return one_of(r, "in the mist|in thick fog|on a misty morning|in fog|in haze|in dense mist|on a foggy day");
    default:
        return one_of(r, "under a grey cloudy sky|on a cloudy day|under an overcast sky|on a grey day|in dull "
                         "light|under grey clouds");
    }
}

const char *light_word(const Words *w) {
    static const char *words[LIGHTS] = {"sunny|day|daylight|blue sky",
                                        "golden hour|warm light|evening sun",
                                        "sunset|evening",
                                        "sunrise|dawn|morning",
                                        "dusk|twilight",
                                        "night|starry night",
                                        "storm|stormy|dark clouds",
                                        "fog|mist|misty",
                                        "cloudy|overcast|grey sky"};
    return one_of(w->r, words[w->s->light]);
}
