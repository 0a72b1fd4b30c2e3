; Memory blocks.
; covers: 48 49 4A 58
%include "test.inc"
start:	mov bx, 0ffffh		; all is this program's
	mov ah, 48h
	int 21h
	check c
	cmp ax, 8
	check e
	cmp bx, 16
	check b
	mov bx, 1000h
	dos 4ah
	mov bx, 100h
	dos 48h
	mov es, ax
	mov si, ax
	mov word [es:0], 1234h
	mov bx, 200h
	dos 4ah
	cmp word [es:0], 1234h
	check e
	dos 49h
	mov ax, 1234h		; no block is there
	mov es, ax
	fails 4900h, 9
	mov bx, 0ffffh
	mov ah, 48h
	int 21h
	cmp bx, 8000h
	check a
	mov ax, 5801h
	mov bx, 2
	int 21h
	check nc
	mov bx, 10h		; the last of them
	dos 48h
	cmp ax, 9000h
	check a
	mov ax, 5800h
	int 21h
	check nc
	cmp ax, 2
	check e
	mov bx, 7
	fails 5801h, 1
	passed
