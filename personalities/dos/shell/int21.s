! What the shell needs and C cannot say (as86, for the tiny model: all segments are one).
.text

! int int21(struct registers *r): ax bx cx dx si di es in and out; 0, or the error code behind carry.
.globl _int21
_int21:
	push	bp
	mov	bp,sp
	push	si
	push	di
	mov	bx,4[bp]
	mov	ax,[bx]
	mov	cx,4[bx]
	mov	dx,6[bx]
	mov	si,8[bx]
	mov	di,10[bx]
	mov	es,12[bx]
	mov	bx,2[bx]
	int	0x21
	pushf
	push	bx
	mov	bx,4[bp]
	mov	[bx],ax
	pop	ax
	mov	2[bx],ax
	mov	4[bx],cx
	mov	6[bx],dx
	mov	8[bx],si
	mov	10[bx],di
	mov	12[bx],es
	mov	cx,[bx]
	xor	ax,ax
	popf
	jnc	int21_ok
	mov	ax,cx
int21_ok:
	push	ds
	pop	es
	pop	di
	pop	si
	pop	bp
	ret

! void far_write(unsigned segment, unsigned offset, char *from, unsigned n)
.globl _far_write
_far_write:
	push	bp
	mov	bp,sp
	push	si
	push	di
	mov	es,4[bp]
	mov	di,6[bp]
	mov	si,8[bp]
	mov	cx,10[bp]
	cld
	rep
	movsb
	push	ds
	pop	es
	pop	di
	pop	si
	pop	bp
	ret

! void far_read(char *to, unsigned segment, unsigned offset, unsigned n)
.globl _far_read
_far_read:
	push	bp
	mov	bp,sp
	push	si
	push	di
	mov	di,4[bp]
	mov	si,8[bp]
	mov	cx,10[bp]
	mov	ax,6[bp]
	push	ds
	mov	ds,ax
	cld
	rep
	movsb
	pop	ds
	pop	di
	pop	si
	pop	bp
	ret

! unsigned own_segment(void)
.globl _own_segment
_own_segment:
	mov	ax,cs
	ret

! void clear_screen(void): mode 3.
.globl _clear_screen
_clear_screen:
	push	bp
	mov	ax,#3
	int	0x10
	pop	bp
	ret

! INT 23h while the shell itself runs: whatever it did is given up.
.globl _on_break
_on_break:
	push	cs
	pop	ds
	push	cs
	pop	es
	cld
	sti
	call	_broken

! INT 24h, also of the programs that it runs: on the stack of whoever made the call.
.globl _on_critical
_on_critical:
	push	ds
	push	bx
	push	dx
	push	cs
	pop	ds
	add	al,#65
	mov	critical_drive,al
	mov	dx,#critical_text
	test	ah,#0x80
	jz	critical_show
	mov	dx,#critical_device
critical_show:
	mov	ah,#9
	int	0x21
critical_ask:
	mov	dx,#critical_question
	mov	ah,#9
	int	0x21
	mov	ah,#1
	int	0x21
	or	al,#0x20
	mov	dl,#1
	cmp	al,#114
	je	critical_answer
	inc	dl
	cmp	al,#97
	je	critical_answer
	inc	dl
	cmp	al,#102
	jne	critical_ask
critical_answer:
	push	dx
	mov	dx,#critical_end
	mov	ah,#9
	int	0x21
	pop	dx
	mov	al,dl
	pop	dx
	pop	bx
	pop	ds
	iret

.data
critical_text:
	.ascii	"\r\nError on drive "
critical_drive:
	.ascii	"C$"
critical_device:
	.ascii	"\r\nError on a device$"
critical_question:
	.ascii	"\r\nAbort, Retry, Fail? $"
critical_end:
	.ascii	"\r\n$"
