; Directories and drives.
; covers: 0D 0E 19 1B 1C 2E 36 39 3A 3B 47 54 60
%include "test.inc"
start:	mov dx, name
	dos 39h
	fails 3900h, 5
	dos 3bh
	mov ah, 47h
	mov dl, 0
	mov si, buffer
	int 21h
	check nc
	cld
	mov di, buffer		; it ends with the name
	xor al, al
	mov cx, 64
	repne scasb
	mov si, upper
	sub di, 4		; without what may be before it
	inc si
	mov cx, 4
	repe cmpsb
	check e
	mov dx, deep
	fails 3b00h, 3
	mov dx, up
	dos 3bh
	mov ah, 60h
	mov si, name
	mov di, buffer
	int 21h
	check nc
	cmp byte [buffer + 1], ':'
	check e
	mov dx, name
	dos 3ah
	fails 3a00h, 3
	mov dx, root
	fails 3a00h, 5
	mov ah, 19h
	int 21h
	mov bl, al
	mov dl, al
	mov ah, 0eh
	int 21h
	cmp al, 26
	check e
	mov ah, 0eh
	mov dl, 24		; is not there
	int 21h
	mov ah, 19h
	int 21h
	cmp al, bl
	check e
	mov dx, nowhere
	fails 3d00h, 15
	mov ah, 36h
	mov dl, 0
	int 21h
	cmp ax, 0ffffh
	check ne
	cmp cx, 512
	check e
	cmp bx, dx
	check be
	mov ah, 36h
	mov dl, 25
	int 21h
	cmp ax, 0ffffh
	check e
	push ds
	mov ah, 1bh
	int 21h
	cmp byte [bx], 0f8h
	pop ds
	check e
	mov ah, 1ch
	mov dl, 25
	int 21h
	cmp al, 0ffh
	check e
	mov ah, 0dh
	int 21h
	mov ax, 2e01h
	int 21h
	mov ah, 54h
	int 21h
	cmp al, 1
	check e
	passed
name	db 'Dir', 0
deep	db 'none', 0
up	db '..', 0
root	db '\', 0
nowhere	db 'Y:x', 0
upper	db '\DIR', 0
	db 0
buffer	times 128 db 0
