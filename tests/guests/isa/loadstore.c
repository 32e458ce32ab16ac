// Loads and stores: sizes, sign extension, addressing modes, pairs, exclusives, acquire and release, vector structures.
#include "table.h"

static void part0(void)
{
	V("ldr x9, [x11]");
	V("ldr x9, [x11, #8]");
	V("ldr x9, [x11], #5\n  add x9, x9, x11\n  sub x9, x9, x11");
	V("ldr x9, [x11, #7]!");
	V("and x12, x10, #15\n ldr x9, [x11, x12]");
	V("and w12, w10, #15\n ldr x9, [x11, w12, uxtw]");
	V("mov w12, #-1\n  add x11, x11, #8\n ldr x9, [x11, w12, sxtw]");
	V("ldr w9, [x11]");
	V("ldr w9, [x11, #8]");
	V("ldr w9, [x11], #5\n  add x9, x9, x11\n  sub x9, x9, x11");
	V("ldr w9, [x11, #7]!");
	V("and x12, x10, #15\n ldr w9, [x11, x12]");
	V("and w12, w10, #15\n ldr w9, [x11, w12, uxtw]");
	V("mov w12, #-1\n  add x11, x11, #8\n ldr w9, [x11, w12, sxtw]");
	V("ldrb w9, [x11]");
	V("ldrb w9, [x11, #8]");
	V("ldrb w9, [x11], #5\n  add x9, x9, x11\n  sub x9, x9, x11");
	V("ldrb w9, [x11, #7]!");
	V("and x12, x10, #15\n ldrb w9, [x11, x12]");
	V("and w12, w10, #15\n ldrb w9, [x11, w12, uxtw]");
	V("mov w12, #-1\n  add x11, x11, #8\n ldrb w9, [x11, w12, sxtw]");
	V("ldrh w9, [x11]");
	V("ldrh w9, [x11, #8]");
	V("ldrh w9, [x11], #5\n  add x9, x9, x11\n  sub x9, x9, x11");
	V("ldrh w9, [x11, #7]!");
	V("and x12, x10, #15\n ldrh w9, [x11, x12]");
	V("and w12, w10, #15\n ldrh w9, [x11, w12, uxtw]");
	V("mov w12, #-1\n  add x11, x11, #8\n ldrh w9, [x11, w12, sxtw]");
	V("ldrsb x9, [x11]");
	V("ldrsb x9, [x11, #8]");
	V("ldrsb x9, [x11], #5\n  add x9, x9, x11\n  sub x9, x9, x11");
	V("ldrsb x9, [x11, #7]!");
	V("and x12, x10, #15\n ldrsb x9, [x11, x12]");
	V("and w12, w10, #15\n ldrsb x9, [x11, w12, uxtw]");
	V("mov w12, #-1\n  add x11, x11, #8\n ldrsb x9, [x11, w12, sxtw]");
	V("ldrsb w9, [x11]");
	V("ldrsb w9, [x11, #8]");
	V("ldrsb w9, [x11], #5\n  add x9, x9, x11\n  sub x9, x9, x11");
	V("ldrsb w9, [x11, #7]!");
	V("and x12, x10, #15\n ldrsb w9, [x11, x12]");
}

