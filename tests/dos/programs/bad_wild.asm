; A bad program: its machine ends, and nothing else.
	cpu 686
	org 100h
	mov ax, 0ffffh
	mov ds, ax
	mov dx, 0fff0h
	mov ah, 9
	mov cx, 50
	.l: push cx
	mov ah, 40h
	mov bx, 1
	mov cx, 0ffffh
	int 21h
	pop cx
	loop .l
	mov ax, 0
	mov es, ax
	xor di, di
	mov cx, 0ffffh
	mov ax, 0ffffh
	rep stosb
	int 21h
