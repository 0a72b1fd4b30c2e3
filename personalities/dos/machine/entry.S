/* The first instruction of a machine: the server has set the stack. */
	.text
	.globl	machine_entry
	.type	machine_entry, @function
machine_entry:
	cld
	xorl	%ebp, %ebp
	call	machine_start
	hlt
	.size	machine_entry, . - machine_entry

	.section .note.GNU-stack, "", @progbits
