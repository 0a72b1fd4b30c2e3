; Division by zero and a broken instruction find the handlers of the program.
; covers: int00 int01 int03 int06
%include "test.inc"
start:	mov ax, 2500h
	mov dx, divided
	int 21h
	xor bl, bl
	mov ax, 5
	div bl
	cmp bl, 1
	check e
	mov ax, 2506h
	mov dx, invalid
	int 21h
	ud2
	cmp bl, 2
	check e
	mov ax, 2503h
	mov dx, debugger
	int 21h
	int3
	cmp bl, 3
	check e
	mov ax, 2501h
	mov dx, traced
	int 21h
	pushf
	pop ax
	or ah, 1
	push ax
	popf
	nop
	nop
	pushf
	pop ax
	and ah, 0feh
	push ax
	popf
	cmp byte [steps], 2
	check ae
	passed
divided:
	mov bl, 1
	mov ax, 0
	iret
invalid:
	mov bl, 2
	push bp
	mov bp, sp
	add word [bp + 2], 2
	pop bp
	iret
debugger:
	mov bl, 3
	iret
traced:	inc byte [cs:steps]
	iret
steps	db 0
