/* The traps of the kernel that have no message: number in eax, arguments on the stack. */
#ifndef LIBMASIX_TRAPS_H
#define LIBMASIX_TRAPS_H

#include <mach/mach_types.h>
#include <mach/message.h>

mach_msg_return_t trap_mach_msg(mach_msg_header_t *message, mach_msg_option_t option,
	mach_msg_size_t send_size, mach_msg_size_t receive_size, mach_port_t receive_name,
	mach_msg_timeout_t timeout, mach_port_t notify);
mach_port_t trap_reply_port(void);
mach_port_t trap_thread_self(void);
mach_port_t trap_task_self(void);
mach_port_t trap_host_self(void);

/* Let others run; with lowered priority until the next time slice. */
void trap_swtch_pri(int priority);

/* The task is named by a port of ours.  They fail with MACH_SEND_INTERRUPTED, and the
 * message must be used instead, if the name is no task. */
kern_return_t trap_vm_map(mach_port_t task, vm_address_t *address, vm_size_t size, vm_offset_t mask,
	boolean_t anywhere, mach_port_t object, vm_offset_t offset, boolean_t copy,
	vm_prot_t protection, vm_prot_t max_protection, vm_inherit_t inheritance);
kern_return_t trap_vm_deallocate(mach_port_t task, vm_address_t address, vm_size_t size);
kern_return_t trap_port_deallocate(mach_port_t task, mach_port_t name);
/* The task may be any whose port we hold. */
kern_return_t trap_port_insert_right(
	mach_port_t task, mach_port_t name, mach_port_t right, mach_msg_type_name_t type);

#endif
