/* An ONNX Runtime that takes its time at one place, so that a host can exit just then: it opens the real one and hands out
 * that one's functions. Environment: SLOW_RUNTIME_REAL, the real one's file; SLOW_RUNTIME_PLACE, one of open, environment,
 * read, run, providers; SLOW_RUNTIME_MS, how long; SLOW_RUNTIME_MARK, a file that is made when it begins, with the process's number (where
 * it is there already nothing is slow). For run also SLOW_RUNTIME_NETWORK, a part of its path, and SLOW_RUNTIME_AFTER, a file
 * that has to be there.
 * The process ends with 99 if this is taken apart while a thread is inside, with 98 if one comes in later. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* Functions of OrtApi; their places never change. */
enum {
    CREATE_ENV_WITH_LOGGER = 4, CREATE_SESSION = 7, CREATE_SESSION_FROM_ARRAY = 8, RUN = 9, GET_AVAILABLE_PROVIDERS = 125,
    FIRST = 126
};

typedef struct {
    void **(*api)(uint32_t version);
    const char *(*version)(void);
} Base;

static atomic_int inside, is_gone;
static void *real[FIRST];
static const Base *base;

static void end(const char *why, int status) {
    fprintf(stderr, "%s\n", why);
    _exit(status);
}

static void gone(void) {
    is_gone = 1;
    if (inside) end("taken apart while a thread is inside", 99);
}

static void come_in(const char *place) {
    const char *wanted = getenv("SLOW_RUNTIME_PLACE"), *ms = getenv("SLOW_RUNTIME_MS"), *mark = getenv("SLOW_RUNTIME_MARK");
    inside++;
    if (is_gone) end("come into after it was taken apart", 98);
    if (!wanted || !ms || !mark || strcmp(wanted, place) != 0) return;
    const int file = open(mark, O_CREAT | O_EXCL | O_WRONLY, 0600);
    if (file < 0) return;
    dprintf(file, "%ld", (long)getpid());
    close(file);
    const long time = atol(ms);
    const struct timespec rest = {time / 1000, time % 1000 * 1000000};
    nanosleep(&rest, NULL);
}

static void *go_out(void *result) {
    inside--;
    return result;
}

static void *create_env(void *log, void *with, int level, const char *name, void **out) {
    void *(*own)(void *, void *, int, const char *, void **);
    *(void **)&own = real[CREATE_ENV_WITH_LOGGER];
    come_in("environment");
    return go_out(own(log, with, level, name, out));
}

/* Sessions of the network that is to be slow. */
static void *meant[8];
static atomic_size_t count;

static void note(const char *path, void *session) {
    const char *network = getenv("SLOW_RUNTIME_NETWORK");
    if (network && strstr(path, network) && count < sizeof meant / sizeof *meant) meant[count++] = session;
}

static int is_meant(void *session) {
    const char *network = getenv("SLOW_RUNTIME_NETWORK"), *after = getenv("SLOW_RUNTIME_AFTER");
    int found = network == NULL;
    for (size_t i = 0; i < count; i++) found |= meant[i] == session;
    return found && (after == NULL || access(after, F_OK) == 0);
}

static void *create_session(void *env, const char *path, void *options, void **out) {
    void *(*own)(void *, const char *, void *, void **);
    *(void **)&own = real[CREATE_SESSION];
    come_in("read");
    void *error = own(env, path, options, out);
    if (!error) note(path, *out);
    return go_out(error);
}

static void *create_session_from_array(void *env, const void *data, size_t length, void *options, void **out) {
    void *(*own)(void *, const void *, size_t, void *, void **);
    *(void **)&own = real[CREATE_SESSION_FROM_ARRAY];
    come_in("read");
    return go_out(own(env, data, length, options, out));
}

static void *run(void *session, void *options, void *names, void *inputs, size_t n, void *outputs, size_t m, void *out) {
    void *(*own)(void *, void *, void *, void *, size_t, void *, size_t, void *);
    *(void **)&own = real[RUN];
    come_in(is_meant(session) ? "run" : "another run");
    return go_out(own(session, options, names, inputs, n, outputs, m, out));
}

static void *get_available_providers(char ***out, int *length) {
    void *(*own)(char ***, int *);
    *(void **)&own = real[GET_AVAILABLE_PROVIDERS];
    come_in("providers");
    return go_out(own(out, length));
}

/* As a library in C++ does it: what takes it apart is registered by its constructor. */
__attribute__((constructor)) static void opened(void) {
    const char *file = getenv("SLOW_RUNTIME_REAL");
    void *library = file ? dlopen(file, RTLD_NOW | RTLD_LOCAL) : NULL;
    const Base *(*get)(void) = NULL;
    if (library) *(void **)&get = dlsym(library, "OrtGetApiBase");
    if (!get) end("no ONNX Runtime", 97);
    atexit(gone);
    base = get();
    void **api = base->api(24);
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = (uintptr_t)api / page * page;
    if (mprotect((void *)from, (uintptr_t)(api + FIRST) - from, PROT_READ | PROT_WRITE) != 0) end("not to be changed", 97);
    memcpy(real, api, sizeof real);
    *(void *(**)(void *, void *, int, const char *, void **))&api[CREATE_ENV_WITH_LOGGER] = create_env;
    *(void *(**)(void *, const char *, void *, void **))&api[CREATE_SESSION] = create_session;
    *(void *(**)(void *, const void *, size_t, void *, void **))&api[CREATE_SESSION_FROM_ARRAY] = create_session_from_array;
    *(void *(**)(void *, void *, void *, void *, size_t, void *, size_t, void *))&api[RUN] = run;
    *(void *(**)(char ***, int *))&api[GET_AVAILABLE_PROVIDERS] = get_available_providers;
    come_in("open");
    go_out(NULL);
}

const Base *OrtGetApiBase(void);
const Base *OrtGetApiBase(void) {
    return base;
}
