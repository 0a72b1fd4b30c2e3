; PSPs and programs: it starts itself with an argument.
; covers: 00 26 31 4B 4C 4D 50 51 55 62 int20 int27
%include "test.inc"
start:	mov sp, stack_end
	mov al, [82h]
	cmp byte [80h], 2
	jb parent
	cmp al, 'c'
	je code
	cmp al, 'z'
	je zero
	cmp al, 'r'
	je resident
	cmp al, 's'
	je resident27
	cmp al, 'i'
	je int20
	mov ax, 4c63h
	int 21h
code:	mov ax, 4c2ah
	int 21h
zero:	mov ah, 0
	int 21h
int20:	int 20h
resident:
	mov dx, 20h
	mov ax, 3107h
	int 21h
resident27:
	mov dx, 200h
	int 27h
parent:	mov bx, 200h
	dos 4ah
	mov ah, 62h
	int 21h
	mov ax, cs
	cmp ax, bx
	check e
	mov ah, 51h
	int 21h
	mov ax, cs
	cmp ax, bx
	check e
	mov ax, [2ch]
	or ax, ax
	check nz
	mov [block + 4], cs
	mov [block + 8], cs
	mov [block + 12], cs

%macro child 3			; argument, code, how it ended
	mov byte [tail + 2], %1
	mov ax, 4b00h
	mov dx, self
	mov bx, block
	int 21h
	mov cx, cs
	mov ds, cx
	mov es, cx
	mov ss, cx
	mov sp, stack_end
	check nc
	mov ah, 4dh
	int 21h
	cmp ax, %3 << 8 | %2
	check e
%endmacro
	child 'c', 42, 0
	child 'z', 0, 0
	child 'i', 0, 0
	child 'r', 7, 3
	child 's', 0, 3
	child 'x', 99, 0
	mov dx, none
	mov bx, block
	fails 4b00h, 2
	mov dx, self
	fails 4b05h, 1

	mov bx, 200h		; itself as an overlay: the same bytes at another place
	dos 48h
	mov [overlay], ax
	mov dx, self
	mov bx, overlay
	mov ax, 4b03h
	int 21h
	check nc
	mov cx, [overlay]
	push ds
	mov ds, cx
	mov al, [0]
	pop ds
	cmp al, [100h]
	check e

	mov dx, [overlay]	; a PSP where the overlay was
	mov ah, 26h
	int 21h
	mov es, dx
	cmp word [es:0], 20cdh
	check e
	mov si, 9000h
	mov ah, 55h
	int 21h
	cmp word [es:2], 9000h
	check e
	mov ah, 62h
	int 21h
	cmp bx, dx
	check e
	mov bx, cs
	mov ah, 50h
	int 21h
	mov ah, 51h
	int 21h
	mov ax, cs
	cmp ax, bx
	check e
	passed
self	db 'programs.com', 0
none	db 'none.com', 0
tail	db 2, ' ', 'c', 13
block	dw 0, tail, 0, 5ch, 0, 6ch, 0
	times 4 dw 0
overlay	dw 0, 0
	times 256 db 0
stack_end:
