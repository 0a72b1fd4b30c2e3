; A bad program: its machine ends, and nothing else.
	cpu 686
	org 100h
	mov cr0, eax
