/* Copying where either side may be the program's memory.  A fault between emul_copy_begin and
 * emul_copy_fault goes on at emul_copy_fault (service.c); there edi is where the destination is not
 * complete yet and edx its end.  Unrolled: half the time of the string instructions under software
 * emulation. */
	.text
	.globl	emul_copy, emul_zero, emul_probe, emul_exchange, emul_copy_begin, emul_copy_fault

	/* size_t emul_copy(void *to, const void *from, size_t n): what a fault left. */
	.type	emul_copy, @function
emul_copy:
	pushl	%edi
	pushl	%esi
	pushl	%ebx
	movl	16(%esp), %edi
	movl	20(%esp), %esi
	movl	24(%esp), %ecx
	leal	(%edi,%ecx), %edx
	shrl	$5, %ecx
	jz	.Lcopy_rest
emul_copy_begin:
.Lcopy_round:
	movl	(%esi), %eax
	movl	4(%esi), %ebx
	movl	%eax, (%edi)
	movl	%ebx, 4(%edi)
	movl	8(%esi), %eax
	movl	12(%esi), %ebx
	movl	%eax, 8(%edi)
	movl	%ebx, 12(%edi)
	movl	16(%esi), %eax
	movl	20(%esi), %ebx
	movl	%eax, 16(%edi)
	movl	%ebx, 20(%edi)
	movl	24(%esi), %eax
	movl	28(%esi), %ebx
	movl	%eax, 24(%edi)
	movl	%ebx, 28(%edi)
	addl	$32, %esi
	addl	$32, %edi
	decl	%ecx
	jnz	.Lcopy_round
.Lcopy_rest:
	movl	%edx, %ecx
	subl	%edi, %ecx
	shrl	$2, %ecx
	rep movsl
	movl	%edx, %ecx
	subl	%edi, %ecx
	rep movsb
	jmp	emul_copy_fault

	/* One byte of each page is "changed" to what it is, atomically: others may change it. */
.Lprobe_page:
	lock orb $0, (%edi)
	orl	$0xfff, %edi
	incl	%edi
.Lprobe_next:
	cmpl	%edx, %edi
	jb	.Lprobe_page
	movl	%edx, %edi
	jmp	emul_copy_fault

.Lexchange:
	lock cmpxchgl %ecx, (%edi)
	movl	%eax, (%esi)
	movl	%edx, %edi
	jmp	emul_copy_fault

	/* size_t emul_zero(void *to, size_t n): what a fault left. */
.Lzero_round:
	movl	%eax, (%edi)
	movl	%eax, 4(%edi)
	movl	%eax, 8(%edi)
	movl	%eax, 12(%edi)
	movl	%eax, 16(%edi)
	movl	%eax, 20(%edi)
	movl	%eax, 24(%edi)
	movl	%eax, 28(%edi)
	addl	$32, %edi
	decl	%ecx
	jnz	.Lzero_round
.Lzero_rest:
	movl	%edx, %ecx
	subl	%edi, %ecx
	shrl	$2, %ecx
	rep stosl
	movl	%edx, %ecx
	subl	%edi, %ecx
	rep stosb
emul_copy_fault:
	movl	%edx, %eax
	subl	%edi, %eax
	popl	%ebx
	popl	%esi
	popl	%edi
	ret
	.size	emul_copy, . - emul_copy

	.type	emul_zero, @function
emul_zero:
	pushl	%edi
	pushl	%esi
	pushl	%ebx
	movl	16(%esp), %edi
	movl	20(%esp), %ecx
	leal	(%edi,%ecx), %edx
	xorl	%eax, %eax
	shrl	$5, %ecx
	jz	.Lzero_rest
	jmp	.Lzero_round
	.size	emul_zero, . - emul_zero

	/* size_t emul_probe(void *to, size_t n): how much of it, at the end, cannot be written. */
	.type	emul_probe, @function
emul_probe:
	pushl	%edi
	pushl	%esi
	pushl	%ebx
	movl	16(%esp), %edi
	movl	20(%esp), %edx
	addl	%edi, %edx
	jmp	.Lprobe_next
	.size	emul_probe, . - emul_probe

	/* size_t emul_exchange(uint32_t *word, uint32_t *old, uint32_t new): what a fault left. */
	.type	emul_exchange, @function
emul_exchange:
	pushl	%edi
	pushl	%esi
	pushl	%ebx
	movl	16(%esp), %edi
	movl	20(%esp), %esi
	movl	24(%esp), %ecx
	movl	(%esi), %eax
	leal	4(%edi), %edx
	jmp	.Lexchange
	.size	emul_exchange, . - emul_exchange

	.section .note.GNU-stack, "", @progbits
