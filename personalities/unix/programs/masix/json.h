/* JSON on standard output: one array of flat objects. */
#ifndef MASIX_JSON_H
#define MASIX_JSON_H

/* "[" ... "]\n"; between them objects, each begun by json_object and filled by the others. */
void json_open(void);
void json_object(void);
void json_string(const char *key, const char *value);
void json_number(const char *key, unsigned long long value);
void json_close(void);

#endif
