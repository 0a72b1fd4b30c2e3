; 200 times 64 KiB of the file DATA, by two calls each: for the benchmark.
	org 100h
	mov ax, 3d00h
	mov dx, name
	int 21h
	jc failed
	mov bx, ax
	mov ax, cs
	add ax, 1000h
	mov ds, ax
	mov bp, 200
again:	mov ax, 4200h
	xor cx, cx
	xor dx, dx
	int 21h
	mov si, 2
part:	mov ah, 3fh
	mov cx, 8000h
	xor dx, dx
	int 21h
	jc failed
	cmp ax, 8000h
	jne failed
	dec si
	jnz part
	dec bp
	jnz again
	mov ax, 4c00h
	int 21h
failed:	mov ax, 4c01h
	int 21h
name	db 'DATA', 0
