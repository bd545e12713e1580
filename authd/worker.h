/* worker.h - one process, one database connection, one password at a time */
#ifndef LINNET_WORKER_H
#define LINNET_WORKER_H

struct auth_config;

enum { WORKER_STALE = 3 }; /* exit status: start another, a file has changed */

/*
 * What a worker process does until the other end of the channel is closed:
 * opens what only root may open, gives root up, and answers struct check
 * messages one after another.
 */
void worker_run(const struct auth_config *config, int channel) __attribute__((noreturn));

#endif
