// siginfo_t: si_addr to the last bit, whatever the pointer; of one in the lower half without the tag in its top byte.
// oracle: qemu-user says 0 of addresses that it has not
#include "../tap.h"
#include <setjmp.h>
#include <signal.h>
#include <ucontext.h>

static sigjmp_buf back;
static unsigned long address, frame;

static void handler(int signal, siginfo_t *info, void *context)
{
	address = (unsigned long)info->si_addr;
	frame = ((ucontext_t *)context)->uc_mcontext.fault_address;
	siglongjmp(back, signal);
}

int main(void)
{
	static const unsigned long pointers[][2] = {
		{ 0xdeadbeefdeadbeef, 0xdeadbeefdeadbeef }, { 0x4141414141414141, 0x0041414141414141 },
		{ 0x0041414141414143, 0x0041414141414143 }, { 0xfffffffffffffff1, 0xfffffffffffffff1 },
		{ 0xffadbeefdeadbeef, 0xffadbeefdeadbeef }, { 0x1200000000000123, 0x123 },
		{ 0x000f123456789abd, 0x000f123456789abd }, { 0x0000414141414141, 0x0000414141414141 },
	};
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO };
	sigaction(SIGSEGV, &action, 0);
	for (volatile unsigned i = 0; i < sizeof pointers / sizeof pointers[0]; i++) {
		int signal = sigsetjmp(back, 1);
		if (signal == 0)
			*(volatile char *)pointers[i][0] = 1;
		is(signal, SIGSEGV, "a store");
		is(address, pointers[i][1], "its address");
		is(frame, pointers[i][1], "also in the frame");
		signal = sigsetjmp(back, 1);
		if (signal == 0)
			((void (*)(void))(pointers[i][0] & ~3ul))();
		is(signal, SIGSEGV, "a call");
		is(address, pointers[i][1] & ~3ul, "its address");
	}
	return done();
}
