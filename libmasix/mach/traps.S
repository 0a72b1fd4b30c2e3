/* Mach traps: the kernel finds the arguments above the return address of our caller. */
#define TRAP(name, number)			\
	.globl	name;				\
	.type	name, @function;		\
name:	movl	$(number), %eax;		\
	lcall	$7, $0;				\
	.globl	name##_done;			\
name##_done:					\
	ret;					\
	.size	name, . - name

	.text
	TRAP(trap_mach_msg, -25)
	TRAP(trap_reply_port, -26)
	TRAP(trap_thread_self, -27)
	TRAP(trap_task_self, -28)
	TRAP(trap_host_self, -29)
	TRAP(trap_swtch_pri, -59)
	TRAP(trap_vm_map, -64)
	TRAP(trap_vm_deallocate, -66)
	TRAP(trap_port_deallocate, -73)
	TRAP(trap_port_insert_right, -74)

	.section .note.GNU-stack, "", @progbits
