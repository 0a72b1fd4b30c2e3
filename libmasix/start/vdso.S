/* linux-gate.so.1 as a static glibc wants to see it.  It uses nothing of it but its being there: calls
 * go through AT_SYSINFO. */
	.text
	.globl	__kernel_vsyscall
	.type	__kernel_vsyscall, @function
__kernel_vsyscall:
	int	$0x80
	ret
	.size	__kernel_vsyscall, . - __kernel_vsyscall

	.section .note.GNU-stack, "", @progbits
