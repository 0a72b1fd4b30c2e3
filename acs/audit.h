/* The audit record: what ACS admitted, refused and ended.  Append-only, each record chained to the
 * one before by its hash, so that no record can be changed or left out unseen.  Pure; the
 * caller's lock guards it.  The last AUDIT_KEPT records stay readable; the chain goes on. */
#ifndef ACS_AUDIT_H
#define ACS_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <masix/audit.h>

#define AUDIT_KEPT 512
#define AUDIT_DETAIL_SIZE 128
#define AUDIT_LINE_MAX 320			  /* of the text of one record */
#define AUDIT_LINK_MAX (MASIX_AUDIT_LINK_HEX + 4) /* of the link behind it, with its newline */

#define AUDIT_EVENTS(X)                                                                            \
	X(START, "start")                                                                          \
	X(REGISTER, "register")                                                                    \
	X(INHERIT, "inherit")                                                                      \
	X(REPLACE, "replace")                                                                      \
	X(ROTATE, "rotate")                                                                        \
	X(REVOKE, "revoke")                                                                        \
	X(REFUSE, "refuse")                                                                        \
	X(STOP, "stop")                                                                            \
	X(DIE, "die")                                                                              \
	X(HALT, "halt")

#define AUDIT_EVENT_ENUM(name, text) AUDIT_##name,
enum audit_event { AUDIT_EVENTS(AUDIT_EVENT_ENUM) AUDIT_EVENT_COUNT };
#undef AUDIT_EVENT_ENUM

struct audit_record {
	uint64_t number; /* from 1 */
	uint64_t time;	 /* nanoseconds since boot */
	enum audit_event event;
	char name[MASIX_SERVER_NAME_MAX];
	char detail[AUDIT_DETAIL_SIZE];
	uint8_t link[MASIX_HASH_SIZE]; /* masix_audit_link of the previous link and the line */
};

struct audit {
	uint64_t count;			 /* of all records ever */
	uint8_t anchor[MASIX_HASH_SIZE]; /* the link before the oldest kept record */
	struct audit_record records[AUDIT_KEPT];
};

/* `first` is the first link's predecessor: the ACS incarnation, so that chains of two boots differ. */
void audit_begin(struct audit *audit, const uint8_t first[MASIX_HASH_SIZE]);

/* Longer names and details are cut; characters that are not printable become '?'. */
void audit_append(struct audit *audit, uint64_t time, enum audit_event event, const char *name,
	const char *detail);

/* The kept records as text, as masix/audit.h has it.  Returns the bytes written, whole lines only; no terminator. */
size_t audit_format(const struct audit *audit, char *text, size_t room);

/* Do the kept records chain from the anchor? */
bool audit_intact(const struct audit *audit);

#endif
