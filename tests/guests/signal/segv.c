// A fault that nobody handles ends with SIGSEGV.
// exit: 139

int main(void)
{
	*(volatile int *)16 = 1;
}
