; Messages to servers of the system: what goes wrong.  store.asm is a program that uses one.
; covers: int2F
%include "test.inc"
start:	mov ax, 0d500h
	int 2fh
	cmp al, 0ffh
	check e
	cmp bx, 4d58h
	check e
	cmp cx, 100h
	check e

	; Names: none, nobody's, one that servers only may find, one that is too long, one behind the end of memory.
	mov si, empty
	call find
	check c
	cmp ax, 2
	check e
	mov si, nobody
	call find
	check c
	cmp ax, 2
	check e
	mov si, hidden
	call find
	check c
	cmp ax, 2
	check e
	mov di, space
	mov cx, 300
	mov al, 'x'
	rep stosb
	mov si, space
	call find
	check c
	cmp ax, 2
	check e
	push ds
	mov ax, 0ffffh
	mov ds, ax
	mov si, 0ffffh
	call find
	pop ds
	check c

	; Eight at most, each let go once.
	mov bp, 8
.more:	mov si, own
	call find
	check nc
	cmp ax, 0
	check e
	dec bp
	jnz .more
	call find
	check c
	cmp ax, 4
	check e
	mov bp, 8
.less:	mov ax, 0d503h
	mov bx, bp
	int 2fh
	check nc
	dec bp
	jnz .less
	mov ax, 0d503h
	mov bx, 1
	int 2fh
	check c
	cmp ax, 6
	check e
	call ask
	check c
	cmp ax, 6
	check e
	mov si, own
	call find
	check nc

	; A message that nobody understands is answered so; one of odd length is none, nor one that does not fit.
	call ask
	check nc
	cmp cx, 12
	check e
	cmp dword [space], 999999 + 100
	check e
	cmp dword [space + 8], -303	; MIG_BAD_ID
	check e
	mov byte [length], 3
	call ask
	check c
	cmp ax, 13
	check e
	mov byte [length], 0
	mov byte [room], 8
	call ask
	check c
	cmp ax, 13
	check e
	mov byte [room], 3
	call ask
	check c
	cmp ax, 13
	check e
	mov byte [room], 100
	mov word [length], 40000	; longer than any message
	call ask
	check c
	cmp ax, 13
	check e
	mov word [length], 0
	push es
	mov ax, 0ffffh
	mov es, ax
	mov ax, 0d502h
	mov cx, 0
	mov si, request
	mov di, 0fff0h
	mov dx, 0fff0h
	int 2fh
	pop es
	check c
	cmp ax, 13
	check e
	mov ax, 0d504h
	int 2fh
	check c
	cmp ax, 1
	check e
	passed

find:	mov ax, 0d501h
	mov cx, 0
	int 2fh
	ret

ask:	mov ax, 0d502h
	mov bx, 1
	mov cx, [length]
	mov si, request
	mov di, space
	mov dx, [room]
	int 2fh
	ret

own	db 'dos', 0
nobody	db 'nobody', 0
hidden	db 'fs/root'
empty	db 0
length	dw 0
room	dw 100
	align 4
request	dd 999999, 0
space:
