/* keeper.h - the process of authd that stays root: it reads files and starts the others */
#ifndef LINNET_KEEPER_H
#define LINNET_KEEPER_H

/* Runs until SIGTERM or SIGINT; returns the exit status. */
int keeper_run(const char *conf_path);

#endif
