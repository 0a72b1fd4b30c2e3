; Memory above 640 KiB: XMS 3.0, the high memory area, upper memory blocks, INT 15h.
; covers: 58 int15 int2F xms
%include "test.inc"

%macro xms 1			; must be done
%assign test_count test_count + 1
	mov ah, %1
	call far [driver]
	cmp ax, 1
	je %%ok
	mov ax, test_count
	jmp test_failed
%%ok:
%endmacro
%macro xms_fails 2		; must fail with this code
%assign test_count test_count + 1
	mov ah, %1
	call far [driver]
	or ax, ax
	jnz %%bad
	cmp bl, %2
	je %%ok
%%bad:	mov ax, test_count
	jmp test_failed
%%ok:
%endmacro

start:	mov bx, 1000h
	dos 4ah
	mov ax, 4300h
	int 2fh
	cmp al, 80h
	check e
	mov ax, 4310h
	int 2fh
	mov [driver], bx
	mov [driver + 2], es
	cmp word [es:bx], 03ebh	; where another driver hooks it
	check e
	push cs
	pop es
	mov ah, 0
	call far [driver]
	cmp ax, 300h
	check e
	cmp dx, 1
	check e
	xms_fails 77h, 80h

	; The high memory area.
	xms_fails 2, 93h
	mov dx, 0ffffh
	xms 1
	xms_fails 1, 91h
	xms 3
	xms 5
	xms_fails 6, 94h
	xms_fails 4, 94h
	xms 7
	mov ax, 0ffffh
	mov fs, ax
	mov word [fs:0fffeh], 5a5ah
	cmp word [fs:0fffeh], 5a5ah
	check e
	mov ax, 0
	mov gs, ax
	mov eax, [gs:0]
	mov dword [fs:10h], 12345678h	; it is no other name of address 0
	cmp eax, [gs:0]
	check e
	xms 2

	; Extended memory blocks.
	mov ah, 8
	call far [driver]
	mov [free], dx
	cmp ax, 1024
	check ae
	mov dx, 64
	xms 9
	mov [block], dx
	mov ah, 8
	call far [driver]
	mov cx, [free]
	sub cx, dx
	cmp cx, 64
	check e
	mov dx, [block]
	mov ah, 0eh
	call far [driver]
	cmp ax, 1
	check e
	cmp bh, 0
	check e
	cmp dx, 64
	check e
	mov si, there
	mov ax, [block]
	mov [si + 10], ax
	mov [there + 8], cs
	mov [back + 14], cs
	xms 0bh
	mov si, back
	mov ax, [block]
	mov [si + 4], ax
	xms 0bh
	mov si, pattern
	mov di, buffer
	mov cx, 8
	repe cmpsb
	check e
	mov si, back		; beyond its end
	mov dword [si + 6], 65536 - 6
	xms_fails 0bh, 0a4h
	mov dword [si], 7	; odd
	xms_fails 0bh, 0a7h
	mov dword [si], 8
	mov word [si + 4], 99
	xms_fails 0bh, 0a3h
	mov si, there
	mov word [si + 10], 99
	xms_fails 0bh, 0a5h
	mov dx, [block]
	mov ah, 0ch
	call far [driver]
	cmp ax, 1
	check e
	mov [linear], bx
	mov [linear + 2], dx
	mov dx, [block]
	xms_fails 0ah, 0abh
	mov bx, 128
	xms_fails 0fh, 0abh

	; What INT 15h moves by linear addresses.
	mov ax, [linear]
	mov [table + 12h], ax
	mov ax, [linear + 2]
	mov [table + 14h], al
	mov [table + 17h], ah
	xor eax, eax
	mov ax, cs
	shl eax, 4
	add eax, buffer
	mov [table + 1ah], ax
	shr eax, 16
	mov [table + 1ch], al
	mov dword [buffer], 0
	mov dword [buffer + 4], 0
	mov si, table
	mov cx, 32
	mov ah, 87h
	int 15h
	check nc
	cmp dword [buffer + 56], 'move'
	check e
	mov byte [table + 17h], 0f0h	; no memory of ours
	mov si, table
	mov cx, 4
	mov ah, 87h
	int 15h
	check c
	cmp ah, 0
	check ne
	mov ah, 88h
	int 15h
	check nc
	cmp ax, 0		; XMS has it all
	check e
	mov ax, 0e801h
	int 15h
	check nc

	mov dx, [block]
	xms 0dh
	mov dx, [block]
	xms_fails 0dh, 0aah
	mov dx, [block]
	mov bx, 128
	xms 0fh
	mov dx, [block]
	mov ah, 8eh
	call far [driver]
	cmp edx, 128
	check e
	mov dx, [block]
	xms 0ah
	mov dx, [block]
	xms_fails 0ah, 0a2h
	mov dx, [free]
	inc dx
	xms_fails 9, 0a0h
	mov edx, 100000h
	xms_fails 89h, 0a0h
	mov dx, 0		; handles without memory, until there are no more
	mov cx, 0
.more:	mov dx, 0
	mov ah, 9
	call far [driver]
	inc cx
	or ax, ax
	jnz .more
	cmp bl, 0a1h
	check e
	cmp cx, 32
	check a

	; Upper memory blocks, of XMS and of DOS.
	mov dx, 0ffffh
	xms_fails 10h, 0b0h
	mov [free], dx
	mov dx, 100h
	xms 10h
	cmp bx, 0a000h
	check a
	mov [block], bx
	mov es, bx
	mov dword [es:0ffch], 12345678h
	mov dx, [block]
	mov bx, 200h
	xms 12h
	cmp dword [es:0ffch], 12345678h
	check e
	mov dx, [block]
	mov bx, 0ffffh
	xms_fails 12h, 0b0h
	mov dx, [block]
	inc dx
	xms_fails 11h, 0b2h
	mov dx, [block]
	xms 11h
	mov ax, 5802h
	int 21h
	cmp al, 0
	check e
	mov ax, 5801h
	mov bx, 41h		; upper memory only, best fit
	int 21h
	check nc
	mov bx, 10h
	dos 48h
	cmp ax, 0a000h		; not linked
	check b
	mov ax, 5803h
	mov bx, 1
	int 21h
	check nc
	mov bx, 10h
	dos 48h
	cmp ax, 0a000h
	check a
	mov es, ax
	mov bx, 20h
	dos 4ah
	dos 49h
	mov ax, es		; no block is there
	inc ax
	mov es, ax
	fails 4900h, 9
	mov bx, 2
	fails 5803h, 1
	mov bx, 0c0h
	fails 5801h, 1
	mov ax, 5801h
	mov bx, 80h		; upper memory first
	int 21h
	mov bx, 2000h		; more than there is
	dos 48h
	cmp ax, 0a000h
	check b
	passed

driver	dd 0
block	dw 0
free	dw 0
linear	dd 0
pattern	db 'abcdefgh'
buffer	times 64 db 0
there	dd 64			; length, from handle:offset, to handle:offset
	dw 0, source, 0
	dw 0, 0, 0
back	dd 8
	dw 0
	dd 0
	dw 0, buffer, 0
source	db 'abcdefgh'
	times 48 db 0
	db 'move'
	times 4 db 0
table	times 10h db 0
	dw 127, 0
	db 0, 93h
	dw 0
	dw 127, 0
	db 0, 93h
	dw 0
	times 10h db 0
