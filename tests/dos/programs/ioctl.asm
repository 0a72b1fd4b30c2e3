; Devices.
; covers: 44
%include "test.inc"
start:	mov ax, 3d02h
	mov dx, nul
	int 21h
	check nc
	mov bx, ax
	mov ax, 4400h
	int 21h
	check nc
	test dl, 84h
	check nz
	mov cx, 50
	mov dx, start
	dos 40h
	cmp ax, 50
	check e
	dos 3fh
	or ax, ax
	check z
	mov ax, 4401h
	mov dx, 0a4h
	int 21h
	check nc
	mov ax, 4400h
	int 21h
	test dl, 20h
	check nz
	fails 4402h, 1
	dos 3eh
	mov bx, 1		; standard output is no device when it is a file
	mov ax, 4400h
	int 21h
	test dl, 80h
	check z
	mov bx, 0
	mov ax, 4408h
	int 21h
	check nc
	cmp ax, 1
	check e
	mov bl, 25
	fails 4408h, 15
	mov ax, 440ah
	mov bx, 1
	int 21h
	check nc
	mov bx, 66
	fails 4400h, 6
	passed
nul	db 'nul', 0
