/* Signals: no thread of the library takes any of the host's. Argument: a model folder. */
#include "host.h"

#include <dirent.h>
#include <signal.h>

/* The signals that a thread has blocked, as the kernel tells them: bit n - 1 is signal n. */
static unsigned long long blocked(const char *thread) {
    char path[300], line[200];
    unsigned long long mask = 0;
    int found = 0;
    snprintf(path, sizeof path, "/proc/self/task/%s/status", thread);
    FILE *status = fopen(path, "r");
    MUST(status);
    while (fgets(line, sizeof line, status)) found += sscanf(line, "SigBlk: %llx", &mask) == 1;
    fclose(status);
    MUST(found == 1);
    return mask;
}

static bool blocks(unsigned long long mask, int signal) {
    return mask >> (signal - 1) & 1;
}

int main(int argc, char **argv) {
    static const int of_the_host[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGCHLD, SIGALRM, SIGUSR1, SIGUSR2, SIGWINCH, SIGPROF};
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT};
    ScumbleEngineOptions options;
    ScumbleEngineInfo info;
    ScumbleEngine *engine = NULL;
    char self[32];
    MUST(argc == 2);
    snprintf(self, sizeof self, "%ld", (long)getpid());
    const unsigned long long before = blocked(self);
    MUST(scumble_engine_options_init(&options, sizeof options) == SCUMBLE_OK);
    options.model_dir = argv[1];
    options.device = "cpu";
    options.intra_threads = 3;
    options.process = process_of_test();
    MUST(scumble_engine_create(&options, &engine) == SCUMBLE_OK);
    MUST(await_engine(engine, &info) == SCUMBLE_ENGINE_READY);
    ScumbleSession *layer = start_layer(engine);
    must_still_render(layer);
    int threads = 0;
    DIR *tasks = opendir("/proc/self/task");
    MUST(tasks);
    for (const struct dirent *task; (task = readdir(tasks));) {
        if (task->d_name[0] == '.' || strcmp(task->d_name, self) == 0) continue;
        const unsigned long long mask = blocked(task->d_name);
        for (size_t i = 0; i < sizeof of_the_host / sizeof *of_the_host; i++) MUST(blocks(mask, of_the_host[i]));
        for (size_t i = 0; i < sizeof own / sizeof *own; i++) MUST(!blocks(mask, own[i]));
        threads++;
    }
    closedir(tasks);
    /* The worker, and ONNX Runtime's. */
    MUST(threads >= 3);
    MUST(blocked(self) == before);
    printf("%d threads with the host's signals blocked\n", threads);
    scumble_session_release(layer);
    scumble_engine_release(engine);
    return 0;
}
