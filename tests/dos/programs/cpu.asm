; 4000 times 65535 rounds of four instructions; ../speed.S is the same for Unix.
	org 100h
	mov dx, 4000
outer:	mov cx, 65535
	xor ax, ax
inner:	add ax, cx
	xor ax, bx
	mov [4096], ax
	loop inner
	dec dx
	jnz outer
	mov ax, 4c00h
	int 21h
