// Integer data processing: every instruction of the base set, both widths (Arm ARM C3.4, C3.5).
// flags: -march=armv8-a+crc
#include "table.h"

static void part0(void)
{
	V("add x9, x9, x10");
	V("add x9, x9, x10, lsl #7");
	V("add x9, x9, x10, lsr #13");
	V("add x9, x9, x10, asr #31");
	V("adds x9, x9, x10");
	V("adds x9, x9, x10, lsl #7");
	V("adds x9, x9, x10, lsr #13");
	V("adds x9, x9, x10, asr #31");
	V("sub x9, x9, x10");
	V("sub x9, x9, x10, lsl #7");
	V("sub x9, x9, x10, lsr #13");
	V("sub x9, x9, x10, asr #31");
	V("subs x9, x9, x10");
	V("subs x9, x9, x10, lsl #7");
	V("subs x9, x9, x10, lsr #13");
	V("subs x9, x9, x10, asr #31");
	V("and x9, x9, x10");
	V("and x9, x9, x10, lsl #7");
	V("and x9, x9, x10, lsr #13");
	V("and x9, x9, x10, asr #31");
	V("and x9, x9, x10, ror #9");
	V("ands x9, x9, x10");
	V("ands x9, x9, x10, lsl #7");
	V("ands x9, x9, x10, lsr #13");
	V("ands x9, x9, x10, asr #31");
	V("ands x9, x9, x10, ror #9");
	V("orr x9, x9, x10");
	V("orr x9, x9, x10, lsl #7");
	V("orr x9, x9, x10, lsr #13");
	V("orr x9, x9, x10, asr #31");
	V("orr x9, x9, x10, ror #9");
	V("orn x9, x9, x10");
	V("orn x9, x9, x10, lsl #7");
	V("orn x9, x9, x10, lsr #13");
	V("orn x9, x9, x10, asr #31");
	V("orn x9, x9, x10, ror #9");
	V("eor x9, x9, x10");
	V("eor x9, x9, x10, lsl #7");
	V("eor x9, x9, x10, lsr #13");
	V("eor x9, x9, x10, asr #31");
}

static void part1(void)
{
	V("eor x9, x9, x10, ror #9");
	V("eon x9, x9, x10");
	V("eon x9, x9, x10, lsl #7");
	V("eon x9, x9, x10, lsr #13");
	V("eon x9, x9, x10, asr #31");
	V("eon x9, x9, x10, ror #9");
	V("bic x9, x9, x10");
	V("bic x9, x9, x10, lsl #7");
	V("bic x9, x9, x10, lsr #13");
	V("bic x9, x9, x10, asr #31");
	V("bic x9, x9, x10, ror #9");
	V("bics x9, x9, x10");
	V("bics x9, x9, x10, lsl #7");
	V("bics x9, x9, x10, lsr #13");
	V("bics x9, x9, x10, asr #31");
	V("bics x9, x9, x10, ror #9");
	V("adc x9, x9, x10");
	V("cmn x10, x10\n adc x9, x9, x10");
	V("adcs x9, x9, x10");
	V("cmn x10, x10\n adcs x9, x9, x10");
	V("sbc x9, x9, x10");
	V("cmn x10, x10\n sbc x9, x9, x10");
	V("sbcs x9, x9, x10");
	V("cmn x10, x10\n sbcs x9, x9, x10");
	V("udiv x9, x9, x10");
	V("sdiv x9, x9, x10");
	V("lslv x9, x9, x10");
	V("lsrv x9, x9, x10");
	V("asrv x9, x9, x10");
	V("rorv x9, x9, x10");
	V("madd x9, x9, x10, x10");
	V("msub x9, x9, x10, x10");
	V("clz x9, x10");
	V("cls x9, x10");
	V("rbit x9, x10");
	V("rev x9, x10");
	V("rev16 x9, x10");
	V("cmp x9, x10\n csel x9, x9, x10, eq");
	V("cmp x9, x10\n csel x9, x9, x10, ne");
	V("cmp x9, x10\n csel x9, x9, x10, cs");
}

