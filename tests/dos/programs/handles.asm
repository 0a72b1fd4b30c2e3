; Files by handle, in the current directory.
; covers: 3C 3D 3E 3F 40 41 42 43 45 46 56 57 59 5A 5B 5C 67 68 6A 6C
%include "test.inc"
start:	mov dx, name
	xor cx, cx
	dos 3ch
	mov bx, ax
	cmp ax, 5
	check e
	mov dx, data
	mov cx, 10
	dos 40h
	cmp ax, 10
	check e
	mov ax, 4201h		; where it is
	xor cx, cx
	xor dx, dx
	int 21h
	check nc
	cmp ax, 10
	check e
	or dx, dx
	check z
	mov ax, 4200h
	mov dx, 4
	int 21h
	mov dx, buffer
	mov cx, 100
	dos 3fh
	cmp ax, 6
	check e
	cmp word [buffer], '45'
	check e
	dos 68h
	dos 6ah
	mov ax, 4202h
	mov cx, 0ffffh
	mov dx, -3
	int 21h
	cmp ax, 7
	check e
	xor cx, cx		; ends the file
	dos 40h
	mov ax, 5701h
	mov cx, 6000h
	mov dx, 2821h
	int 21h
	check nc
	dos 45h			; a second handle
	mov si, ax
	dos 3eh
	mov bx, si
	mov ax, 5700h
	int 21h
	check nc
	cmp cx, 6000h
	check e
	cmp dx, 2821h
	check e
	mov ax, 4202h
	xor cx, cx
	xor dx, dx
	int 21h
	cmp ax, 7
	check e
	mov ax, 5c00h		; locks
	xor cx, cx
	xor dx, dx
	xor si, si
	mov di, 5
	int 21h
	check nc
	fails 5c00h, 33
	mov ax, 5c01h
	int 21h
	check nc
	dos 3eh
	fails 3e00h, 6
	mov bx, 77
	fails 3f00h, 6
	fails 4500h, 6

	mov dx, name		; read only
	fails 3d03h, 12
	mov ax, 4301h
	mov cx, 1
	int 21h
	check nc
	mov ax, 4300h
	int 21h
	check nc
	test cl, 1
	check nz
	fails 3d02h, 5
	fails 4100h, 5
	mov ah, 59h
	xor bx, bx
	push ds
	push es
	int 21h
	pop es
	pop ds
	cmp ax, 5
	check e
	mov dx, name
	mov ax, 4301h
	mov cx, 20h
	int 21h
	check nc

	mov ah, 5bh		; only if it is new
	xor cx, cx
	int 21h
	check c
	cmp ax, 80
	check e
	mov di, other
	dos 56h
	fails 3d00h, 2
	mov dx, other
	mov ax, 3d00h
	int 21h
	check nc
	mov bx, ax
	mov cx, 3
	dos 46h			; 3 is it now
	dos 3eh
	mov bx, 3
	mov dx, buffer
	mov cx, 20
	dos 3fh
	cmp ax, 7
	check e
	mov bx, 3
	fails 4000h, 5		; not opened for that
	dos 3eh
	mov dx, other
	dos 41h
	fails 4100h, 2

	mov ax, 6c00h		; make, then open, then empty
	mov si, name
	mov bx, 2
	xor cx, cx
	mov dx, 11h
	int 21h
	check nc
	cmp cx, 2
	check e
	mov bx, ax
	mov cx, 5
	mov dx, data
	dos 40h
	dos 3eh
	mov ax, 6c00h
	mov bx, 2
	xor cx, cx
	mov dx, 1
	int 21h
	check nc
	cmp cx, 1
	check e
	mov bx, ax
	dos 3eh
	mov ax, 6c00h
	mov bx, 2
	xor cx, cx
	mov dx, 2
	int 21h
	check nc
	cmp cx, 3
	check e
	mov bx, ax
	dos 3eh
	mov bx, 2
	xor cx, cx
	mov dx, 10h
	mov ax, 6c00h
	int 21h
	check c
	cmp ax, 80
	check e
	mov dx, name
	dos 41h

	xor cx, cx		; a name of its own
	mov dx, place
	dos 5ah
	mov bx, ax
	dos 3eh
	mov dx, place
	cmp byte [place + 2], 0
	check ne
	dos 41h
	mov bx, 20
	dos 67h
	mov bx, 4000		; there is no memory for a table of their own
	fails 6700h, 8
	push cs
	pop es
	mov bx, 1000h
	dos 4ah
	mov bx, 40
	dos 67h
	mov cx, 30		; more than a PSP has room for
	mov di, buffer
.more:	mov bx, 1
	dos 45h
	stosb
	loop .more
	cmp ax, 20
	check ae
	mov bx, 20
	fails 6700h, 4		; some are open
	mov bx, 60
	dos 67h
	mov cx, 30
	mov si, buffer
	xor bx, bx
.less:	mov bl, [si]
	dos 3eh			; still the same ones
	inc si
	loop .less
	fails 3e00h, 6
	mov bx, 20
	dos 67h
	mov bx, 5000
	fails 6700h, 4
	passed
name	db 'new.tmp', 0
other	db 'Other.Tmp', 0
place	db '.\', 0
	times 20 db 0
data	db '0123456789'
buffer	times 128 db 0
