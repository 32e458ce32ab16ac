/* A bytecode machine with a switch: indirect branches that depend on data. */
#include <stdint.h>
#include <stdio.h>

enum op { PUSH, ADD, SUB, MUL, XOR, DUP, SWAP, DROP, LOAD, STORE, JUMP_IF, HALT };

static int64_t run(const int32_t *code)
{
	int64_t stack[64], memory[16] = { 0 };
	int64_t *top = stack;
	for (;;) {
		switch (*code++) {
		case PUSH:
			*++top = *code++;
			break;
		case ADD:
			top[-1] += top[0], top--;
			break;
		case SUB:
			top[-1] -= top[0], top--;
			break;
		case MUL:
			top[-1] *= top[0], top--;
			break;
		case XOR:
			top[-1] ^= top[0], top--;
			break;
		case DUP:
			top[1] = top[0], top++;
			break;
		case SWAP: {
			int64_t t = top[0];
			top[0] = top[-1], top[-1] = t;
			break;
		}
		case DROP:
			top--;
			break;
		case LOAD:
			*++top = memory[*code++];
			break;
		case STORE:
			memory[*code++] = *top--;
			break;
		case JUMP_IF:
			code += *top-- ? *code : 1;
			break;
		case HALT:
			return memory[1];
		}
	}
}

int main(void)
{
	/* for (n = 15000000; n; n--) s = (s * 31 + n) ^ 0x55; */
	static const int32_t program[] = {
		PUSH, 15000000, STORE, 0,
		/* loop: */ LOAD, 1, PUSH, 31, MUL, LOAD, 0, ADD, PUSH, 0x55, XOR, STORE, 1,
		LOAD, 0, PUSH, 1, SUB, DUP, STORE, 0, JUMP_IF, -22, HALT,
	};
	printf("%lld\n", (long long)run(program));
}
