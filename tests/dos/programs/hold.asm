; Prints a character and waits for one.
	org 100h
	mov ax, 0221h
	mov dl, '!'
	int 21h
	mov ah, 8
	int 21h
	mov ax, 4c00h
	int 21h