static void part1(void)
{
	V("and w12, w10, #15\n ldrsb w9, [x11, w12, uxtw]");
	V("mov w12, #-1\n  add x11, x11, #8\n ldrsb w9, [x11, w12, sxtw]");
	V("ldrsh x9, [x11]");
	V("ldrsh x9, [x11, #8]");
	V("ldrsh x9, [x11], #5\n  add x9, x9, x11\n  sub x9, x9, x11");
	V("ldrsh x9, [x11, #7]!");
	V("and x12, x10, #15\n ldrsh x9, [x11, x12]");
	V("and w12, w10, #15\n ldrsh x9, [x11, w12, uxtw]");
	V("mov w12, #-1\n  add x11, x11, #8\n ldrsh x9, [x11, w12, sxtw]");
	V("ldrsh w9, [x11]");
	V("ldrsh w9, [x11, #8]");
	V("ldrsh w9, [x11], #5\n  add x9, x9, x11\n  sub x9, x9, x11");
	V("ldrsh w9, [x11, #7]!");
	V("and x12, x10, #15\n ldrsh w9, [x11, x12]");
	V("and w12, w10, #15\n ldrsh w9, [x11, w12, uxtw]");
	V("mov w12, #-1\n  add x11, x11, #8\n ldrsh w9, [x11, w12, sxtw]");
	V("ldrsw x9, [x11]");
	V("ldrsw x9, [x11, #8]");
	V("ldrsw x9, [x11], #5\n  add x9, x9, x11\n  sub x9, x9, x11");
	V("ldrsw x9, [x11, #7]!");
	V("and x12, x10, #15\n ldrsw x9, [x11, x12]");
	V("and w12, w10, #15\n ldrsw x9, [x11, w12, uxtw]");
	V("mov w12, #-1\n  add x11, x11, #8\n ldrsw x9, [x11, w12, sxtw]");
	V("ldur x9, [x11, #3]");
	V("ldur x9, [x11, #17]");
	V("ldurb w9, [x11, #3]");
	V("ldurb w9, [x11, #17]");
	V("ldursh x9, [x11, #3]");
	V("ldursh x9, [x11, #17]");
	V("ldursw x9, [x11, #3]");
	V("ldursw x9, [x11, #17]");
	V("ldtr x9, [x11, #3]");
	V("ldtr x9, [x11, #17]");
	V("ldtrb w9, [x11, #3]");
	V("ldtrb w9, [x11, #17]");
	V("ldtrsw x9, [x11, #3]");
	V("ldtrsw x9, [x11, #17]");
	V("str x9, [x11, #8]\n ldr q0, [x11, #0]\n ldr x9, [x11, #8]");
	V("str w9, [x11, #8]\n ldr q0, [x11, #0]\n ldr x9, [x11, #8]");
	V("strb w9, [x11, #8]\n ldr q0, [x11, #0]\n ldr x9, [x11, #8]");
}

static void part2(void)
{
	V("strh w9, [x11, #8]\n ldr q0, [x11, #0]\n ldr x9, [x11, #8]");
	V("stur x9, [x11, #8]\n ldr q0, [x11, #0]\n ldr x9, [x11, #8]");
	V("stlr x9, [x11]\n ldr q0, [x11, #0]\n ldr x9, [x11, #8]");
	V("stlrb w9, [x11]\n ldr q0, [x11, #0]\n ldr x9, [x11, #8]");
	V("stlrh w9, [x11]\n ldr q0, [x11, #0]\n ldr x9, [x11, #8]");
	V("stlr w9, [x11]\n ldr q0, [x11, #0]\n ldr x9, [x11, #8]");
	V("ldp x9, x12, [x11, #8]\n add x9, x9, x12");
	V("ldp w9, w12, [x11], #16\n add x9, x9, x12");
	V("ldpsw x9, x12, [x11, #4]\n eor x9, x9, x12");
	V("stp x10, x9, [x11, #16]!\n ldr q0, [x11]");
	V("stp w10, w9, [x11], #8\n ldr q0, [x11, #-8]");
	V("ldnp x9, x12, [x11, #16]\n eor x9, x9, x12");
	V("stnp x9, x10, [x11]\n ldr q0, [x11]");
	V("ldar x9, [x11]");
	V("ldarb w9, [x11]");
	V("ldarh w9, [x11]");
	V("ldar w9, [x11]");
	V("1: ldxr x9, [x11]\n  add x9, x9, x10\n  stxr w12, x9, [x11]\n  cbnz w12, 1b\n  ldr q0, [x11]");
	V("1: ldaxr x9, [x11]\n  eor x9, x9, x10\n  stlxr w12, x9, [x11]\n  cbnz w12, 1b\n  ldr q0, [x11]");
	V("ldxr x9, [x11]\n  clrex\n  stxr w9, x10, [x11]\n  ldr q0, [x11]");
	V("stxr w9, x10, [x11]\n  ldr q0, [x11]");
	V("1: ldxr w9, [x11]\n  add w9, w9, w10\n  stxr w12, w9, [x11]\n  cbnz w12, 1b\n  ldr q0, [x11]");
	V("1: ldaxr w9, [x11]\n  eor w9, w9, w10\n  stlxr w12, w9, [x11]\n  cbnz w12, 1b\n  ldr q0, [x11]");
	V("ldxr w9, [x11]\n  clrex\n  stxr w9, w10, [x11]\n  ldr q0, [x11]");
	V("stxr w9, w10, [x11]\n  ldr q0, [x11]");
	V("1: ldxrb w9, [x11]\n  add w9, w9, w10\n  stxrb w12, w9, [x11]\n  cbnz w12, 1b\n  ldr q0, [x11]");
	V("1: ldaxrh w9, [x11]\n  add w9, w9, w10\n  stlxrh w12, w9, [x11]\n  cbnz w12, 1b\n  ldr q0, [x11]");
	V("1: ldxp x9, x12, [x11]\n  add x9, x9, x10\n  stxp w10, x12, x9, [x11]\n  cbnz w10, 1b\n  ldr q0, [x11]");
	V("1: ldaxp w9, w12, [x11]\n  add w9, w9, w10\n  stlxp w10, w12, w9, [x11]\n  cbnz w10, 1b\n  ldr q0, [x11]");
	V("ldr b0, [x11, #16]");
	V("ldur b0, [x11, #5]");
	V("ldr b0, [x11], #9");
	V("and x12, x10, #15\n ldr b0, [x11, x12]");
	V("str b1, [x11, #16]\n ldr q0, [x11, #16]");
	V("stur b2, [x11, #3]\n ldr q0, [x11]");
	V("ldr h0, [x11, #16]");
	V("ldur h0, [x11, #5]");
	V("ldr h0, [x11], #9");
	V("and x12, x10, #15\n ldr h0, [x11, x12]");
	V("str h1, [x11, #16]\n ldr q0, [x11, #16]");
}

