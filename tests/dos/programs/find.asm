; Searching by handle functions.  The current directory holds a.txt, "a long name.text" and sub/.
; covers: 1A 2F 4E 4F
%include "test.inc"
start:	mov ah, 1ah
	mov dx, dta
	int 21h
	push es
	mov ah, 2fh
	int 21h
	mov ax, es
	pop es
	cmp bx, dta
	check e
	mov cx, cs
	cmp ax, cx
	check e
	xor cx, cx
	mov dx, all
	xor bp, bp		; how many
	dos 4eh
.next:	inc bp
	mov ah, 4fh
	int 21h
	jnc .next
	cmp ax, 18
	check e
	cmp bp, 2
	check e
	mov cx, 10h
	mov dx, subdir
	dos 4eh
	cmp byte [dta + 21], 10h
	check e
	xor cx, cx
	fails 4e00h, 18
	mov dx, nowhere
	fails 4e00h, 3
	mov dx, lengthy		; by its stand-in it can be opened
	xor cx, cx
	dos 4eh
	cmp dword [dta + 26], 5
	check e
	mov dx, dta + 30
	mov ax, 3d00h
	int 21h
	check nc
	mov bx, ax
	mov cx, 100
	mov dx, buffer
	dos 3fh
	cmp ax, 5
	check e
	xor cx, cx		; a device is in each directory that is there
	mov dx, device
	dos 4eh
	cmp byte [dta + 21], 40h
	check e
	fails 4f00h, 18
	mov dx, nodevice
	fails 4e00h, 3
	passed
device	db 'SUB\NUL', 0
nodevice db 'none\nul', 0
all	db '*.*', 0
subdir	db 'SUB', 0
lengthy	db 'ALO*.T*', 0
nowhere	db 'none\*.*', 0
dta	times 64 db 0
buffer	times 128 db 0
