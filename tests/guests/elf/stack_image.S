// The first instruction sees argc at an aligned stack pointer, argv and envp ended by NULL, then the auxiliary vector
// (System V ABI for AArch64). Exit status counts what is wrong.
// args: one two
	.globl _start
	.text
_start:
	mov x19, #0		// errors
	mov x20, sp
	tst x20, #15
	cinc x19, x19, ne
	ldr x21, [x20]		// argc
	cmp x21, #3
	cinc x19, x19, ne
	add x22, x20, #8	// argv
	ldr x23, [x22, x21, lsl #3]
	cmp x23, #0
	cinc x19, x19, ne
	ldr x23, [x22, #8]	// argv[1] is "one"
	ldr w24, [x23]
	ldr w25, one
	cmp w24, w25
	cinc x19, x19, ne
	add x22, x22, x21, lsl #3
	add x22, x22, #8	// envp
1:	ldr x23, [x22], #8
	cbnz x23, 1b
	mov x26, #0		// pairs seen: AT_PAGESZ is 4096, AT_ENTRY is _start
2:	ldp x23, x24, [x22], #16
	cbz x23, 4f
	cmp x23, #6
	b.ne 3f
	cmp x24, #4096
	cinc x26, x26, eq
3:	cmp x23, #9
	b.ne 2b
	adr x25, _start
	cmp x24, x25
	cinc x26, x26, eq
	b 2b
4:	cmp x26, #2
	cinc x19, x19, ne
	mov x0, x19
	mov x8, #93		// exit
	svc #0
	brk #1
	.balign 4
one:	.asciz "one"
	.section .note.GNU-stack, "", %progbits
