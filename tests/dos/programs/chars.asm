; Characters of the standard streams.  Standard input: "abcd", then "line one" CR LF, "second" LF.
; covers: 01 02 03 04 05 06 07 08 09 0A 0B 0C
%include "test.inc"
start:	mov ah, 0bh		; something is there
	int 21h
	cmp al, 0ffh
	check e
	mov ah, 1		; echoes
	int 21h
	cmp al, 'a'
	check e
	mov ah, 8
	int 21h
	cmp al, 'b'
	check e
	mov ah, 7
	int 21h
	cmp al, 'c'
	check e
	mov ah, 6
	mov dl, 0ffh
	int 21h
	check nz
	cmp al, 'd'
	check e
	mov ah, 6
	mov dl, 'x'
	int 21h
	mov ah, 2
	mov dl, 'y'
	int 21h
	cmp al, 'y'
	check e
	mov ah, 9
	mov dx, text
	int 21h
	cmp al, '$'
	check e
	mov ah, 0ah
	mov dx, buffer
	int 21h
	cmp byte [buffer + 1], 8
	check e
	cmp byte [buffer + 2 + 8], 13
	check e
	mov ax, 0c0ah		; what is typed is dropped, what is in a file is not
	int 21h
	cmp byte [buffer + 1], 6
	check e
	mov ah, 3		; nothing is there, and a program hears the end
	int 21h
	cmp al, 26
	check e
	mov ah, 4
	mov dl, 'n'
	int 21h
	mov ah, 5
	int 21h
	mov ah, 6		; the end of the input
	mov dl, 0ffh
	int 21h
	mov ah, 6
	mov dl, 0ffh
	int 21h
	check z
	mov ah, 0bh
	int 21h
	cmp al, 0
	check e
	passed
text	db 'z', 13, 10, '$'
buffer	db 20, 0
	times 20 db 0
