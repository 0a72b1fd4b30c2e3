/* The doors of the emulation library.
 *
 * __kernel_vsyscall is what glibc calls through %gs:0x10: registers as for int $0x80,
 * result in eax, all others kept.  Offsets into struct emul_thread (emul.h) are
 * checked by _Static_asserts in dispatch.c. */
#include "offsets.h"

	.text

	.globl	__kernel_vsyscall
	.type	__kernel_vsyscall, @function
__kernel_vsyscall:
	.cfi_startproc
	movl	$1, %fs:T_IN_EMUL
	movl	%esp, %fs:T_USER_ESP
	movl	%fs:T_STACK_TOP, %esp
	pushfl
	pushl	%ebp
	pushl	%edi
	pushl	%esi
	pushl	%edx
	pushl	%ecx
	pushl	%ebx
	pushl	%eax
	cld
	movl	%esp, %fs:T_FAULT_ESP
	movl	%esp, %eax
	subl	$16, %esp
	movl	%eax, (%esp)
	call	emul_dispatch
.Lvsyscall_done:
	movl	%fs:T_FAULT_ESP, %esp
	addl	$4, %esp
	popl	%ebx
	popl	%ecx
	popl	%edx
	popl	%esi
	popl	%edi
	popl	%ebp
	testb	$4, 1(%esp)	/* the direction flag is the program's */
	jne	.Ldirection
.Lout:
	movl	%fs:T_USER_ESP, %esp
	movl	$0, %fs:T_IN_EMUL
	cmpl	$0, %fs:T_SIGNAL
	jne	.Lsignal
	ret
.Ldirection:
	std
	jmp	.Lout
	/* User registers are live and esp points to the return address: make them the
	 * thread's state, as if the program had been stopped after the call. */
.Lsignal:
	movl	$1, %fs:T_IN_EMUL
	movl	%eax, %fs:S_EAX
	movl	%ebx, %fs:S_EBX
	movl	%ecx, %fs:S_ECX
	movl	%edx, %fs:S_EDX
	movl	%esi, %fs:S_ESI
	movl	%edi, %fs:S_EDI
	movl	%ebp, %fs:S_EBP
	movl	%esp, %fs:S_RESTART_ESP
	movl	$__kernel_vsyscall, %fs:S_RESTART_EIP
	pushfl
	popl	%fs:S_EFLAGS
	popl	%fs:S_EIP
	movl	%esp, %fs:S_ESP
	jmp	emul_leave
	.cfi_endproc
	.size	__kernel_vsyscall, . - __kernel_vsyscall

	/* A user pointer was bad: the service thread sends the thread here, with
	 * nothing restored; emul_dispatch "returns" -EFAULT. */
	.globl	emul_fault_unwind
emul_fault_unwind:
	movl	%fs:T_FAULT_ESP, %esp
	subl	$16, %esp
	call	emul_files_unwind
	movl	$-14, %eax
	cmpl	$0, %fs:T_ENTRY
	je	.Lvsyscall_done
	jmp	.Lint80_done

	/* int $0x80: the service thread has stored the user registers in the state (eip behind the
	 * instruction), set in_emul, and put esp at stack_top. */
	.globl	emul_int80_entry
emul_int80_entry:
	cld
	subl	$32, %esp
	movl	%esp, %fs:T_FAULT_ESP
	movl	%fs:T_SELF, %eax
	addl	$T_STATE, %eax
	subl	$16, %esp
	movl	%eax, (%esp)
	call	emul_dispatch
.Lint80_done:
	movl	%eax, %fs:S_EAX
	/* fall through */

	/* Leave with the registers of the state: after int $0x80, to or from a signal
	 * handler, into a new program. */
	.globl	emul_leave
emul_leave:
	movl	%fs:T_STACK_TOP, %esp
	movl	$0, %fs:T_FAULT_ESP
	subl	$16, %esp
	call	emul_deliver
	movl	%fs:S_ESP, %ecx
	subl	$8, %ecx
	movl	%fs:S_EFLAGS, %eax
	/* If the program has no stack (it may have unmapped it), the service thread sets the
	 * registers when this faults. */
	.globl	emul_leave_store, emul_leave_stored
emul_leave_store:
	movl	%eax, (%ecx)
	movl	%fs:S_EIP, %eax
	movl	%eax, 4(%ecx)
