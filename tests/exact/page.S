/*
 * Executes a page of code that a test fills in: with registers that the test chooses, and with handlers that go on
 * behind whatever raises a signal, so that the page is executed to its end. Linux's numbers are those of arm64.
 */
#define SYS_exit_group 94
#define SYS_sigaltstack 132
#define SYS_rt_sigaction 134
/* ucontext_t: pc */
#define UC_PC 0x1b8

	.text
	.globl _start
_start:
	adr	x0, altstack
	mov	x1, #0
	mov	x8, #SYS_sigaltstack
	svc	#0
	adr	x20, signals
1:	ldrb	w0, [x20], #1
	cbz	w0, 2f
	adr	x1, action
	mov	x2, #0
	mov	x3, #8
	mov	x8, #SYS_rt_sigaction
	svc	#0
	b	1b
2:	adrp	x30, vectors
	add	x30, x30, :lo12:vectors
	.irp	n, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
	ldr	q\n, [x30, #16 * \n]
	.endr
	adrp	x30, registers
	add	x30, x30, :lo12:registers
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29
	ldr	x\n, [x30, #8 * \n]
	.endr
	b	page

/* Each signal moves the place to go on by one instruction; behind the last, the program ends. */
handler:
	adrp	x3, reached
	ldr	w4, [x3, #:lo12:reached]
	add	w4, w4, #1
	str	w4, [x3, #:lo12:reached]
	cmp	w4, #1024
	b.hs	3f
	adrp	x5, page
	add	x5, x5, :lo12:page
	add	x5, x5, x4, lsl #2
	str	x5, [x2, #UC_PC]
	ret
3:	mov	x0, #0
	mov	x8, #SYS_exit_group
	svc	#0

	.balign	8
altstack:
	.quad	stack, 0, 65536
action:	/* SA_SIGINFO | SA_ONSTACK | SA_NODEFER */
	.quad	handler, 0x48000004, 0, 0
signals:	/* SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS; none for pages that die of the first */
	.globl	signals
	.byte	4, 5, 7, 8, 11, 31, 0

	.section .page, "awx", %progbits
	.balign	4096
	.globl	page
page:	.fill	1024, 4, 0xd503201f
	.data
	.balign	16
	.globl	vectors
vectors:
	.fill	512, 1, 0
	.globl	registers
registers:
	.fill	32, 8, 0
reached:
	.word	0
	.bss
	.balign	16
stack:	.skip	65536
