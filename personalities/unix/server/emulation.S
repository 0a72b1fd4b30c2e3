/* The emulation library as a file, for process 1. */
	.section .rodata
	.globl	emulation_image, emulation_image_size
	.balign	4096
emulation_image:
	.incbin	"build/unix/emulation.so"
1:
	.balign	4
emulation_image_size:
	.long	1b - emulation_image

	.section .note.GNU-stack, "", @progbits
