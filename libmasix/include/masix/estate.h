/* What a server leaves to its successor, and what a successor inherits.
 *
 * A server whose manifest says `inherits` (with `restart always` or `backoff`) can be killed or crash at any
 * instruction: ACS keeps its task, stopped, until the successor, which is the same image under the same
 * manifest, is ready.  The successor begins as any server does, at main, with
 *   - the kept pages (masix_keep), at the same address: pointers into them stay true.  Nothing else of the memory;
 *   - the rights of the one before, under THE SAME NAMES, so that port names in the kept pages stay true.  Receive rights
 *     have the messages that waited.  Left out are its own task and thread ports, port sets, and what was a dead name: a
 *     name that cannot be taken is one that has died.  A send right has one user reference, whatever it had.
 * Clients see nothing of it: their requests wait.  Registered names stay too; the successor registers them again.
 *
 *   int main(void)
 *   {
 *           static struct kept *const kept = (struct kept *)MASIX_KEEP_BASE;
 *           struct masix_estate *estate = NULL;
 *           bool again;
 *
 *           need(masix_keep(MASIX_KEEP_BASE, KEPT_SIZE, &again));
 *           if (again && sound(kept)) {
 *                   need(masix_inherit(&estate));
 *                   if (masix_estate_take(estate, kept->port, MACH_PORT_TYPE_RECEIVE))
 *                           need(masix_object_adopt(&object, &class, kept->port));
 *           } else { new object; kept->port = object.port; }
 *           need(masix_register(...)); ...
 *           masix_estate_end(estate);       what has not been taken is destroyed
 *           need(masix_ready());            the one before ends
 *
 * Three that die one after the other before they are ready, and the inheritance is thrown away: the next starts with
 * nothing (masix_keep says false), and clients' rights die.  If it is a server of the boot the machine stops instead. */
#ifndef MASIX_ESTATE_H
#define MASIX_ESTATE_H

#include <mach/mach_types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From here to MASIX_KEEP_LIMIT there is room for kept pages: what a server maps otherwise grows from 0x40000000 on. */
#define MASIX_KEEP_BASE 0x80000000u
#define MASIX_KEEP_LIMIT 0xb8000000u

/* Keep the pages [address, address + size), which are mapped here if they have not been inherited: zeros, that cost
 * memory only when they are touched.  Once, first of all in main.  *successor: they are what the one before left, and
 * masix_inherit has to follow.  MASIX_E_DENIED: the manifest does not say `inherits`; MASIX_E_INVALID: not pages, not
 * free, or not the range that was inherited. */
kern_return_t masix_keep(uintptr_t address, size_t size, bool *successor)
	__attribute__((warn_unused_result));

/* Keep these pages as well, which are mapped already: device memory, for example, on which the device works on while there is
 * nobody (the successor wires them again before masix_ready).  At any time; a successor finds them mapped, without
 * asking.  MASIX_E_LIMIT: 15 such ranges. */
kern_return_t masix_keep_also(const void *address, size_t size) __attribute__((warn_unused_result));

struct masix_estate;

/* What has been inherited.  MASIX_E_NOT_FOUND: nothing, or it has been asked before. */
kern_return_t masix_inherit(struct masix_estate **estate) __attribute__((warn_unused_result));

/* Is there a right of this type (MACH_PORT_TYPE_RECEIVE, _SEND or _SEND_ONCE) under this name?  Then it is the
 * caller's from now on: true, once. */
bool masix_estate_take(struct masix_estate *estate, mach_port_t name, mach_port_type_t type);

/* The same question, and nothing is taken: an answer that the one before owed, for example. */
bool masix_estate_has(const struct masix_estate *estate, mach_port_t name, mach_port_type_t type);

/* The names that have a right of this type which nobody has taken: start with *cursor 0, MACH_PORT_NULL after the
 * last. */
mach_port_t masix_estate_next(
	const struct masix_estate *estate, mach_port_type_t type, unsigned *cursor);

/* The task of the one before, for vm_read; the estate keeps the right.  It does not run any more, and its memory is as it
 * was at its last instruction (the kernel may still fill in what a thread was waiting for). */
mach_port_t masix_estate_corpse(const struct masix_estate *estate);

/* Tell the caller behind a reply right, which is the caller's of this and consumed, to make the call again: he does so for
 * ever, while the death of a right is told as a death of his server, of which a call bears three. For calls that
 * only waited when the one before died. */
void masix_call_again(mach_port_t reply);

/* Destroy what has not been taken: ports whose receive right nobody took are dead from now on, and who waits for an
 * answer to a send-once right hears that there will be none; if the one before did not die by itself (`masix kill`, `masix restart`), he is
 * told to make the call again, as by masix_call_again.  NULL is allowed.  Before masix_ready. */
void masix_estate_end(struct masix_estate *estate);

#endif
