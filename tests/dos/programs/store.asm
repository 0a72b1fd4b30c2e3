; store get KEY, store put KEY VALUE: the values of the example server, which programs of Unix have in the same way
; (tests/example).  A message is what MIG's stubs of store.defs make: a type before each argument, arrays filled up to
; words.  Exits with 1 when there is no server, with 2 when it refuses.
	cpu 386
	org 100h
	jmp start

%define CHAR 8
%define INLINE (1 << 28)
%define LONG (1 << 29)
%define GET 601000
%define PUT 601001
%define ANSWER 4200

start:	mov ax, 0d501h		; find it
	mov cx, 3000
	mov si, server
	int 2fh
	mov dx, no_server
	mov bp, 1
	jc fail
	mov si, 81h
	call blanks
	mov al, [si]
	mov [command], al
	mov di, request		; what is not needed of the word goes to where the key will be
	call word_to
	call blanks
	mov di, key
	call word_to
	sub di, key
	movzx eax, di
	shl eax, 16
	or eax, INLINE | 8 << 8 | CHAR
	mov [key_type], eax
	add di, key
	call fill_up
	mov dword [request], GET
	cmp byte [command], 'p'
	jne send
	mov dword [request], PUT
	call blanks
	mov dword [di], INLINE | LONG
	mov dword [di + 4], 8 << 16 | CHAR
	lea bx, [di + 8]	; the number of bytes
	add di, 12
	push di
.value:	lodsb
	cmp al, 13
	je .end
	stosb
	jmp .value
.end:	pop ax
	neg ax
	add ax, di
	movzx eax, ax
	mov [bx], eax
	call fill_up

send:	mov ax, 0d502h
	mov bx, 1
	lea cx, [di - (key_type - $$) - 100h]
	mov si, request
	mov di, answer
	mov dx, ANSWER
	int 2fh
	mov dx, lost
	mov bp, 1
	jc fail
	cmp dword [answer + 8], 0	; its result
	mov dx, refused
	mov bp, 2
	jne fail
	cmp byte [command], 'p'
	je done
	mov cx, [answer + 20]	; the number of bytes, which are behind it
	mov dx, answer + 24
	mov bx, 1
	mov ah, 40h
	int 21h
done:	mov ax, 4c00h
	int 21h

fail:	mov ah, 9
	int 21h
	mov ax, bp
	mov ah, 4ch
	int 21h

blanks:	lodsb
	cmp al, ' '
	je blanks
	dec si
	ret

; From si to di, up to a blank or the end.
word_to:
	lodsb
	cmp al, ' '
	je .end
	cmp al, 13
	je .end
	stosb
	jmp word_to
.end:	dec si
	ret

; To the next word: as many bytes as the message has there.
fill_up:
	test di, 3
	jz .end
	mov byte [di], 0
	inc di
	jmp fill_up
.end:	ret

server	db 'example', 0
no_server db 'there is no store', 13, 10, '$'
lost	db 'the store is gone', 13, 10, '$'
refused	db 'the store refuses', 13, 10, '$'
command	db 0
	align 4
request	dd 0
key_type dd 0
key:
answer	equ key + 512