static void part3(void)
{
	V("stur h2, [x11, #3]\n ldr q0, [x11]");
	V("ldr s0, [x11, #16]");
	V("ldur s0, [x11, #5]");
	V("ldr s0, [x11], #9");
	V("and x12, x10, #15\n ldr s0, [x11, x12]");
	V("str s1, [x11, #16]\n ldr q0, [x11, #16]");
	V("stur s2, [x11, #3]\n ldr q0, [x11]");
	V("ldr d0, [x11, #16]");
	V("ldur d0, [x11, #5]");
	V("ldr d0, [x11], #9");
	V("and x12, x10, #15\n ldr d0, [x11, x12]");
	V("str d1, [x11, #16]\n ldr q0, [x11, #16]");
	V("stur d2, [x11, #3]\n ldr q0, [x11]");
	V("ldr q0, [x11, #16]");
	V("ldur q0, [x11, #5]");
	V("ldr q0, [x11], #9");
	V("and x12, x10, #15\n ldr q0, [x11, x12]");
	V("str q1, [x11, #16]\n ldr q0, [x11, #16]");
	V("stur q2, [x11, #3]\n ldr q0, [x11]");
	V("ldp s0, s4, [x11, #4]\n eor v0.16b, v0.16b, v4.16b");
	V("stp s2, s1, [x11, #4]\n ldr q0, [x11, #4]");
	V("ldp s0, s4, [x11], #4\n eor v0.16b, v0.16b, v4.16b");
	V("ldp d0, d4, [x11, #8]\n eor v0.16b, v0.16b, v4.16b");
	V("stp d2, d1, [x11, #8]\n ldr q0, [x11, #8]");
	V("ldp d0, d4, [x11], #8\n eor v0.16b, v0.16b, v4.16b");
	V("ldp q0, q4, [x11, #16]\n eor v0.16b, v0.16b, v4.16b");
	V("stp q2, q1, [x11, #16]\n ldr q0, [x11, #16]");
	V("ldp q0, q4, [x11], #16\n eor v0.16b, v0.16b, v4.16b");
	V("ld1 {v0.8b}, [x11]");
	V("ld1r {v0.8b}, [x11]");
	V("mov v3.16b, v1.16b\n mov v4.16b, v2.16b\n mov v5.16b, v1.16b\n ld1 {v3.8b, v4.8b, v5.8b}, [x11]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("mov v5.16b, v1.16b\n ld2 {v3.8b, v4.8b}, [x11]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("ld3 {v3.8b, v4.8b, v5.8b}, [x11], #24\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("ld4 {v2.8b, v3.8b, v4.8b, v5.8b}, [x11]\n eor v0.16b, v0.16b, v2.16b\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st2 {v1.8b, v2.8b}, [x11]\n ldp q0, q3, [x11]\n ext v3.16b, v3.16b, v3.16b, #1\n eor v0.16b, v0.16b, v3.16b");
	V("st3 {v0.8b, v1.8b, v2.8b}, [x11]\n ldp q0, q3, [x11]\n ldr q4, [x11, #32]\n mov v5.16b, v3.16b\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st4 {v0.8b, v1.8b, v2.8b, v3.8b}, [x11]\n ldp q0, q3, [x11]\n ldp q4, q5, [x11, #32]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st1 {v1.8b, v2.8b}, [x11]\n ldp q0, q3, [x11]\n ext v3.16b, v3.16b, v3.16b, #1\n eor v0.16b, v0.16b, v3.16b");
	V("ld1 {v0.16b}, [x11]");
	V("ld1r {v0.16b}, [x11]");
}

static void part4(void)
{
	V("mov v3.16b, v1.16b\n mov v4.16b, v2.16b\n mov v5.16b, v1.16b\n ld1 {v3.16b, v4.16b, v5.16b}, [x11]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("mov v5.16b, v1.16b\n ld2 {v3.16b, v4.16b}, [x11]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("ld3 {v3.16b, v4.16b, v5.16b}, [x11], #48\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("ld4 {v2.16b, v3.16b, v4.16b, v5.16b}, [x11]\n eor v0.16b, v0.16b, v2.16b\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st2 {v1.16b, v2.16b}, [x11]\n ldp q0, q3, [x11]\n ext v3.16b, v3.16b, v3.16b, #1\n eor v0.16b, v0.16b, v3.16b");
	V("st3 {v0.16b, v1.16b, v2.16b}, [x11]\n ldp q0, q3, [x11]\n ldr q4, [x11, #32]\n mov v5.16b, v3.16b\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st4 {v0.16b, v1.16b, v2.16b, v3.16b}, [x11]\n ldp q0, q3, [x11]\n ldp q4, q5, [x11, #32]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st1 {v1.16b, v2.16b}, [x11]\n ldp q0, q3, [x11]\n ext v3.16b, v3.16b, v3.16b, #1\n eor v0.16b, v0.16b, v3.16b");
	V("ld1 {v0.4h}, [x11]");
	V("ld1r {v0.4h}, [x11]");
	V("mov v3.16b, v1.16b\n mov v4.16b, v2.16b\n mov v5.16b, v1.16b\n ld1 {v3.4h, v4.4h, v5.4h}, [x11]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("mov v5.16b, v1.16b\n ld2 {v3.4h, v4.4h}, [x11]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("ld3 {v3.4h, v4.4h, v5.4h}, [x11], #24\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("ld4 {v2.4h, v3.4h, v4.4h, v5.4h}, [x11]\n eor v0.16b, v0.16b, v2.16b\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st2 {v1.4h, v2.4h}, [x11]\n ldp q0, q3, [x11]\n ext v3.16b, v3.16b, v3.16b, #1\n eor v0.16b, v0.16b, v3.16b");
	V("st3 {v0.4h, v1.4h, v2.4h}, [x11]\n ldp q0, q3, [x11]\n ldr q4, [x11, #32]\n mov v5.16b, v3.16b\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st4 {v0.4h, v1.4h, v2.4h, v3.4h}, [x11]\n ldp q0, q3, [x11]\n ldp q4, q5, [x11, #32]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st1 {v1.4h, v2.4h}, [x11]\n ldp q0, q3, [x11]\n ext v3.16b, v3.16b, v3.16b, #1\n eor v0.16b, v0.16b, v3.16b");
	V("ld1 {v0.8h}, [x11]");
	V("ld1r {v0.8h}, [x11]");
	V("mov v3.16b, v1.16b\n mov v4.16b, v2.16b\n mov v5.16b, v1.16b\n ld1 {v3.8h, v4.8h, v5.8h}, [x11]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("mov v5.16b, v1.16b\n ld2 {v3.8h, v4.8h}, [x11]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("ld3 {v3.8h, v4.8h, v5.8h}, [x11], #48\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("ld4 {v2.8h, v3.8h, v4.8h, v5.8h}, [x11]\n eor v0.16b, v0.16b, v2.16b\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st2 {v1.8h, v2.8h}, [x11]\n ldp q0, q3, [x11]\n ext v3.16b, v3.16b, v3.16b, #1\n eor v0.16b, v0.16b, v3.16b");
	V("st3 {v0.8h, v1.8h, v2.8h}, [x11]\n ldp q0, q3, [x11]\n ldr q4, [x11, #32]\n mov v5.16b, v3.16b\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st4 {v0.8h, v1.8h, v2.8h, v3.8h}, [x11]\n ldp q0, q3, [x11]\n ldp q4, q5, [x11, #32]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st1 {v1.8h, v2.8h}, [x11]\n ldp q0, q3, [x11]\n ext v3.16b, v3.16b, v3.16b, #1\n eor v0.16b, v0.16b, v3.16b");
	V("ld1 {v0.2s}, [x11]");
	V("ld1r {v0.2s}, [x11]");
	V("mov v3.16b, v1.16b\n mov v4.16b, v2.16b\n mov v5.16b, v1.16b\n ld1 {v3.2s, v4.2s, v5.2s}, [x11]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("mov v5.16b, v1.16b\n ld2 {v3.2s, v4.2s}, [x11]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("ld3 {v3.2s, v4.2s, v5.2s}, [x11], #24\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("ld4 {v2.2s, v3.2s, v4.2s, v5.2s}, [x11]\n eor v0.16b, v0.16b, v2.16b\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st2 {v1.2s, v2.2s}, [x11]\n ldp q0, q3, [x11]\n ext v3.16b, v3.16b, v3.16b, #1\n eor v0.16b, v0.16b, v3.16b");
	V("st3 {v0.2s, v1.2s, v2.2s}, [x11]\n ldp q0, q3, [x11]\n ldr q4, [x11, #32]\n mov v5.16b, v3.16b\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st4 {v0.2s, v1.2s, v2.2s, v3.2s}, [x11]\n ldp q0, q3, [x11]\n ldp q4, q5, [x11, #32]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st1 {v1.2s, v2.2s}, [x11]\n ldp q0, q3, [x11]\n ext v3.16b, v3.16b, v3.16b, #1\n eor v0.16b, v0.16b, v3.16b");
	V("ld1 {v0.4s}, [x11]");
	V("ld1r {v0.4s}, [x11]");
}

static void part5(void)
{
	V("mov v3.16b, v1.16b\n mov v4.16b, v2.16b\n mov v5.16b, v1.16b\n ld1 {v3.4s, v4.4s, v5.4s}, [x11]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("mov v5.16b, v1.16b\n ld2 {v3.4s, v4.4s}, [x11]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("ld3 {v3.4s, v4.4s, v5.4s}, [x11], #48\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("ld4 {v2.4s, v3.4s, v4.4s, v5.4s}, [x11]\n eor v0.16b, v0.16b, v2.16b\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st2 {v1.4s, v2.4s}, [x11]\n ldp q0, q3, [x11]\n ext v3.16b, v3.16b, v3.16b, #1\n eor v0.16b, v0.16b, v3.16b");
	V("st3 {v0.4s, v1.4s, v2.4s}, [x11]\n ldp q0, q3, [x11]\n ldr q4, [x11, #32]\n mov v5.16b, v3.16b\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st4 {v0.4s, v1.4s, v2.4s, v3.4s}, [x11]\n ldp q0, q3, [x11]\n ldp q4, q5, [x11, #32]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st1 {v1.4s, v2.4s}, [x11]\n ldp q0, q3, [x11]\n ext v3.16b, v3.16b, v3.16b, #1\n eor v0.16b, v0.16b, v3.16b");
	V("ld1 {v0.1d}, [x11]");
	V("ld1r {v0.1d}, [x11]");
	V("mov v3.16b, v1.16b\n mov v4.16b, v2.16b\n mov v5.16b, v1.16b\n ld1 {v3.1d, v4.1d, v5.1d}, [x11]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st1 {v1.1d, v2.1d}, [x11]\n ldp q0, q3, [x11]\n ext v3.16b, v3.16b, v3.16b, #1\n eor v0.16b, v0.16b, v3.16b");
	V("ld1 {v0.2d}, [x11]");
	V("ld1r {v0.2d}, [x11]");
	V("mov v3.16b, v1.16b\n mov v4.16b, v2.16b\n mov v5.16b, v1.16b\n ld1 {v3.2d, v4.2d, v5.2d}, [x11]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("mov v5.16b, v1.16b\n ld2 {v3.2d, v4.2d}, [x11]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("ld3 {v3.2d, v4.2d, v5.2d}, [x11], #48\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("ld4 {v2.2d, v3.2d, v4.2d, v5.2d}, [x11]\n eor v0.16b, v0.16b, v2.16b\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st2 {v1.2d, v2.2d}, [x11]\n ldp q0, q3, [x11]\n ext v3.16b, v3.16b, v3.16b, #1\n eor v0.16b, v0.16b, v3.16b");
	V("st3 {v0.2d, v1.2d, v2.2d}, [x11]\n ldp q0, q3, [x11]\n ldr q4, [x11, #32]\n mov v5.16b, v3.16b\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st4 {v0.2d, v1.2d, v2.2d, v3.2d}, [x11]\n ldp q0, q3, [x11]\n ldp q4, q5, [x11, #32]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st1 {v1.2d, v2.2d}, [x11]\n ldp q0, q3, [x11]\n ext v3.16b, v3.16b, v3.16b, #1\n eor v0.16b, v0.16b, v3.16b");
	V("ld1 {v0.b}[11], [x11]");
	V("st1 {v1.b}[11], [x11]\n ldr q0, [x11]");
	V("mov v3.16b, v1.16b\n mov v4.16b, v2.16b\n mov v5.16b, v2.16b\n ld2 {v3.b, v4.b}[11], [x11]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("mov v3.16b, v1.16b\n mov v4.16b, v2.16b\n mov v5.16b, v2.16b\n ld3 {v3.b, v4.b, v5.b}[11], [x11]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st4 {v0.b, v1.b, v2.b, v3.b}[11], [x11]\n ldp q0, q3, [x11]\n mov v4.16b, v1.16b\n mov v5.16b, v2.16b\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("mov x12, #3\n ld1 {v0.b}[0], [x11], x12\n sub x9, x11, x12\n ldr x9, [x9]");
	V("ld1 {v0.h}[5], [x11]");
	V("st1 {v1.h}[5], [x11]\n ldr q0, [x11]");
	V("mov v3.16b, v1.16b\n mov v4.16b, v2.16b\n mov v5.16b, v2.16b\n ld2 {v3.h, v4.h}[5], [x11]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("mov v3.16b, v1.16b\n mov v4.16b, v2.16b\n mov v5.16b, v2.16b\n ld3 {v3.h, v4.h, v5.h}[5], [x11]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st4 {v0.h, v1.h, v2.h, v3.h}[5], [x11]\n ldp q0, q3, [x11]\n mov v4.16b, v1.16b\n mov v5.16b, v2.16b\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("mov x12, #3\n ld1 {v0.h}[0], [x11], x12\n sub x9, x11, x12\n ldr x9, [x9]");
	V("ld1 {v0.s}[2], [x11]");
	V("st1 {v1.s}[2], [x11]\n ldr q0, [x11]");
	V("mov v3.16b, v1.16b\n mov v4.16b, v2.16b\n mov v5.16b, v2.16b\n ld2 {v3.s, v4.s}[2], [x11]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("mov v3.16b, v1.16b\n mov v4.16b, v2.16b\n mov v5.16b, v2.16b\n ld3 {v3.s, v4.s, v5.s}[2], [x11]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st4 {v0.s, v1.s, v2.s, v3.s}[2], [x11]\n ldp q0, q3, [x11]\n mov v4.16b, v1.16b\n mov v5.16b, v2.16b\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("mov x12, #3\n ld1 {v0.s}[0], [x11], x12\n sub x9, x11, x12\n ldr x9, [x9]");
}

static void part6(void)
{
	V("ld1 {v0.d}[1], [x11]");
	V("st1 {v1.d}[1], [x11]\n ldr q0, [x11]");
	V("mov v3.16b, v1.16b\n mov v4.16b, v2.16b\n mov v5.16b, v2.16b\n ld2 {v3.d, v4.d}[1], [x11]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("mov v3.16b, v1.16b\n mov v4.16b, v2.16b\n mov v5.16b, v2.16b\n ld3 {v3.d, v4.d, v5.d}[1], [x11]\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("st4 {v0.d, v1.d, v2.d, v3.d}[1], [x11]\n ldp q0, q3, [x11]\n mov v4.16b, v1.16b\n mov v5.16b, v2.16b\n eor v0.16b, v0.16b, v3.16b\n ext v0.16b, v0.16b, v0.16b, #3\n eor v0.16b, v0.16b, v4.16b\n ext v0.16b, v0.16b, v0.16b, #5\n eor v0.16b, v0.16b, v5.16b");
	V("mov x12, #3\n ld1 {v0.d}[0], [x11], x12\n sub x9, x11, x12\n ldr x9, [x9]");
	V("prfm pldl1keep, [x11]");
	V("dmb ish");
	V("dsb sy");
	V("isb");
	V("nop");
	V("yield");
	V("hint #20");
	V("mov x12, x11\n and x12, x12, #-64\n dmb ishld");
}

int main(int argc, char **argv)
{
	wanted = argc > 1 ? argv[1] : 0;
	integer_operands(2);
	part0();
	part1();
	part2();
	part3();
	part4();
	part5();
	part6();
	return 0;
}