static void part2(void)
{
	V("cmp x9, x10\n csel x9, x9, x10, cc");
	V("cmp x9, x10\n csel x9, x9, x10, mi");
	V("cmp x9, x10\n csel x9, x9, x10, pl");
	V("cmp x9, x10\n csel x9, x9, x10, vs");
	V("cmp x9, x10\n csel x9, x9, x10, vc");
	V("cmp x9, x10\n csel x9, x9, x10, hi");
	V("cmp x9, x10\n csel x9, x9, x10, ls");
	V("cmp x9, x10\n csel x9, x9, x10, ge");
	V("cmp x9, x10\n csel x9, x9, x10, lt");
	V("cmp x9, x10\n csel x9, x9, x10, gt");
	V("cmp x9, x10\n csel x9, x9, x10, le");
	V("cmp x9, x10\n csel x9, x9, x10, al");
	V("cmp x9, x10\n csinc x9, x9, x10, lt");
	V("cmp x9, x10\n csinv x9, x9, x10, lt");
	V("cmp x9, x10\n csneg x9, x9, x10, lt");
	V("cmp x9, x10\n cset x9, hi");
	V("cmp x9, x10\n csetm x9, gt");
	V("cmp x9, x10\n ccmp x9, #5, #3, ne");
	V("cmp x9, x10\n ccmp x9, x10, #12, ge");
	V("cmp x9, x10\n ccmn x9, #5, #6, mi");
	V("add x9, x9, #0");
	V("adds x9, x9, #0");
	V("sub x9, x9, #0");
	V("subs x9, x9, #0");
	V("add x9, x9, #1");
	V("adds x9, x9, #1");
	V("sub x9, x9, #1");
	V("subs x9, x9, #1");
	V("add x9, x9, #4095");
	V("adds x9, x9, #4095");
	V("sub x9, x9, #4095");
	V("subs x9, x9, #4095");
	V("add x9, x9, #5, lsl #12");
	V("adds x9, x9, #5, lsl #12");
	V("sub x9, x9, #5, lsl #12");
	V("subs x9, x9, #5, lsl #12");
	V("and x9, x9, #0x5555555555555555");
	V("ands x9, x9, #0x5555555555555555");
	V("orr x9, x9, #0x5555555555555555");
	V("eor x9, x9, #0x5555555555555555");
}

static void part3(void)
{
	V("and x9, x9, #0xff");
	V("ands x9, x9, #0xff");
	V("orr x9, x9, #0xff");
	V("eor x9, x9, #0xff");
	V("and x9, x9, #0xffff0000ffff0000");
	V("ands x9, x9, #0xffff0000ffff0000");
	V("orr x9, x9, #0xffff0000ffff0000");
	V("eor x9, x9, #0xffff0000ffff0000");
	V("and x9, x9, #0x8000000000000001");
	V("ands x9, x9, #0x8000000000000001");
	V("orr x9, x9, #0x8000000000000001");
	V("eor x9, x9, #0x8000000000000001");
	V("and x9, x9, #0x7ffffffffffffffe");
	V("ands x9, x9, #0x7ffffffffffffffe");
	V("orr x9, x9, #0x7ffffffffffffffe");
	V("eor x9, x9, #0x7ffffffffffffffe");
	V("and x9, x9, #0x00ff00ff00ff00ff");
	V("ands x9, x9, #0x00ff00ff00ff00ff");
	V("orr x9, x9, #0x00ff00ff00ff00ff");
	V("eor x9, x9, #0x00ff00ff00ff00ff");
	V("ubfx x9, x10, #0, #1");
	V("sbfx x9, x10, #0, #1");
	V("bfxil x9, x10, #0, #1");
	V("ubfiz x9, x10, #0, #1");
	V("sbfiz x9, x10, #0, #1");
	V("bfi x9, x10, #0, #1");
	V("ubfx x9, x10, #0, #64");
	V("sbfx x9, x10, #0, #64");
	V("bfxil x9, x10, #0, #64");
	V("ubfiz x9, x10, #0, #64");
	V("sbfiz x9, x10, #0, #64");
	V("bfi x9, x10, #0, #64");
	V("ubfx x9, x10, #5, #9");
	V("sbfx x9, x10, #5, #9");
	V("bfxil x9, x10, #5, #9");
	V("ubfiz x9, x10, #5, #9");
	V("sbfiz x9, x10, #5, #9");
	V("bfi x9, x10, #5, #9");
	V("ubfx x9, x10, #63, #1");
	V("sbfx x9, x10, #63, #1");
}

