/* The task of a machine as a file. */
	.section .rodata
	.globl	machine_image, machine_image_size
	.balign	4096
machine_image:
	.incbin	"build/dos/machine"
1:
	.balign	4
machine_image_size:
	.long	1b - machine_image

	.section .note.GNU-stack, "", @progbits
