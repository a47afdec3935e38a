/* The last error of a session, for hosts whose threads change between two calls; texts for statuses.
 * Argument: a model folder. */
#include "host.h"

#include <pthread.h>

/* A thread of a pool: it makes a call that fails, and is gone. */
static void *fail(void *layer) {
    ScumbleParams params = fresh_params();
    params.strength = 7;
    MUST(scumble_session_set_params(layer, &params, NULL) == SCUMBLE_ERROR_SETTING);
    return strdup(scumble_last_error());
}

int main(int argc, char **argv) {
    char told[200], cut[9];
    MUST(argc == 2);
    ScumbleEngine *engine = start_engine(argv[1]);
    ScumbleSession *layer = start_layer(engine), *other = start_layer(engine);
    MUST(scumble_session_last_error(layer, told, sizeof told) == SCUMBLE_OK && *told == 0);

    pthread_t thread;
    void *sentence = NULL;
    MUST(pthread_create(&thread, NULL, fail, layer) == 0 && pthread_join(thread, &sentence) == 0);
    MUST(*scumble_last_error() == 0);
    MUST(scumble_session_last_error(layer, told, sizeof told) == SCUMBLE_OK);
    MUST(strstr(told, "Strength is 7") && strcmp(told, sentence) == 0);
    /* Calls that succeed leave it; another session has its own. */
    must_still_render(layer);
    MUST(scumble_session_last_error(layer, told, sizeof told) == SCUMBLE_OK && strcmp(told, sentence) == 0);
    MUST(scumble_session_last_error(other, told, sizeof told) == SCUMBLE_OK && *told == 0);

    memset(cut, 'x', sizeof cut);
    MUST(scumble_session_last_error(layer, cut, 8) == SCUMBLE_OK && memcmp(cut, "Strengt\0x", 9) == 0);
    MUST(scumble_session_last_error(layer, cut, 0) == SCUMBLE_ERROR_BUFFER);
    MUST(scumble_session_last_error(layer, NULL, 8) == SCUMBLE_ERROR_NULL);
    MUST(scumble_session_last_error(NULL, cut, 8) == SCUMBLE_ERROR_NULL && cut[7] == 0);
    MUST(scumble_session_last_error(layer, told, sizeof told) == SCUMBLE_OK && strcmp(told, sentence) == 0);
    free(sentence);

    for (int32_t status = SCUMBLE_ERROR_MEMORY; status <= SCUMBLE_END; status++)
        printf("%d: %s\n", (int)status, scumble_status_text(status));
    MUST(strcmp(scumble_status_text(-1000), "unknown error") == 0 && *scumble_status_text(1000));

    MUST(scumble_abi_fits(scumble_abi_version()));
    MUST(!scumble_abi_fits((SCUMBLE_ABI_MAJOR + 1) << 16 | SCUMBLE_ABI_MINOR));
    MUST(!scumble_abi_fits(SCUMBLE_ABI_MAJOR) && !scumble_abi_fits(0));
    MUST(scumble_abi_fits(SCUMBLE_ABI_MAJOR << 16 | (SCUMBLE_ABI_MINOR + 1)));
    MUST(SCUMBLE_ABI_MINOR == 0 || !scumble_abi_fits(SCUMBLE_ABI_MAJOR << 16 | (SCUMBLE_ABI_MINOR - 1)));
    scumble_session_release(layer);
    scumble_session_release(other);
    scumble_engine_release(engine);
    return 0;
}
