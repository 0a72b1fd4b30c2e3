; A client in protected mode that loads a selector of nobody and handles no exception.
%include "test.inc"
start:	mov bx, 1000h
	dos 4ah
	mov ax, 1687h
	int 2fh
	mov [entry], di
	mov [entry + 2], es
	mov bx, si
	dos 48h
	mov es, ax
	mov ax, 1
	call far [entry]
	mov ax, 0ff7h
	mov fs, ax
	mov ax, 4c00h
	int 21h
entry	dw 0, 0
