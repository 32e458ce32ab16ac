/*
 * What runs at EL1: the vector table and the few instructions around it. An exception from EL0 puts the thread's
 * registers into its frame and rings the doorbell, a store to an address without memory, which ends the run on every
 * hypervisor. When the host runs the vCPU again, it goes on behind that store: maintenance that the host asks for,
 * registers from the frame (perhaps another thread's), ERET.
 *
 * The code is position independent, uses local labels only (a global one would go through the PLT in a shared
 * library) and is copied to the start of guest memory. SP_EL1 is the frame of the thread that runs, TPIDR_EL1 the
 * control block of the vCPU. Both lie in a linear map of guest memory below TTBR1_EL1.
 *
 * "Arm ARM" is DDI 0487.
 */
#include "elftap_shim.h"

#ifdef __APPLE__
	.section __TEXT,__const
#define SYMBOL(name) _##name
#define LOCAL(name) .private_extern _##name
#else
	.section .rodata.stub, "a"
#define SYMBOL(name) name
#define LOCAL(name) .hidden name
#endif

	.globl SYMBOL(elftap_stub)
	.globl SYMBOL(elftap_stub_end)
	LOCAL(elftap_stub)
	LOCAL(elftap_stub_end)

.macro VECTOR reason
	.balign 0x80
	stp x0, x1, [sp, #FRAME_X]
	mov x0, #\reason
	b Lsave
.endm

.macro IMPOSSIBLE
	.balign 0x80
	b Lstub_fault
.endm

	/* Vector table: 2 KiB, 16 entries of 32 instructions (Arm ARM D1.3.1.5). */
	.balign 4096
SYMBOL(elftap_stub):
	/* Current EL with SP_EL0, then with SP_EL1: the stub itself. */
	IMPOSSIBLE
	IMPOSSIBLE
	IMPOSSIBLE
	IMPOSSIBLE
	IMPOSSIBLE
	IMPOSSIBLE
	IMPOSSIBLE
	IMPOSSIBLE
	/* From EL0 in AArch64. An FIQ is an interrupt like another. */
	VECTOR REASON_SYNC
	VECTOR REASON_IRQ
	VECTOR REASON_IRQ
	VECTOR REASON_SERROR
	/* From EL0 in AArch32, which no thread ever enters. */
	IMPOSSIBLE
	IMPOSSIBLE
	IMPOSSIBLE
	IMPOSSIBLE

	/* First instruction of a vCPU. */
	.balign 0x80
Lstart:
	mrs x19, tpidr_el1
	/* Out of reset the OS Lock may be set, and debug exceptions are off while it is (Arm ARM H5.6). */
	msr oslar_el1, xzr
	/* In the order of ID_REGISTERS in src/engine/hypervisor/layout.ts. */
	mrs x0, id_aa64pfr0_el1
	mrs x1, id_aa64isar0_el1
	stp x0, x1, [x19, #CTL_ID]
	mrs x0, id_aa64isar1_el1
	mrs x1, id_aa64mmfr0_el1
	stp x0, x1, [x19, #CTL_ID + 16]
	mrs x0, id_aa64dfr0_el1
	mrs x1, midr_el1
	stp x0, x1, [x19, #CTL_ID + 32]
	mrs x0, cntfrq_el0
	mrs x1, id_aa64pfr1_el1
	stp x0, x1, [x19, #CTL_ID + 48]
	mov x0, #REASON_READY
	b Lring

	/* X0 is the reason; X0 and X1 are in the frame. */
Lsave:
	stp x2, x3, [sp, #FRAME_X + 16]
	stp x4, x5, [sp, #FRAME_X + 32]
	stp x6, x7, [sp, #FRAME_X + 48]
	stp x8, x9, [sp, #FRAME_X + 64]
	stp x10, x11, [sp, #FRAME_X + 80]
	stp x12, x13, [sp, #FRAME_X + 96]
	stp x14, x15, [sp, #FRAME_X + 112]
	stp x16, x17, [sp, #FRAME_X + 128]
	stp x18, x19, [sp, #FRAME_X + 144]
	stp x20, x21, [sp, #FRAME_X + 160]
	stp x22, x23, [sp, #FRAME_X + 176]
	stp x24, x25, [sp, #FRAME_X + 192]
	stp x26, x27, [sp, #FRAME_X + 208]
	stp x28, x29, [sp, #FRAME_X + 224]
	mrs x1, sp_el0
	stp x30, x1, [sp, #FRAME_X + 240]
	mrs x1, elr_el1
	mrs x2, spsr_el1
	stp x1, x2, [sp, #FRAME_PC]
	mrs x1, tpidr_el0
	mrs x2, esr_el1
	stp x1, x2, [sp, #FRAME_TPIDR]
	mrs x1, far_el1
	str x1, [sp, #FRAME_FAR]
	mrs x19, tpidr_el1
	/*
	 * While the host may edit the thread's tables, TTBR0_EL1 names an empty one with an ASID of its own: nothing can
	 * be fetched from a table between an edit and the TLB maintenance for it, which is what break-before-make asks
	 * for (Arm ARM D8.16.1). Leaving to EL2 and ERET are context synchronization events; no ISB is needed.
	 */
	ldr x1, [x19, #CTL_IDLE_TTBR0]
	msr ttbr0_el1, x1
	mrs x1, cntvct_el0
	str x1, [x19, #CTL_LEFT]
Lring:
	str x0, [x19, #CTL_REASON]
	ldr x1, [x19, #CTL_DOORBELL]
	str wzr, [x1]

	/* ---- the host has been here ---- */
	/* What it stored into the tables is visible to table walks before the guest is entered (Arm ARM D8.17.5). */
	dsb ishst
	ldr x0, [x19, #CTL_OPS]
	cbnz x0, Lmaintain
Lmaintained:
	ldr x0, [x19, #CTL_FLAGS]
	cbnz x0, Lflags
Lenter:
	/* FP registers stay in the vCPU until another thread enters. */
	ldr x1, [x19, #CTL_FRAME]
	ldr x2, [x19, #CTL_LIVE]
	cmp x1, x2
	b.ne Lswitch_fp
Lrestore:
	mov sp, x1
	ldr x0, [x19, #CTL_TTBR0]
	msr ttbr0_el1, x0
	mrs x0, cntvct_el0
	str x0, [x19, #CTL_ENTERED]
	ldp x0, x1, [sp, #FRAME_PC]
	msr elr_el1, x0
	msr spsr_el1, x1
	ldr x0, [sp, #FRAME_TPIDR]
	msr tpidr_el0, x0
	ldp x30, x0, [sp, #FRAME_X + 240]
	msr sp_el0, x0
	ldp x28, x29, [sp, #FRAME_X + 224]
	ldp x26, x27, [sp, #FRAME_X + 208]
	ldp x24, x25, [sp, #FRAME_X + 192]
	ldp x22, x23, [sp, #FRAME_X + 176]
	ldp x20, x21, [sp, #FRAME_X + 160]
	ldp x18, x19, [sp, #FRAME_X + 144]
	ldp x16, x17, [sp, #FRAME_X + 128]
	ldp x14, x15, [sp, #FRAME_X + 112]
	ldp x12, x13, [sp, #FRAME_X + 96]
	ldp x10, x11, [sp, #FRAME_X + 80]
	ldp x8, x9, [sp, #FRAME_X + 64]
	ldp x6, x7, [sp, #FRAME_X + 48]
	ldp x4, x5, [sp, #FRAME_X + 32]
	ldp x2, x3, [sp, #FRAME_X + 16]
	ldp x0, x1, [sp, #FRAME_X]
	/* Also clears the exclusive monitor (Arm ARM B2.9.5, AArch64.ExceptionReturn). */
	eret

	/*
	 * X0 operations. They come behind a DSB and are complete on all CPUs before anything else happens (Arm ARM D8.17.5:
	 * DSB, TLBI, DSB, ISB).
	 */
Lmaintain:
	add x1, x19, #CTL_OP_LIST
1:	ldp x2, x3, [x1], #16
	cmp x2, #OP_TLBI_VA
	b.eq 2f
	cmp x2, #OP_TLBI_ASID
	b.eq 3f
	cmp x2, #OP_CLEAN_PAGE
	b.eq 4f
	cmp x2, #OP_IC_ALL
	b.eq 6f
	tlbi vmalle1is
	b 7f
2:	tlbi vae1is, x3
	b 7f
3:	tlbi aside1is, x3
	b 7f
	/*
	 * Instructions that the host wrote: data to the point of unification by address, then the instruction caches,
	 * completely, as they may be indexed by the virtual address (Arm ARM B2.4.4, D7.5.9; CTR_EL0.{IDC, DIC}).
	 * The smallest data cache line is 4 << CTR_EL0.DminLine bytes.
	 */
4:	mrs x4, ctr_el0
	tbnz x4, #28, 7f
	ubfx x4, x4, #16, #4
	mov x5, #4
	lsl x5, x5, x4
	add x6, x3, #4096
5:	dc cvau, x3
	add x3, x3, x5
	cmp x3, x6
	b.lo 5b
	b 7f
6:	mrs x4, ctr_el0
	tbnz x4, #29, 7f
	dsb ish
	ic ialluis
7:	subs x0, x0, #1
	b.ne 1b
	dsb ish
	isb
	str xzr, [x19, #CTL_OPS]
	b Lmaintained

Lflags:
	str xzr, [x19, #CTL_FLAGS]
	tbz x0, #1, 1f
	bl Ldebug
1:	tbz x0, #0, Lenter
	ldr x2, [x19, #CTL_LIVE]
	cbz x2, 2f
	bl Lsave_fp
2:	mov x0, #REASON_READY
	b Lring

	/* X1 the frame that enters, X2 the one whose FP registers are here, or 0. */
Lswitch_fp:
	cbz x2, 1f
	bl Lsave_fp
1:	str x1, [x19, #CTL_LIVE]
	ldp x3, x4, [x1, #FRAME_FPCR]
	msr fpcr, x3
	msr fpsr, x4
	add x3, x1, #FRAME_V
	ldp q0, q1, [x3, #0]
	ldp q2, q3, [x3, #32]
	ldp q4, q5, [x3, #64]
	ldp q6, q7, [x3, #96]
	ldp q8, q9, [x3, #128]
	ldp q10, q11, [x3, #160]
	ldp q12, q13, [x3, #192]
	ldp q14, q15, [x3, #224]
	ldp q16, q17, [x3, #256]
	ldp q18, q19, [x3, #288]
	ldp q20, q21, [x3, #320]
	ldp q22, q23, [x3, #352]
	ldp q24, q25, [x3, #384]
	ldp q26, q27, [x3, #416]
	ldp q28, q29, [x3, #448]
	ldp q30, q31, [x3, #480]
	b Lrestore

	/* To the frame in X2; uses X3, X4. */
Lsave_fp:
	mrs x3, fpcr
	mrs x4, fpsr
	stp x3, x4, [x2, #FRAME_FPCR]
	add x3, x2, #FRAME_V
	stp q0, q1, [x3, #0]
	stp q2, q3, [x3, #32]
	stp q4, q5, [x3, #64]
	stp q6, q7, [x3, #96]
	stp q8, q9, [x3, #128]
	stp q10, q11, [x3, #160]
	stp q12, q13, [x3, #192]
	stp q14, q15, [x3, #224]
	stp q16, q17, [x3, #256]
	stp q18, q19, [x3, #288]
	stp q20, q21, [x3, #320]
	stp q22, q23, [x3, #352]
	stp q24, q25, [x3, #384]
	stp q26, q27, [x3, #416]
	stp q28, q29, [x3, #448]
	stp q30, q31, [x3, #480]
	ret

.macro LOAD_PAIR number, value, control
	cmp x3, #\number
	b.lo 9f
	ldp x4, x5, [x1, #\number * 16]
	msr \value\number\()_el1, x4
	msr \control\number\()_el1, x5
.endm

	/* Debug registers that exist (ID_AA64DFR0_EL1.{BRPs, WRPs}, less one) and MDSCR_EL1. Keeps X0. */
Ldebug:
	mrs x2, id_aa64dfr0_el1
	ubfx x3, x2, #12, #4
	add x1, x19, #CTL_BREAKS
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	LOAD_PAIR \n, dbgbvr, dbgbcr
	.endr
9:	ubfx x3, x2, #20, #4
	add x1, x19, #CTL_WATCHES
	.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	LOAD_PAIR \n, dbgwvr, dbgwcr
	.endr
9:	ldr x4, [x19, #CTL_MDSCR]
	msr mdscr_el1, x4
	isb
	ret

	/* An exception at EL1: only a bug, in the stub or in the tables it runs on. */
Lstub_fault:
	mrs x19, tpidr_el1
	mrs x0, esr_el1
	str x0, [x19, #CTL_STUB_ESR]
	mrs x0, elr_el1
	str x0, [x19, #CTL_STUB_ELR]
	mrs x0, far_el1
	str x0, [x19, #CTL_STUB_FAR]
	ldr x1, [x19, #CTL_DOORBELL]
	mov x0, #REASON_STUB
	str x0, [x19, #CTL_REASON]
1:	str wzr, [x1]
	b 1b
	.balign 16
SYMBOL(elftap_stub_end):

#if defined(__ELF__)
	.section .note.GNU-stack, "", %progbits
#endif
