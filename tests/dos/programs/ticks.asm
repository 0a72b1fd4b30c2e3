; A handler of INT 1Ch is called while the program computes, and not while interrupts are off.
; covers: int08 int1C
%include "test.inc"
start:	cli
	mov ax, 251ch
	mov dx, handler
	int 21h
	mov cx, 3000
.off:	push cx
	mov cx, 3000
.in:	loop .in
	pop cx
	loop .off
	mov ax, [count]
	sti
	or ax, ax
	check z
	mov ecx, 2000000000
.wait:	cmp word [count], 5
	jae .done
	dec ecx
	jnz .wait
.done:	cmp word [count], 5
	check ae
	passed
handler:
	inc word [cs:count]
	iret
	align 4096
count	dw 0
