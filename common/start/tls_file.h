/* tls_file.h - the file that ssl_cert or ssl_key names */
#ifndef LINNET_TLS_FILE_H
#define LINNET_TLS_FILE_H

/* The absolute path in "</path" (or "/path"); NULL when it names none.  Borrows value. */
const char *tls_file_path(const char *value);

#endif