static void part4(void)
{
	V("bfxil x9, x10, #63, #1");
	V("ubfiz x9, x10, #63, #1");
	V("sbfiz x9, x10, #63, #1");
	V("bfi x9, x10, #63, #1");
	V("ubfx x9, x10, #32, #32");
	V("sbfx x9, x10, #32, #32");
	V("bfxil x9, x10, #32, #32");
	V("ubfiz x9, x10, #32, #32");
	V("sbfiz x9, x10, #32, #32");
	V("bfi x9, x10, #32, #32");
	V("extr x9, x9, x10, #0");
	V("lsl x9, x10, #0");
	V("lsr x9, x10, #0");
	V("asr x9, x10, #0");
	V("ror x9, x10, #0");
	V("extr x9, x9, x10, #1");
	V("lsl x9, x10, #1");
	V("lsr x9, x10, #1");
	V("asr x9, x10, #1");
	V("ror x9, x10, #1");
	V("extr x9, x9, x10, #32");
	V("lsl x9, x10, #32");
	V("lsr x9, x10, #32");
	V("asr x9, x10, #32");
	V("ror x9, x10, #32");
	V("extr x9, x9, x10, #63");
	V("lsl x9, x10, #63");
	V("lsr x9, x10, #63");
	V("asr x9, x10, #63");
	V("ror x9, x10, #63");
	V("add x9, x9, w10, uxtb #0");
	V("subs x9, x9, w10, uxtb #0");
	V("add x9, x9, w10, uxtb #3");
	V("subs x9, x9, w10, uxtb #3");
	V("add x9, x9, w10, uxth #0");
	V("subs x9, x9, w10, uxth #0");
	V("add x9, x9, w10, uxth #3");
	V("subs x9, x9, w10, uxth #3");
	V("add x9, x9, w10, uxtw #0");
	V("subs x9, x9, w10, uxtw #0");
}

static void part5(void)
{
	V("add x9, x9, w10, uxtw #3");
	V("subs x9, x9, w10, uxtw #3");
	V("add x9, x9, w10, sxtb #0");
	V("subs x9, x9, w10, sxtb #0");
	V("add x9, x9, w10, sxtb #3");
	V("subs x9, x9, w10, sxtb #3");
	V("add x9, x9, w10, sxth #0");
	V("subs x9, x9, w10, sxth #0");
	V("add x9, x9, w10, sxth #3");
	V("subs x9, x9, w10, sxth #3");
	V("add x9, x9, w10, sxtw #0");
	V("subs x9, x9, w10, sxtw #0");
	V("add x9, x9, w10, sxtw #3");
	V("subs x9, x9, w10, sxtw #3");
	V("add x9, x9, x10, uxtx #2");
	V("subs x9, x9, x10, sxtx #4");
	V("rev32 x9, x10");
	V("movz x9, #0x1234, lsl #16");
	V("movk x9, #0xabcd, lsl #16");
	V("movn x9, #0x4321");
	V("sxtb x9, w10");
	V("sxth x9, w10");
	V("uxtb w9, w10");
	V("uxth w9, w10");
	V("add w9, w9, w10");
	V("add w9, w9, w10, lsl #7");
	V("add w9, w9, w10, lsr #13");
	V("add w9, w9, w10, asr #31");
	V("adds w9, w9, w10");
	V("adds w9, w9, w10, lsl #7");
	V("adds w9, w9, w10, lsr #13");
	V("adds w9, w9, w10, asr #31");
	V("sub w9, w9, w10");
	V("sub w9, w9, w10, lsl #7");
	V("sub w9, w9, w10, lsr #13");
	V("sub w9, w9, w10, asr #31");
	V("subs w9, w9, w10");
	V("subs w9, w9, w10, lsl #7");
	V("subs w9, w9, w10, lsr #13");
	V("subs w9, w9, w10, asr #31");
}

