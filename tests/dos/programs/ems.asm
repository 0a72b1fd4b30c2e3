; Expanded memory: EMS 4.0, each function and its errors.
; covers: int67 ems
%include "test.inc"

%macro ems 1			; must be done: ah, or ax
%assign test_count test_count + 1
%if %1 > 0ffh
	mov ax, %1
%else
	mov ah, %1
%endif
	int 67h
	or ah, ah
	jz %%ok
	mov ax, test_count
	jmp test_failed
%%ok:
%endmacro
%macro ems_fails 2		; must fail with this code
%assign test_count test_count + 1
%if %1 > 0ffh
	mov ax, %1
%else
	mov ah, %1
%endif
	int 67h
	cmp ah, %2
	je %%ok
	mov ax, test_count
	jmp test_failed
%%ok:
%endmacro
%macro same 2			; two operands of cmp
	cmp %1, %2
	check e
%endmacro

start:	mov bx, 1000h
	dos 4ah

	; As programs look for it: by the device's name, and by the name in the handler's segment.
	mov dx, device
	dos 3dh
	mov bx, ax
	mov ax, 4400h
	int 21h
	check nc
	test dl, 80h
	check nz
	mov ax, 4407h
	int 21h
	check nc
	same al, 0ffh
	dos 3eh
	mov ax, 3567h
	int 21h
	mov di, 0ah
	mov si, device
	mov cx, 8
	repe cmpsb
	check e

	ems 40h
	ems 41h
	mov [frame], bx
	same bx, 0e000h
	mov fs, bx		; the frame, from now on
	ems 46h
	same al, 40h
	ems 42h
	same bx, dx
	cmp bx, 64
	check ae
	mov [total], dx
	ems 4bh
	same bx, 1		; the system's
	ems_fails 49h, 84h
	ems_fails 5eh, 84h
	ems_fails 0de00h, 84h	; no VCPI

	; Handles and their pages.
	xor bx, bx
	ems_fails 43h, 89h
	mov bx, [total]
	inc bx
	ems_fails 43h, 87h
	mov bx, 8
	ems 43h
	mov [one], dx
	mov bx, [total]
	ems_fails 43h, 88h
	mov bx, 2
	ems 43h
	mov [two], dx
	ems 42h
	add bx, 10
	same bx, [total]
	mov dx, [one]
	ems 4ch
	same bx, 8
	mov dx, 77
	ems_fails 4ch, 83h
	ems_fails 45h, 83h
	ems 4bh
	same bx, 3
	push cs
	pop es
	mov di, buffer
	ems 4dh
	same bx, 3
	mov ax, [one]
	same [buffer + 4], ax
	same word [buffer + 6], 8
	xor bx, bx
	ems 5a00h
	ems 45h
	ems_fails 5a02h, 8fh

	; Mapping: what is written to a page is there wherever it is seen.
	mov dx, [one]
	xor bx, bx
	ems 4400h
	mov dword [fs:0], 'zero'
	mov dword [fs:3ffch], 'last'
	mov bx, 1
	ems 4400h
	mov dword [fs:0], 'one '
	mov bx, 0
	ems 4403h
	same dword [fs:0c000h], 'zero'
	same dword [fs:0fffch], 'last'
	ems 4401h		; the same page twice
	mov dword [fs:4000h], 'both'
	same dword [fs:0c000h], 'both'
	mov bx, 0ffffh
	ems 4401h
	mov dword [fs:4000h], 'none'
	same dword [fs:0c000h], 'both'
	mov bx, 8
	ems_fails 4400h, 8ah
	mov bx, 0
	ems_fails 4404h, 8bh
	mov dx, 77
	ems_fails 4400h, 83h

	; A file is read into the frame.
	push ds
	mov dx, name
	xor cx, cx
	dos 3ch
	mov bx, ax
	mov dx, device
	mov cx, 8
	dos 40h
	mov ax, 4200h
	xor cx, cx
	xor dx, dx
	int 21h
	push fs
	pop ds
	mov dx, 10h
	mov cx, 8
	dos 3fh
	pop ds
	same dword [fs:10h], 'EMMX'
	dos 3eh
	mov dx, name
	dos 41h

	; Contexts.
	mov dx, [one]
	ems_fails 48h, 8eh
	ems 47h
	ems_fails 47h, 8dh
	ems_fails 45h, 86h
	mov bx, 5
	ems 4400h
	mov dword [fs:0], 'five'
	ems 48h
	same dword [fs:0], 'one '
	ems_fails 48h, 8eh
	mov dx, 77
	ems_fails 47h, 83h
	ems_fails 48h, 83h
	ems 4e03h
	same al, 8
	mov di, buffer
	ems 4e00h
	mov dx, [one]
	mov bx, 5
	ems 4400h
	mov si, buffer
	mov di, buffer2
	ems 4e02h
	same dword [fs:0], 'one '
	mov si, buffer2
	ems 4e01h
	same dword [fs:0], 'five'
	mov word [buffer2], 9999
	ems_fails 4e01h, 0a3h
	ems_fails 4e04h, 8fh

	; Of some places.
	mov bx, 2
	ems 4f02h
	same al, 10
	mov bx, 5
	ems_fails 4f02h, 8bh
	mov word [list], 1
	mov ax, [frame]
	mov [list + 2], ax
	mov si, list
	mov di, buffer
	ems 4f00h
	mov dx, [one]
	mov bx, 1
	ems 4400h
	mov si, buffer
	ems 4f01h
	same dword [fs:0], 'five'
	mov word [buffer + 2], 4
	ems_fails 4f01h, 0a3h
	mov si, list
	mov word [list + 2], 1234h
	ems_fails 4f00h, 8bh
	ems_fails 4f03h, 8fh

	; Several at once, by number and by segment.
	mov dx, [one]
	mov cx, 2
	mov si, numbers
	ems 5000h
	same dword [fs:0], 'both'
	same dword [fs:8000h], 'one '
	mov si, segments
	ems 5001h
	same dword [fs:0], 'one '
	same dword [fs:8000h], 'both'
	ems_fails 5002h, 8fh
	mov word [numbers + 2], 4
	mov si, numbers
	ems_fails 5000h, 8bh
	mov dx, 77
	ems_fails 5000h, 83h

	; More and fewer pages: the others stay.
	mov dx, [one]
	mov bx, 20
	ems 51h
	same bx, 20
	mov bx, 19
	ems 4402h
	mov bx, 6
	ems 51h
	same bx, 6
	mov bx, 6
	ems_fails 4402h, 8ah
	mov bx, 5
	ems 4402h
	same dword [fs:8000h], 'five'
	mov bx, [total]
	ems_fails 51h, 88h
	same bx, 6
	mov bx, 0fffh
	ems_fails 51h, 87h
	mov dx, 77
	ems_fails 51h, 83h

	; Attributes and names.
	ems 5202h
	same al, 0
	mov dx, [one]
	ems 5200h
	same al, 0
	mov bl, 1
	ems_fails 5201h, 91h
	ems_fails 5203h, 8fh
	mov si, my_name
	ems 5301h
	mov di, buffer
	ems 5300h
	same dword [buffer + 4], 'name'
	mov dx, [two]
	ems_fails 5301h, 0a1h
	ems_fails 5302h, 8fh
	ems 5401h
	mov ax, [one]
	same dx, ax
	mov si, device
	ems_fails 5401h, 0a0h
	mov si, zeros
	ems_fails 5401h, 0a1h
	mov di, buffer
	ems 5400h
	same al, 3
	same dword [buffer + 16], 'name'
	ems 5402h
	same bx, 64
	ems_fails 5403h, 8fh

	call moves
	call control

	; What the frame is, and the rest.
	ems 5801h
	same cx, 4
	mov di, buffer
	ems 5800h
	same word [buffer + 4], 0e400h
	same word [buffer + 6], 1
	ems_fails 5802h, 8fh
	ems 5901h
	same dx, [total]
	ems 5900h
	same word [buffer], 400h
	ems_fails 5902h, 8fh
	ems_fails 5b00h, 0a4h
	ems_fails 5d00h, 0a4h
	ems 5ch

	mov dx, [one]
	ems 45h
	mov dx, [two]
	ems 45h
	ems 42h
	same bx, dx
	; All handles there are.
	mov cx, 63
