; BIOS services.
; covers: int10 int11 int12 int15 int16 int1A int25 int29 int2F int13 int28
%include "test.inc"
start:	int 11h
	test al, 2		; coprocessor
	check nz
	int 12h
	cmp ax, 640
	check e
	mov ah, 0fh
	int 10h
	cmp ax, 5003h
	check e
	mov ah, 3
	mov bh, 0
	int 10h
	mov [where], dx
	mov ax, 0e41h
	int 10h
	mov ah, 3
	mov bh, 0
	int 10h
	sub dl, [where]
	cmp dl, 1
	check e
	mov al, 13
	int 29h
	mov al, 10
	int 29h
	mov ah, 0
	int 1ah
	mov bx, dx
	mov ah, 86h		; a tenth of a second
	mov cx, 1
	mov dx, 86a0h
	int 15h
	check nc
	mov ah, 0
	int 1ah
	sub dx, bx
	cmp dx, 1
	check ae
	cmp dx, 40
	check b
	mov ah, 4
	int 1ah
	check nc
	cmp ch, 20h		; BCD
	check e
	mov ah, 88h
	int 15h
	check nc
	mov ah, 77h
	int 15h
	check c
	mov ax, 1600h
	int 2fh
	cmp al, 0
	check e
	mov ax, 1680h
	int 2fh
	cmp al, 0
	check e
	int 28h
	mov ah, 5		; a key as if it were typed
	mov cx, 1e61h
	int 16h
	cmp al, 0
	check e
	mov ah, 1
	int 16h
	check nz
	mov ah, 0
	int 16h
	cmp ax, 1e61h
	check e
	mov ax, 0201h		; no sectors
	int 13h
	check c
	mov al, 2
	int 25h
	check c
	pop cx			; the flags, which it leaves
	cmp sp, 0fffeh
	check e
	passed
where	dw 0
