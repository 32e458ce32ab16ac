// Large System Extensions: atomic read-modify-write in one instruction (Arm ARM C3.2.12).
// flags: -march=armv8.1-a
#include "table.h"

static void part0(void)
{
	V("ldadd x10, x9, [x11]\n ldr q0, [x11]");
	V("ldadd w10, w9, [x11]\n ldr q0, [x11]");
	V("ldaddb w10, w9, [x11]\n ldr q0, [x11]");
	V("ldaddh w10, w9, [x11]\n ldr q0, [x11]");
	V("ldadda x10, x9, [x11]\n ldr q0, [x11]");
	V("ldadda w10, w9, [x11]\n ldr q0, [x11]");
	V("ldaddl x10, x9, [x11]\n ldr q0, [x11]");
	V("ldaddl w10, w9, [x11]\n ldr q0, [x11]");
	V("ldaddal x10, x9, [x11]\n ldr q0, [x11]");
	V("ldaddal w10, w9, [x11]\n ldr q0, [x11]");
	V("ldaddalb w10, w9, [x11]\n ldr q0, [x11]");
	V("ldaddalh w10, w9, [x11]\n ldr q0, [x11]");
	V("ldclr x10, x9, [x11]\n ldr q0, [x11]");
	V("ldclr w10, w9, [x11]\n ldr q0, [x11]");
	V("ldclrb w10, w9, [x11]\n ldr q0, [x11]");
	V("ldclrh w10, w9, [x11]\n ldr q0, [x11]");
	V("ldclra x10, x9, [x11]\n ldr q0, [x11]");
	V("ldclra w10, w9, [x11]\n ldr q0, [x11]");
	V("ldclrl x10, x9, [x11]\n ldr q0, [x11]");
	V("ldclrl w10, w9, [x11]\n ldr q0, [x11]");
	V("ldclral x10, x9, [x11]\n ldr q0, [x11]");
	V("ldclral w10, w9, [x11]\n ldr q0, [x11]");
	V("ldclralb w10, w9, [x11]\n ldr q0, [x11]");
	V("ldclralh w10, w9, [x11]\n ldr q0, [x11]");
	V("ldeor x10, x9, [x11]\n ldr q0, [x11]");
	V("ldeor w10, w9, [x11]\n ldr q0, [x11]");
	V("ldeorb w10, w9, [x11]\n ldr q0, [x11]");
	V("ldeorh w10, w9, [x11]\n ldr q0, [x11]");
	V("ldeora x10, x9, [x11]\n ldr q0, [x11]");
	V("ldeora w10, w9, [x11]\n ldr q0, [x11]");
	V("ldeorl x10, x9, [x11]\n ldr q0, [x11]");
	V("ldeorl w10, w9, [x11]\n ldr q0, [x11]");
	V("ldeoral x10, x9, [x11]\n ldr q0, [x11]");
	V("ldeoral w10, w9, [x11]\n ldr q0, [x11]");
	V("ldeoralb w10, w9, [x11]\n ldr q0, [x11]");
	V("ldeoralh w10, w9, [x11]\n ldr q0, [x11]");
	V("ldset x10, x9, [x11]\n ldr q0, [x11]");
	V("ldset w10, w9, [x11]\n ldr q0, [x11]");
	V("ldsetb w10, w9, [x11]\n ldr q0, [x11]");
	V("ldseth w10, w9, [x11]\n ldr q0, [x11]");
}

static void part1(void)
{
	V("ldseta x10, x9, [x11]\n ldr q0, [x11]");
	V("ldseta w10, w9, [x11]\n ldr q0, [x11]");
	V("ldsetl x10, x9, [x11]\n ldr q0, [x11]");
	V("ldsetl w10, w9, [x11]\n ldr q0, [x11]");
	V("ldsetal x10, x9, [x11]\n ldr q0, [x11]");
	V("ldsetal w10, w9, [x11]\n ldr q0, [x11]");
	V("ldsetalb w10, w9, [x11]\n ldr q0, [x11]");
	V("ldsetalh w10, w9, [x11]\n ldr q0, [x11]");
	V("ldsmax x10, x9, [x11]\n ldr q0, [x11]");
	V("ldsmax w10, w9, [x11]\n ldr q0, [x11]");
	V("ldsmaxb w10, w9, [x11]\n ldr q0, [x11]");
	V("ldsmaxh w10, w9, [x11]\n ldr q0, [x11]");
	V("ldsmaxa x10, x9, [x11]\n ldr q0, [x11]");
	V("ldsmaxa w10, w9, [x11]\n ldr q0, [x11]");
	V("ldsmaxl x10, x9, [x11]\n ldr q0, [x11]");
	V("ldsmaxl w10, w9, [x11]\n ldr q0, [x11]");
	V("ldsmaxal x10, x9, [x11]\n ldr q0, [x11]");
	V("ldsmaxal w10, w9, [x11]\n ldr q0, [x11]");
	V("ldsmaxalb w10, w9, [x11]\n ldr q0, [x11]");
	V("ldsmaxalh w10, w9, [x11]\n ldr q0, [x11]");
	V("ldsmin x10, x9, [x11]\n ldr q0, [x11]");
	V("ldsmin w10, w9, [x11]\n ldr q0, [x11]");
	V("ldsminb w10, w9, [x11]\n ldr q0, [x11]");
	V("ldsminh w10, w9, [x11]\n ldr q0, [x11]");
	V("ldsmina x10, x9, [x11]\n ldr q0, [x11]");
	V("ldsmina w10, w9, [x11]\n ldr q0, [x11]");
	V("ldsminl x10, x9, [x11]\n ldr q0, [x11]");
	V("ldsminl w10, w9, [x11]\n ldr q0, [x11]");
	V("ldsminal x10, x9, [x11]\n ldr q0, [x11]");
	V("ldsminal w10, w9, [x11]\n ldr q0, [x11]");
	V("ldsminalb w10, w9, [x11]\n ldr q0, [x11]");
	V("ldsminalh w10, w9, [x11]\n ldr q0, [x11]");
	V("ldumax x10, x9, [x11]\n ldr q0, [x11]");
	V("ldumax w10, w9, [x11]\n ldr q0, [x11]");
	V("ldumaxb w10, w9, [x11]\n ldr q0, [x11]");
	V("ldumaxh w10, w9, [x11]\n ldr q0, [x11]");
	V("ldumaxa x10, x9, [x11]\n ldr q0, [x11]");
	V("ldumaxa w10, w9, [x11]\n ldr q0, [x11]");
	V("ldumaxl x10, x9, [x11]\n ldr q0, [x11]");
	V("ldumaxl w10, w9, [x11]\n ldr q0, [x11]");
}