more:	mov bx, 1
	ems 43h
	loop more
	mov bx, 1
	ems_fails 43h, 85h
	passed

; Function 57h: "five" is on page 5, "both" on page 0, "one " on page 1.
moves:	push cs
	pop es
	mov ax, [one]
	mov [region + 5], ax
	mov [region + 12], ax
	mov byte [region + 4], 1
	mov word [region + 7], 0
	mov word [region + 9], 5
	mov byte [region + 11], 0
	mov word [region + 14], buffer
	mov [region + 16], cs
	mov dword [region], 4
	mov si, region
	ems 5700h		; to memory
	same dword [buffer], 'five'
	mov byte [region + 11], 1
	mov word [region + 14], 3ffeh
	mov word [region + 16], 0
	ems 5700h		; to two pages
	mov dx, [one]
	xor bx, bx
	ems 4400h
	mov bx, 1
	ems 4401h
	same dword [fs:3ffeh], 'five'
	mov dword [region], 8000h
	mov word [region + 14], 0
	mov word [region + 16], 2
	mov word [region + 9], 0
	ems 5701h		; exchanged: pages 0 and 1, 2 and 3
	mov bx, 2
	ems 4402h
	same dword [fs:8000h], 'both'
	mov bx, 3
	ems 4403h
	same word [fs:0c000h], 've'
	; Over each other, both ways.
	mov word [region + 9], 2
	mov word [region + 16], 3
	mov word [region + 14], 2
	ems_fails 5700h, 92h
	same dword [fs:0c002h], 'both'
	mov bx, 4
	ems 4400h
	same word [fs:2], 've'
	mov word [region + 9], 3
	mov word [region + 7], 2
	mov word [region + 16], 2
	mov word [region + 14], 0
	ems_fails 5700h, 92h
	same dword [fs:8000h], 'both'
	same word [fs:0c000h], 've'
	ems_fails 5701h, 97h
	ems_fails 5702h, 8fh
	mov word [region + 16], 5
	ems_fails 5700h, 93h
	mov word [region + 16], 6
	ems_fails 5700h, 8ah
	mov word [region + 14], 4000h
	ems_fails 5700h, 95h
	mov byte [region + 11], 2
	ems_fails 5700h, 98h
	mov byte [region + 11], 0
	mov word [region + 16], 0ffffh
	ems_fails 5700h, 0a2h
	mov dword [region], 100001h
	ems_fails 5700h, 96h
	mov dword [region], 4
	mov word [region + 5], 77
	ems_fails 5700h, 83h
	ret