emul_leave_stored:
	movl	%ecx, %fs:T_USER_ESP
	movl	%fs:S_EAX, %eax
	movl	%fs:S_EBX, %ebx
	movl	%fs:S_ECX, %ecx
	movl	%fs:S_EDX, %edx
	movl	%fs:S_ESI, %esi
	movl	%fs:S_EDI, %edi
	movl	%fs:S_EBP, %ebp
	movl	%fs:T_USER_ESP, %esp
	movl	$0, %fs:T_IN_EMUL
	cmpl	$0, %fs:T_SIGNAL
	jne	.Lagain
	popfl
	ret
	/* A signal came while leaving: the call is over, so no restart. */
.Lagain:
	movl	$1, %fs:T_IN_EMUL
	movl	$-1, %fs:S_CALL
	jmp	emul_leave

	/* Where the registers of a frame lie, for unwinders (exceptions and thread cancellation go
	 * through handlers): `base` = the sigcontext's offset from esp here.  Numbers are DWARF's:
	 * 0x0f def_cfa_expression, 0x10 expression, 0x74 base esp, 0x06 dereference. */
	.macro	frame_register number, offset
	.cfi_escape 0x10, \number, 3, 0x74, (\offset) & 0x7f | 0x80, (\offset) >> 7
	.endm
	.macro	signal_frame base
	.cfi_signal_frame
	.cfi_escape 0x0f, 4, 0x74, (\base + 28) & 0x7f | 0x80, (\base + 28) >> 7, 0x06
	frame_register 0, \base + 44
	frame_register 1, \base + 40
	frame_register 2, \base + 36
	frame_register 3, \base + 32
	frame_register 5, \base + 24
	frame_register 6, \base + 20
	frame_register 7, \base + 16
	frame_register 8, \base + 56
	.endm

	/* Handlers return here (the frame's return address).  In the library at once, so that
	 * no trap is needed. */
	.cfi_startproc simple
	signal_frame 4
	nop	/* unwinders look up the byte before a return address */
	.globl	__kernel_sigreturn
	.type	__kernel_sigreturn, @function
__kernel_sigreturn:
	movl	$1, %fs:T_IN_EMUL
	movl	%esp, %fs:T_USER_ESP
	movl	%fs:T_STACK_TOP, %esp
	cld
	subl	$16, %esp
	call	emul_sigreturn_plain
	hlt
	.cfi_endproc
	.size	__kernel_sigreturn, . - __kernel_sigreturn

	.cfi_startproc simple
	signal_frame 160
	nop	/* unwinders look up the byte before a return address */
	.globl	__kernel_rt_sigreturn
	.type	__kernel_rt_sigreturn, @function
__kernel_rt_sigreturn:
	movl	$1, %fs:T_IN_EMUL
	movl	%esp, %fs:T_USER_ESP
	movl	%fs:T_STACK_TOP, %esp
	cld
	subl	$16, %esp
	call	emul_sigreturn_rt
	hlt
	.cfi_endproc
	.size	__kernel_rt_sigreturn, . - __kernel_rt_sigreturn

	/* The service thread sends a thread here to deliver a signal; the interrupted user state is
	 * in the state, in_emul is set, esp = stack_top. */
	.globl	emul_async_entry
emul_async_entry:
	cld
	jmp	emul_leave

	/* Process 1 begins here (docs/unix.md), fork's child at emul_fork_return. */
	.globl	emul_start
	.type	emul_start, @function
emul_start:
	xorl	%ebp, %ebp
	andl	$-16, %esp
	call	emul_first_process
	hlt

	/* uint32_t emul_save(struct emul_context *c): 0 now, 1 when a thread is started with the
	 * saved context (fork's child). */
	.globl	emul_save
emul_save:
	movl	4(%esp), %eax
	movl	%ebx, 0(%eax)
	movl	%esi, 4(%eax)
	movl	%edi, 8(%eax)
	movl	%ebp, 12(%eax)
	leal	4(%esp), %ecx
	movl	%ecx, 16(%eax)
	movl	(%esp), %ecx
	movl	%ecx, 20(%eax)
	xorl	%eax, %eax
	ret

	.section .note.GNU-stack, "", @progbits
