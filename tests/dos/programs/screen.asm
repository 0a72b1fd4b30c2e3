; What a program may do with the screen of the system (dos -s): mode 3, 12h or 13h by the argument's first letter t, p or b,
; each by the BIOS and by its own hands; then it says so on its standard output and waits for ever.
%include "test.inc"

start:	mov al, [82h]
	cmp al, 't'
	je text
	cmp al, 'p'
	je planes

; 13h: the first row of each color has that color, 255 pixels wide; colors 1 and 2 are changed.
	mov ax, 13h
	int 10h
	mov ax, 1010h		; color 1 by the BIOS: red
	mov bx, 1
	mov dh, 63
	xor cx, cx
	int 10h
	mov dx, 3c8h		; color 2 by the registers: green
	mov al, 2
	out dx, al
	inc dx
	xor al, al
	out dx, al
	mov al, 63
	out dx, al
	xor al, al
	out dx, al
	mov ax, 0a000h
	mov es, ax
	xor di, di
	mov dx, 100
.row:	xor al, al
	mov cx, 320
.dot:	stosb
	inc al
	loop .dot
	dec dx
	jnz .row
	mov ax, 0c0fh		; one by the BIOS, and read it
	xor bx, bx
	mov cx, 10
	mov dx, 150
	int 10h
	mov ah, 0dh
	int 10h
	cmp al, 0fh
	check e
	mov ah, 0fh
	int 10h
	cmp ax, 2813h
	check e
	jmp ready

; 12h: a white point at 100, 200; a line of light red by the planes; an A.
planes:	mov ax, 12h
	int 10h
	mov ax, 0c0fh
	xor bx, bx
	mov cx, 100
	mov dx, 200
	int 10h
	mov dx, 3c4h
	mov ax, 0c02h		; planes 2 and 3
	out dx, ax
	mov ax, 0a000h
	mov es, ax
	mov di, 300 * 80
	mov cx, 80
	mov al, 0ffh
	rep stosb
	mov ax, 0f02h
	out dx, ax
	mov ax, 0e41h
	mov bx, 0eh
	int 10h
	mov ah, 0dh
	xor bx, bx
	mov cx, 5
	mov dx, 300
	int 10h
	cmp al, 0ch
	check e
	mov ax, 1130h		; the font that it has drawn with
	mov bh, 6
	int 10h
	cmp cx, 16
	check e
	cmp dl, 29
	check e
	cmp byte [es:bp + 41h * 16 + 2], 10h
	check e
	jmp ready

; 3: yellow on blue at the top left by the memory, the BIOS's below it.
text:	mov ax, 3
	int 10h
	mov ax, 0b800h
	mov es, ax
	mov word [es:0], 1edbh
	mov word [es:2], 1e20h
	mov ah, 2
	xor bx, bx
	mov dx, 0100h
	int 10h
	mov ax, 09dbh
	mov bx, 4
	mov cx, 2
	int 10h

ready:	mov ah, 40h
	mov bx, 1
	mov cx, 6
	mov dx, message
	int 21h
.wait:	mov ax, 1680h
	int 2fh
	jmp .wait
message	db 'ready', 10
