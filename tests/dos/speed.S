/* The loop of programs/cpu.asm in a Unix process. */
	.text
	.globl	_start
_start:	movw	$4000, %dx
	xorl	%ebx, %ebx
1:	movw	$65535, %cx
	xorw	%ax, %ax
2:	addw	%cx, %ax
	xorw	%bx, %ax
	movw	%ax, value
	loopw	2b
	decw	%dx
	jnz	1b
	movl	$1, %eax
	int	$0x80

	.bss
	.balign	4096
value:	.skip	4096
	.section .note.GNU-stack, "", @progbits
