/* A server that is only measured, never run: the smallest image that has an identity. */
	.globl masix_start
masix_start:
	hlt
	.section .note.GNU-stack, "", @progbits
