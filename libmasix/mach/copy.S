/* masix_copy (masix/copy.h).  A fault between copy_begin and copy_end is sent to copy_failed by
 * the task's service thread (start/service.c). */

	.text
	.globl	masix_copy, copy_begin, copy_end, copy_failed
	.type	masix_copy, @function
masix_copy:
	pushl	%esi
	pushl	%edi
	movl	12(%esp), %edi
	movl	16(%esp), %esi
	movl	20(%esp), %edx
	cld
copy_begin:
	cmpl	$64, %edx
	jb	2f
1:	movups	(%esi), %xmm0
	movups	16(%esi), %xmm1
	movups	32(%esi), %xmm2
	movups	48(%esi), %xmm3
	movups	%xmm0, (%edi)
	movups	%xmm1, 16(%edi)
	movups	%xmm2, 32(%edi)
	movups	%xmm3, 48(%edi)
	addl	$64, %esi
	addl	$64, %edi
	subl	$64, %edx
	cmpl	$64, %edx
	jae	1b
2:	movl	%edx, %ecx
	shrl	$2, %ecx
	rep movsl
	movl	%edx, %ecx
	andl	$3, %ecx
	rep movsb
copy_end:
	xorl	%eax, %eax
	popl	%edi
	popl	%esi
	ret
copy_failed:
	movl	copy_error, %eax
	popl	%edi
	popl	%esi
	ret
	.size	masix_copy, . - masix_copy
	.section .note.GNU-stack, "", @progbits
