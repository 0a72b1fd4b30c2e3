; 5000 bytes to the standard output, each by a call: for the benchmark.
	org 100h
	mov bp, 5000
again:	mov ah, 40h
	mov bx, 1
	mov cx, 1
	mov dx, byte_
	int 21h
	jc failed
	dec bp
	jnz again
	mov ax, 4c00h
	int 21h
failed:	mov ax, 4c01h
	int 21h
byte_	db '.'
