; Between machines: "share h" holds SHARED.DAT open for all to read and write, with bytes 10 to 19 locked, until a line comes;
; "share d" the same denied to all.  Without an argument: what another one may do meanwhile with the first of these.
%include "test.inc"
start:	cmp byte [80h], 2
	jb other
	cmp byte [82h], 'd'
	je deny
	mov ax, 3d42h
	call hold
	mov ax, 5c00h
	xor cx, cx
	mov dx, 10
	xor si, si
	mov di, 10
	int 21h
	check nc
	jmp wait_line
deny:	mov ax, 3d12h
	call hold
wait_line:
	mov ah, 9
	mov dx, ready
	int 21h
	mov ah, 8
	int 21h
	passed
hold:	mov dx, name
	int 21h
	check nc
	mov bx, ax
	ret

other:	mov dx, name
	fails 3d10h, 32		; it denies nothing, but is there
	mov dx, name
	mov ax, 3d42h
	int 21h
	check nc
	mov bx, ax
	xor cx, cx
	mov dx, 5
	xor si, si
	mov di, 6
	fails 5c00h, 33
	mov dx, 20
	mov di, 5
	xor cx, cx
	xor si, si
	mov ax, 5c00h
	int 21h
	check nc
	mov ax, 5c01h
	int 21h
	check nc
	fails 5c01h, 33		; it is gone
	passed
name	db 'SHARED.DAT', 0
ready	db 'ready$'
