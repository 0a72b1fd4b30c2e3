; Vectors, date and time, versions, what DOS tells of itself.
; covers: 25 2A 2B 2C 2D 30 33 34 35 37 38 52 5D 63 65 66
%include "test.inc"
start:	mov ax, 2560h
	mov dx, handler
	int 21h
	mov ax, 3560h
	int 21h
	cmp bx, handler
	check e
	int 60h
	cmp ax, 5678h
	check e
	push cs
	pop es
	mov ah, 30h
	int 21h
	cmp ax, 1606h
	check e
	mov ax, 3306h
	int 21h
	cmp bx, 1606h
	check e
	mov ax, 3301h
	mov dl, 1
	int 21h
	mov ax, 3300h
	int 21h
	cmp dl, 1
	check e
	mov ah, 2ah
	int 21h
	cmp cx, 2020
	check ae
	cmp dh, 12
	check be
	cmp al, 6
	check be
	mov cx, 2000
	mov dx, 21dh		; the 29th of February
	mov ah, 2bh
	int 21h
	cmp al, 0
	check e
	mov ah, 2ah
	int 21h
	cmp cx, 2000
	check e
	cmp dx, 21dh
	check e
	cmp al, 2		; a Tuesday
	check e
	mov cx, 2001
	mov ah, 2bh
	int 21h
	cmp al, 0ffh
	check e
	mov cx, 0b0ch
	mov dx, 0
	mov ah, 2dh
	int 21h
	cmp al, 0
	check e
	mov ah, 2ch
	int 21h
	cmp cx, 0b0ch
	check e
	mov cx, 1800h
	mov ah, 2dh
	int 21h
	cmp al, 0ffh
	check e
	mov ah, 34h
	int 21h
	cmp byte [es:bx], 0
	check e
	mov ah, 52h
	int 21h
	mov ax, [es:bx - 2]	; the first memory control block
	mov es, ax
	cmp byte [es:0], 'M'
	check e
	push cs
	pop es
	mov ax, 3700h
	int 21h
	cmp dl, '/'
	check e
	mov ax, 3800h
	mov dx, buffer
	int 21h
	check nc
	cmp bx, 1
	check e
	cmp byte [buffer + 9], '.'
	check e
	call far [buffer + 18]	; upper case; only what is above 7Fh is its business
	mov ax, 3831h
	mov dx, buffer
	int 21h
	check c
	cmp ax, 2
	check e
	mov ax, 6501h
	mov bx, -1
	mov dx, -1
	mov cx, 41
	mov di, buffer
	int 21h
	check nc
	cmp byte [buffer], 1
	check e
	mov ax, 6521h
	mov dx, text
	mov cx, 3
	int 21h
	check nc
	cmp word [text], 'AB'
	check e
	mov ax, 6520h
	mov dl, 'q'
	int 21h
	cmp dl, 'Q'
	check e
	mov ax, 6601h
	int 21h
	check nc
	cmp bx, 437
	check e
	mov bx, 850
	fails 6602h, 2
	push ds
	mov ax, 6300h
	int 21h
	lodsw
	pop ds
	or ax, ax
	check z
	fails 6b00h, 1
	mov ax, 3302h		; set the break flag, and what it was
	mov dl, 1
	int 21h
	mov ax, 3302h
	mov dl, 0
	int 21h
	cmp dl, 1
	check e
	mov ax, 3300h
	int 21h
	cmp dl, 0
	check e
	push ds			; the swappable data area
	mov ah, 34h
	int 21h
	mov di, bx
	mov ax, es
	mov bp, ax
	mov ax, 5d06h
	int 21h
	mov ax, ds
	pop ds
	check nc
	mov es, ax
	cmp ax, bp
	check e
	lea bx, [si + 1]
	cmp bx, di
	check e
	mov ax, cs
	cmp [es:si + 10h], ax
	check e
	cmp [es:si + 0eh], ax
	check e
	mov ah, 19h
	int 21h
	cmp [es:si + 16h], al
	check e
	push cs
	pop es
	mov dx, error_list
	mov ax, 5d0ah
	int 21h
	check nc
	mov ah, 59h
	xor bx, bx
	int 21h
	cmp ax, 21
	check e
	cmp bx, 0502h
	check e
	cmp ch, 3
	check e
	push cs
	pop ds
	passed
error_list dw 21, 0502h, 0300h
	times 8 dw 0
handler:
	mov ax, 5678h
	iret
text	db 'abc'
buffer	times 64 db 0
