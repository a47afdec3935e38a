/* Exits with 7 while a thread of its own lists the devices. Argument: a file that is waited for. */
#include "host.h"

#include <pthread.h>

static void *look(void *nothing) {
    ScumbleList *list = NULL;
    const int32_t status = scumble_list_create(SCUMBLE_LIST_DEVICES, &list);
    /* It may have been too late for that. */
    if (status != SCUMBLE_OK && status != SCUMBLE_ERROR_RUNTIME) _exit(1);
    for (;;) pause();
    return nothing;
}

int main(int argc, char **argv) {
    pthread_t thread;
    MUST(argc == 2);
    MUST(pthread_create(&thread, NULL, look, NULL) == 0);
    while (access(argv[1], F_OK) != 0) nap();
    /* Not flushed yet: that belongs to the exit. */
    fputs("leaves", stdout);
    exit(7);
}