static void part6(void)
{
	V("and w9, w9, w10");
	V("and w9, w9, w10, lsl #7");
	V("and w9, w9, w10, lsr #13");
	V("and w9, w9, w10, asr #31");
	V("and w9, w9, w10, ror #9");
	V("ands w9, w9, w10");
	V("ands w9, w9, w10, lsl #7");
	V("ands w9, w9, w10, lsr #13");
	V("ands w9, w9, w10, asr #31");
	V("ands w9, w9, w10, ror #9");
	V("orr w9, w9, w10");
	V("orr w9, w9, w10, lsl #7");
	V("orr w9, w9, w10, lsr #13");
	V("orr w9, w9, w10, asr #31");
	V("orr w9, w9, w10, ror #9");
	V("orn w9, w9, w10");
	V("orn w9, w9, w10, lsl #7");
	V("orn w9, w9, w10, lsr #13");
	V("orn w9, w9, w10, asr #31");
	V("orn w9, w9, w10, ror #9");
	V("eor w9, w9, w10");
	V("eor w9, w9, w10, lsl #7");
	V("eor w9, w9, w10, lsr #13");
	V("eor w9, w9, w10, asr #31");
	V("eor w9, w9, w10, ror #9");
	V("eon w9, w9, w10");
	V("eon w9, w9, w10, lsl #7");
	V("eon w9, w9, w10, lsr #13");
	V("eon w9, w9, w10, asr #31");
	V("eon w9, w9, w10, ror #9");
	V("bic w9, w9, w10");
	V("bic w9, w9, w10, lsl #7");
	V("bic w9, w9, w10, lsr #13");
	V("bic w9, w9, w10, asr #31");
	V("bic w9, w9, w10, ror #9");
	V("bics w9, w9, w10");
	V("bics w9, w9, w10, lsl #7");
	V("bics w9, w9, w10, lsr #13");
	V("bics w9, w9, w10, asr #31");
	V("bics w9, w9, w10, ror #9");
}

static void part7(void)
{
	V("adc w9, w9, w10");
	V("cmn x10, x10\n adc w9, w9, w10");
	V("adcs w9, w9, w10");
	V("cmn x10, x10\n adcs w9, w9, w10");
	V("sbc w9, w9, w10");
	V("cmn x10, x10\n sbc w9, w9, w10");
	V("sbcs w9, w9, w10");
	V("cmn x10, x10\n sbcs w9, w9, w10");
	V("udiv w9, w9, w10");
	V("sdiv w9, w9, w10");
	V("lslv w9, w9, w10");
	V("lsrv w9, w9, w10");
	V("asrv w9, w9, w10");
	V("rorv w9, w9, w10");
	V("madd w9, w9, w10, w10");
	V("msub w9, w9, w10, w10");
	V("clz w9, w10");
	V("cls w9, w10");
	V("rbit w9, w10");
	V("rev w9, w10");
	V("rev16 w9, w10");
	V("cmp w9, w10\n csel w9, w9, w10, eq");
	V("cmp w9, w10\n csel w9, w9, w10, ne");
	V("cmp w9, w10\n csel w9, w9, w10, cs");
	V("cmp w9, w10\n csel w9, w9, w10, cc");
	V("cmp w9, w10\n csel w9, w9, w10, mi");
	V("cmp w9, w10\n csel w9, w9, w10, pl");
	V("cmp w9, w10\n csel w9, w9, w10, vs");
	V("cmp w9, w10\n csel w9, w9, w10, vc");
	V("cmp w9, w10\n csel w9, w9, w10, hi");
	V("cmp w9, w10\n csel w9, w9, w10, ls");
	V("cmp w9, w10\n csel w9, w9, w10, ge");
	V("cmp w9, w10\n csel w9, w9, w10, lt");
	V("cmp w9, w10\n csel w9, w9, w10, gt");
	V("cmp w9, w10\n csel w9, w9, w10, le");
	V("cmp w9, w10\n csel w9, w9, w10, al");
	V("cmp w9, w10\n csinc w9, w9, w10, lt");
	V("cmp w9, w10\n csinv w9, w9, w10, lt");
	V("cmp w9, w10\n csneg w9, w9, w10, lt");
	V("cmp w9, w10\n cset w9, hi");
}

