// Instructions of the hint space that ARMv8.0 takes as no-ops: BTI, PAC, ESB, and barriers. Registers stay as they are.
	.arch armv8.5-a
	.globl _start
	.text
_start:
	bti c
	mov x30, #0x1234
	mov x29, sp
	mov x17, #5
	mov x16, #6
	paciasp
	autiasp
	pacibsp
	autibsp
	pacia1716
	autia1716
	hint #4
	hint #63
	esb
	csdb
	psb csync
	bti jc
	dmb ishst
	dsb nsh
	isb
	nop
	sevl
	yield
	mov x0, #0
	mov x2, #0x1234
	cmp x30, x2
	cset x1, ne
	orr x0, x0, x1
	xpaclri
	cmp x17, #5
	cset x1, ne
	orr x0, x0, x1, lsl #1
	mov x8, #94
	svc #0
	brk #1
	.section .note.GNU-stack, "", %progbits