; Functions 55h and 56h: page 5 at 0 while the procedure runs, page 1 before and after.
control:
	mov dx, [one]
	mov bx, 5
	ems 4400h
	mov dword [fs:0], 'five'
	mov bx, 1
	ems 4400h
	mov [passage + 2], cs
	mov [passage + 7], cs
	mov [passage + 12], cs
	mov word [passage], called
	mov si, passage
	xor di, di
	mov bp, sp
	ems 5600h
	same di, 1
	same sp, bp
	mov bx, 1
	ems 4401h		; which page is at 0 now?
	mov eax, [fs:4000h]
	same eax, [fs:0]
	ems 5602h
	cmp bx, 8
	check ae
	ems_fails 5603h, 8fh
	mov word [passage], jumped
	mov ax, 5500h
	int 67h
	jmp short bad
jumped:	same dword [fs:0], 'five'
	ems_fails 5502h, 8fh
	mov dx, 77
	ems_fails 5500h, 83h
	ret
bad:	mov ax, 9999
	jmp test_failed
called:	same dword [fs:0], 'five'
	inc di
	retf

device	db 'EMMXXXX0', 0
name	db 'EMS.TMP', 0
my_name	db 'the name'
zeros	times 8 db 0
numbers	dw 0, 0, 1, 2
segments dw 1, 0e000h, 0, 0e800h
passage	dw 0, 0
	db 1
	dw new_map, 0
	db 1
	dw old_map, 0
	times 8 db 0
new_map	dw 5, 0
old_map	dw 1, 0
frame	dw 0
total	dw 0
one	dw 0
two	dw 0
list	times 10 db 0
region	times 18 db 0
buffer	times 300 db 0
buffer2	times 16 db 0
