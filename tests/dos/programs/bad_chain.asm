; A bad program: its machine ends, and nothing else.
	cpu 686
	org 100h
	mov ax, cs
	dec ax
	mov es, ax
	mov byte [es:0], 'X'
	mov ax, 4c00h
	int 21h
