/* greeter_stranger.h - clients of other protocols: scanners come to every port */
#ifndef LINNET_GREETER_STRANGER_H
#define LINNET_GREETER_STRANGER_H

#include "common/start/greeter.h"

/* Where a first line is another protocol's: last_words, its name for the log, and the end (P17). */
void greeter_refuse_stranger(struct greeter *g, struct span line, const char *last_words);

/* The same where the first byte is a TLS record's: no line end will come.  Waits for that byte. */
void greeter_refuse_tls(struct greeter *g, const char *last_words);

#endif
