/* pump.c - stub */
#include "common/start/pump.h"
bool pump_is_possible(const struct settings *s) { (void)s; return false; }
bool pump_start(const struct pump_maker *m, int client, bool e, int *plain_out, int *control_out)
{ (void)m;(void)client;(void)e;(void)plain_out;(void)control_out; return false; }
void pump_refuse(int client) { (void)client; }
