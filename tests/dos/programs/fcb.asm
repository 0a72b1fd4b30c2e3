; Files by file control block.
; covers: 0F 10 11 12 13 14 15 16 17 21 22 23 24 27 28 29
%include "test.inc"
%macro on_fcb 2			; function, al that it must answer
	mov ah, %1
	mov dx, fcb
	int 21h
	cmp al, %2
	check e
%endmacro
start:	mov ah, 1ah
	mov dx, dta
	int 21h
	mov ax, 2901h
	mov si, name
	mov di, fcb
	int 21h
	cmp al, 0
	check e
	cmp dword [fcb + 1], 'REC '
	check e
	cmp byte [si], ' '
	check e
	on_fcb 0fh, 0ffh
	on_fcb 16h, 0
	mov word [fcb + 14], 4
	mov dword [dta], 'aaaa'
	on_fcb 15h, 0
	mov dword [dta], 'bbbb'
	on_fcb 15h, 0
	mov word [fcb + 33], 2
	mov word [fcb + 35], 0
	mov dword [dta], 'cccc'
	on_fcb 22h, 0
	mov word [fcb + 33], 3
	mov cx, 2
	on_fcb 28h, 0
	cmp cx, 2
	check e
	on_fcb 10h, 0
	cmp dword [fcb + 16], 20
	check e

	on_fcb 0fh, 0
	mov word [fcb + 14], 4
	mov byte [fcb + 32], 0
	on_fcb 14h, 0
	cmp dword [dta], 'aaaa'
	check e
	on_fcb 24h, 0		; (al is kept)
	cmp word [fcb + 33], 1
	check e
	on_fcb 21h, 0
	cmp dword [dta], 'bbbb'
	check e
	mov word [fcb + 33], 2
	mov cx, 9
	on_fcb 27h, 1		; the end comes before
	cmp cx, 3
	check e
	on_fcb 10h, 0
	on_fcb 10h, 0ffh
	mov word [fcb + 14], 5
	on_fcb 23h, 0
	cmp word [fcb + 33], 4
	check e

	mov dword [fcb + 1], 'R???'
	mov dword [fcb + 5], '????'
	on_fcb 11h, 0
	cmp dword [dta + 1], 'REC '
	check e
	on_fcb 12h, 0ffh
	mov dword [fcb + 17], 'S???'
	mov dword [fcb + 21], '????'
	mov word [fcb + 25], '??'
	mov byte [fcb + 27], '?'
	on_fcb 17h, 0
	mov byte [fcb + 1], 'S'
	on_fcb 13h, 0
	on_fcb 13h, 0ffh
	passed
name	db '  rec.dat rest'
fcb	times 48 db 0
dta	times 128 db 0
