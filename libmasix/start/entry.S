/* The ways into and out of the vector of a server. */

/* The kernel or ACS starts a server here: esp -> argc, argv..., NULL, NULL.  start_server builds the
 * stack that a Linux kernel would have made and says where it is. */
	.text
	.globl	masix_start
	.type	masix_start, @function
masix_start:
	cld
	movl	%esp, %eax
	pushl	%eax
	call	start_server
	movl	%eax, %esp
	xorl	%ebp, %ebp
	xorl	%edx, %edx		/* no function for atexit */
	jmp	_start
	.size	masix_start, . - masix_start

/* What glibc calls at %gs:0x10: a Linux system call, number in eax, arguments in ebx, ecx, edx,
 * esi, edi, ebp; keeps every register but eax.  The pushes make struct vector_registers. */
	.globl	masix_vector
	.type	masix_vector, @function
masix_vector:
	pushl	%ebp
	pushl	%edi
	pushl	%esi
	pushl	%edx
	pushl	%ecx
	pushl	%ebx
	pushl	%eax
	cld
	pushl	%esp
	call	vector_call
	addl	$8, %esp
	popl	%ebx
	popl	%ecx
	popl	%edx
	popl	%esi
	popl	%edi
	popl	%ebp
	ret
	.size	masix_vector, . - masix_vector

/* noreturn vector_leave(stack): end the calling thread, running on `stack` from now on, since
 * its own may belong to somebody else as soon as its end is known. */
	.globl	vector_leave
	.type	vector_leave, @function
vector_leave:
	movl	4(%esp), %esp
	call	vector_thread_end
	hlt
	.size	vector_leave, . - vector_leave

/* glibc believes in AT_SYSINFO only beside a vDSO image. */
	.section .rodata
	.balign	4096
	.globl	vdso_image
vdso_image:
	.incbin	"build/libmasix-vdso.so"

	.section .note.GNU-stack, "", @progbits