static void part8(void)
{
	V("cmp w9, w10\n csetm w9, gt");
	V("cmp w9, w10\n ccmp w9, #5, #3, ne");
	V("cmp w9, w10\n ccmp w9, w10, #12, ge");
	V("cmp w9, w10\n ccmn w9, #5, #6, mi");
	V("add w9, w9, #0");
	V("adds w9, w9, #0");
	V("sub w9, w9, #0");
	V("subs w9, w9, #0");
	V("add w9, w9, #1");
	V("adds w9, w9, #1");
	V("sub w9, w9, #1");
	V("subs w9, w9, #1");
	V("add w9, w9, #4095");
	V("adds w9, w9, #4095");
	V("sub w9, w9, #4095");
	V("subs w9, w9, #4095");
	V("add w9, w9, #5, lsl #12");
	V("adds w9, w9, #5, lsl #12");
	V("sub w9, w9, #5, lsl #12");
	V("subs w9, w9, #5, lsl #12");
	V("and w9, w9, #0x55555555");
	V("ands w9, w9, #0x55555555");
	V("orr w9, w9, #0x55555555");
	V("eor w9, w9, #0x55555555");
	V("and w9, w9, #0xff");
	V("ands w9, w9, #0xff");
	V("orr w9, w9, #0xff");
	V("eor w9, w9, #0xff");
	V("and w9, w9, #0x80000001");
	V("ands w9, w9, #0x80000001");
	V("orr w9, w9, #0x80000001");
	V("eor w9, w9, #0x80000001");
	V("and w9, w9, #0x7ffffffe");
	V("ands w9, w9, #0x7ffffffe");
	V("orr w9, w9, #0x7ffffffe");
	V("eor w9, w9, #0x7ffffffe");
	V("and w9, w9, #0xf0f0f0f0");
	V("ands w9, w9, #0xf0f0f0f0");
	V("orr w9, w9, #0xf0f0f0f0");
	V("eor w9, w9, #0xf0f0f0f0");
}

static void part9(void)
{
	V("ubfx w9, w10, #0, #1");
	V("sbfx w9, w10, #0, #1");
	V("bfxil w9, w10, #0, #1");
	V("ubfiz w9, w10, #0, #1");
	V("sbfiz w9, w10, #0, #1");
	V("bfi w9, w10, #0, #1");
	V("ubfx w9, w10, #0, #32");
	V("sbfx w9, w10, #0, #32");
	V("bfxil w9, w10, #0, #32");
	V("ubfiz w9, w10, #0, #32");
	V("sbfiz w9, w10, #0, #32");
	V("bfi w9, w10, #0, #32");
	V("ubfx w9, w10, #5, #9");
	V("sbfx w9, w10, #5, #9");
	V("bfxil w9, w10, #5, #9");
	V("ubfiz w9, w10, #5, #9");
	V("sbfiz w9, w10, #5, #9");
	V("bfi w9, w10, #5, #9");
	V("ubfx w9, w10, #31, #1");
	V("sbfx w9, w10, #31, #1");
	V("bfxil w9, w10, #31, #1");
	V("ubfiz w9, w10, #31, #1");
	V("sbfiz w9, w10, #31, #1");
	V("bfi w9, w10, #31, #1");
	V("ubfx w9, w10, #16, #16");
	V("sbfx w9, w10, #16, #16");
	V("bfxil w9, w10, #16, #16");
	V("ubfiz w9, w10, #16, #16");
	V("sbfiz w9, w10, #16, #16");
	V("bfi w9, w10, #16, #16");
	V("extr w9, w9, w10, #0");
	V("lsl w9, w10, #0");
	V("lsr w9, w10, #0");
	V("asr w9, w10, #0");
	V("ror w9, w10, #0");
	V("extr w9, w9, w10, #1");
	V("lsl w9, w10, #1");
	V("lsr w9, w10, #1");
	V("asr w9, w10, #1");
	V("ror w9, w10, #1");
}

