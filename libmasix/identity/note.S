/* The identity of a server, to be filled in by the signing tool (masix/identity.h). */
	.section .note.masix, "a", @note
	.balign	4
	.long	6			/* length of the owner */
	.long	436			/* sizeof(struct masix_identity) */
	.long	1			/* MASIX_IDENTITY_NOTE */
	.asciz	"Masix"
	.balign	4
	.globl	masix_identity
	.type	masix_identity, @object
masix_identity:
	.asciz	"MASIX-IDENTITY1"
	.zero	436 - 16
	.size	masix_identity, . - masix_identity

	.section .note.GNU-stack, "", @progbits