static void part2(void)
{
	V("ldumaxal x10, x9, [x11]\n ldr q0, [x11]");
	V("ldumaxal w10, w9, [x11]\n ldr q0, [x11]");
	V("ldumaxalb w10, w9, [x11]\n ldr q0, [x11]");
	V("ldumaxalh w10, w9, [x11]\n ldr q0, [x11]");
	V("ldumin x10, x9, [x11]\n ldr q0, [x11]");
	V("ldumin w10, w9, [x11]\n ldr q0, [x11]");
	V("lduminb w10, w9, [x11]\n ldr q0, [x11]");
	V("lduminh w10, w9, [x11]\n ldr q0, [x11]");
	V("ldumina x10, x9, [x11]\n ldr q0, [x11]");
	V("ldumina w10, w9, [x11]\n ldr q0, [x11]");
	V("lduminl x10, x9, [x11]\n ldr q0, [x11]");
	V("lduminl w10, w9, [x11]\n ldr q0, [x11]");
	V("lduminal x10, x9, [x11]\n ldr q0, [x11]");
	V("lduminal w10, w9, [x11]\n ldr q0, [x11]");
	V("lduminalb w10, w9, [x11]\n ldr q0, [x11]");
	V("lduminalh w10, w9, [x11]\n ldr q0, [x11]");
	V("swp x10, x9, [x11]\n ldr q0, [x11]");
	V("swp w10, w9, [x11]\n ldr q0, [x11]");
	V("swpb w10, w9, [x11]\n ldr q0, [x11]");
	V("swph w10, w9, [x11]\n ldr q0, [x11]");
	V("swpa x10, x9, [x11]\n ldr q0, [x11]");
	V("swpa w10, w9, [x11]\n ldr q0, [x11]");
	V("swpl x10, x9, [x11]\n ldr q0, [x11]");
	V("swpl w10, w9, [x11]\n ldr q0, [x11]");
	V("swpal x10, x9, [x11]\n ldr q0, [x11]");
	V("swpal w10, w9, [x11]\n ldr q0, [x11]");
	V("swpalb w10, w9, [x11]\n ldr q0, [x11]");
	V("swpalh w10, w9, [x11]\n ldr q0, [x11]");
	V("cas x9, x10, [x11]\n ldr q0, [x11]");
	V("cas w9, w10, [x11]\n ldr q0, [x11]");
	V("casb w9, w10, [x11]\n ldr q0, [x11]");
	V("cash w9, w10, [x11]\n ldr q0, [x11]");
	V("casa x9, x10, [x11]\n ldr q0, [x11]");
	V("casa w9, w10, [x11]\n ldr q0, [x11]");
	V("casab w9, w10, [x11]\n ldr q0, [x11]");
	V("casah w9, w10, [x11]\n ldr q0, [x11]");
	V("casl x9, x10, [x11]\n ldr q0, [x11]");
	V("casl w9, w10, [x11]\n ldr q0, [x11]");
	V("caslb w9, w10, [x11]\n ldr q0, [x11]");
	V("caslh w9, w10, [x11]\n ldr q0, [x11]");
}

static void part3(void)
{
	V("casal x9, x10, [x11]\n ldr q0, [x11]");
	V("casal w9, w10, [x11]\n ldr q0, [x11]");
	V("casalb w9, w10, [x11]\n ldr q0, [x11]");
	V("casalh w9, w10, [x11]\n ldr q0, [x11]");
	V("cas x10, x9, [x11]\n ldr q0, [x11]\n mov x9, x10");
	V("ldr x12, [x11]\n mov x9, x12\n  ldr w9, [x11]\n ldr w12, [x11]\n cas w12, w10, [x11]\n ldr q0, [x11]\n mov x9, x12");
}

int main(int argc, char **argv)
{
	wanted = argc > 1 ? argv[1] : 0;
	integer_operands(4);
	part0();
	part1();
	part2();
	part3();
	return 0;
}