static void part10(void)
{
	V("extr w9, w9, w10, #16");
	V("lsl w9, w10, #16");
	V("lsr w9, w10, #16");
	V("asr w9, w10, #16");
	V("ror w9, w10, #16");
	V("extr w9, w9, w10, #31");
	V("lsl w9, w10, #31");
	V("lsr w9, w10, #31");
	V("asr w9, w10, #31");
	V("ror w9, w10, #31");
	V("add w9, w9, w10, uxtb #0");
	V("subs w9, w9, w10, uxtb #0");
	V("add w9, w9, w10, uxtb #3");
	V("subs w9, w9, w10, uxtb #3");
	V("add w9, w9, w10, uxth #0");
	V("subs w9, w9, w10, uxth #0");
	V("add w9, w9, w10, uxth #3");
	V("subs w9, w9, w10, uxth #3");
	V("add w9, w9, w10, uxtw #0");
	V("subs w9, w9, w10, uxtw #0");
	V("add w9, w9, w10, uxtw #3");
	V("subs w9, w9, w10, uxtw #3");
	V("add w9, w9, w10, sxtb #0");
	V("subs w9, w9, w10, sxtb #0");
	V("add w9, w9, w10, sxtb #3");
	V("subs w9, w9, w10, sxtb #3");
	V("add w9, w9, w10, sxth #0");
	V("subs w9, w9, w10, sxth #0");
	V("add w9, w9, w10, sxth #3");
	V("subs w9, w9, w10, sxth #3");
	V("add w9, w9, w10, sxtw #0");
	V("subs w9, w9, w10, sxtw #0");
	V("add w9, w9, w10, sxtw #3");
	V("subs w9, w9, w10, sxtw #3");
	V("movz w9, #0x1234, lsl #16");
	V("movk w9, #0xabcd, lsl #16");
	V("movn w9, #0x4321");
	V("sxtb w9, w10");
	V("sxth w9, w10");
	V("uxtb w9, w10");
}

static void part11(void)
{
	V("uxth w9, w10");
	V("movk x9, #0x55, lsl #48");
	V("movn x9, #1, lsl #32");
	V("sxtw x9, w10");
	V("smulh x9, x9, x10");
	V("umulh x9, x9, x10");
	V("smaddl x9, w9, w10, x10");
	V("umaddl x9, w9, w10, x10");
	V("smsubl x9, w9, w10, x10");
	V("umsubl x9, w9, w10, x10");
	V("mul x9, x9, x10");
	V("mneg x9, x9, x10");
	V("crc32b w9, w9, w10");
	V("crc32cb w9, w9, w10");
	V("crc32h w9, w9, w10");
	V("crc32ch w9, w9, w10");
	V("crc32w w9, w9, w10");
	V("crc32cw w9, w9, w10");
	V("crc32x w9, w9, x10");
	V("crc32cx w9, w9, x10");
	V("tbz x9, #63, 1f\n mov x9, #5\n 1:");
	V("tbnz w10, #0, 1f\n mov x9, #6\n 1:");
	V("cbz x10, 1f\n mov x9, #7\n 1:");
	V("cbnz w10, 1f\n mov x9, #8\n 1:");
	V("adr x12, 1f\n br x12\n mov x9, #9\n 1:");
	V("mov x12, x30\n bl 1f\n 1: mov x30, x12");
	V("mov x12, #0x60000000\n msr nzcv, x12\n adc x9, x9, x10");
}

int main(int argc, char **argv)
{
	wanted = argc > 1 ? argv[1] : 0;
	integer_operands(6);
	part0();
	part1();
	part2();
	part3();
	part4();
	part5();
	part6();
	part7();
	part8();
	part9();
	part10();
	part11();
	return 0;
}
