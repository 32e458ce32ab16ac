// No C library at all: write and exit by system call, in an ET_EXEC file.
	.globl _start
	.text
_start:
	mov x0, #1
	adr x1, text
	mov x2, #(end - text)
	mov x8, #64		// write
	svc #0
	mov x0, #0
	mov x8, #94		// exit_group
	svc #0
	brk #1
	.section .rodata
text:
	.ascii "hello from assembly\n"
end:
	.section .note.GNU-stack, "", %progbits
