/* The emulation library as a file, for process 1. */
	.section .rodata
	.globl	emulation_image, emulation_image_end
	.balign	4096
emulation_image:
	.incbin	"build/unix/emulation.so"
emulation_image_end:

	.section .note.GNU-stack, "", @progbits
