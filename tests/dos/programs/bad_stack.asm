; A bad program: its machine ends, and nothing else.
	cpu 686
	org 100h
	mov sp, 1
	push ax
	int 20h
