/*
 * The interface between elftap (TypeScript) and its native shim, which gives it virtual CPUs of the host's hypervisor:
 * kvm.c on arm64 Linux, hvf.c on Apple Silicon. The shim knows no Linux and makes no policy: it maps one stretch of
 * guest memory, runs a vCPU until it rings the doorbell, and counts.
 *
 * All that crosses at an exit lies in guest memory, which TypeScript sees as an ArrayBuffer: a frame for every guest
 * thread (its registers) and a control block for every vCPU. vectors.S moves registers between the CPU and the frames.
 *
 * The file is included by C and by vectors.S; src/engine/hypervisor/layout.ts has the same numbers, and a test
 * compares them.
 */
#ifndef ELFTAP_SHIM_H
#define ELFTAP_SHIM_H

/* Changes whenever anything in this file does; checked when the shim is loaded. */
#define ELFTAP_ABI 2

/* ---- a frame: the registers of one guest thread; 1 KiB, aligned to 16 bytes ---------------------------------- */
#define FRAME_X 0x000       /* X0..X30 */
#define FRAME_SP 0x0f8      /* SP_EL0 */
#define FRAME_PC 0x100      /* ELR_EL1 */
#define FRAME_PSTATE 0x108  /* SPSR_EL1 */
#define FRAME_TPIDR 0x110   /* TPIDR_EL0 */
#define FRAME_ESR 0x118     /* why it left: ESR_EL1 */
#define FRAME_FAR 0x120     /* FAR_EL1 */
#define FRAME_FPCR 0x130
#define FRAME_FPSR 0x138
#define FRAME_V 0x200       /* Q0..Q31 */
#define FRAME_SIZE 0x400

/* ---- a control block: one page for every vCPU ---------------------------------------------------------------- */
#define CTL_FRAME 0x000     /* in: virtual address of the frame to run */
#define CTL_TTBR0 0x008     /* in: its translation table and ASID */
#define CTL_IDLE_TTBR0 0x010 /* in: an empty table, in force while the host may edit tables */
#define CTL_DOORBELL 0x018  /* in: virtual address of the doorbell */
#define CTL_FLAGS 0x020     /* in: CTL_FLAG_*; cleared by the stub */
#define CTL_OPS 0x028       /* in: number of maintenance operations; cleared by the stub */
#define CTL_LIVE 0x030      /* virtual address of the frame whose FP registers are in the vCPU, 0: none */
#define CTL_REASON 0x038    /* out: REASON_* */
#define CTL_ENTERED 0x040   /* out: CNTVCT_EL0 when the guest was entered and left */
#define CTL_LEFT 0x048
#define CTL_STUB_ESR 0x050  /* out, with REASON_STUB */
#define CTL_STUB_ELR 0x058
#define CTL_STUB_FAR 0x060
#define CTL_MDSCR 0x068     /* in, with CTL_FLAG_DEBUG */
#define CTL_BUDGET 0x070    /* in: nanoseconds after which the shim ends the run */
#define CTL_EXITS 0x078     /* out, counted by the shim: returns of the hypervisor to the host, */
#define CTL_CALLS 0x080     /* calls of the hypervisor (ioctl, hv_*), */
#define CTL_KICKS 0x088     /* runs that were ended from outside */
#define CTL_ID 0x090        /* out: identification registers, in the order of vectors.S */
#define CTL_BREAKS 0x100    /* in, with CTL_FLAG_DEBUG: 16 pairs of DBGBVR, DBGBCR */
#define CTL_WATCHES 0x200   /* 16 pairs of DBGWVR, DBGWCR */
#define CTL_OP_LIST 0x400   /* pairs of OP_* and operand */
#define CTL_OP_MAX 96
#define CTL_SIZE 0x1000

#define CTL_FLAG_SPILL 1    /* write the FP registers of CTL_LIVE to its frame and come back */
#define CTL_FLAG_DEBUG 2    /* load the debug registers */

#define REASON_SYNC 0       /* ESR_EL1 says which exception */
#define REASON_IRQ 1        /* the run was ended from outside */
#define REASON_SERROR 2
#define REASON_STUB 3       /* an exception in the stub itself: a bug */
#define REASON_READY 4      /* the vCPU has started, or done what a flag asked */

#define STUB_START 0x800    /* of a vCPU's first instruction, behind the vector table */
#define STUB_MAX 0x2000     /* room for the stub at the start of guest memory */

#define OP_TLBI_VA 1        /* operand: as for TLBI VAE1IS */
#define OP_TLBI_ASID 2      /* operand: as for TLBI ASIDE1IS */
#define OP_TLBI_ALL 3
#define OP_CLEAN_PAGE 4     /* operand: virtual address of a page whose data the instruction side must see */
#define OP_IC_ALL 5

/* ---- calls: 0 or a positive result is success ----------------------------------------------------------------- */
#define ELFTAP_OK 0
#define ELFTAP_E_NO_HYPERVISOR (-1) /* the host has none, or not for this process */
#define ELFTAP_E_DENIED (-2)        /* no right to use it: /dev/kvm, or the entitlement */
#define ELFTAP_E_LIMIT (-3)         /* no more machines or vCPUs */
#define ELFTAP_E_MEMORY (-4)
#define ELFTAP_E_IPA (-5)           /* guest physical addresses are too narrow */
#define ELFTAP_E_STUCK (-6)         /* a vCPU does not come back */
#define ELFTAP_E_HOST (-7)          /* anything else; elftap_error has the words */

/* A register and its first value: the encoding op0:op1:CRn:CRm:op2 of a system register, or one of these. */
#define ELFTAP_REG_PC 0x10000
#define ELFTAP_REG_PSTATE 0x10001

#ifndef __ASSEMBLER__
#include <stdint.h>

#define ELFTAP_EXPORT __attribute__((visibility("default")))

struct elftap_reg {
	uint64_t id;
	uint64_t value;
};

/* What elftap_open says about the machine it made. */
struct elftap_info {
	uint64_t ram_ipa;       /* guest physical address of its first byte */
	uint64_t doorbell_ipa;  /* a page without memory: a store to it ends the run */
	uint64_t asid_offset;   /* this machine may use the ASIDs that are asid_offset modulo asid_stride */
	uint64_t asid_stride;
	uint64_t max_vcpus;
};

/* ELFTAP_ABI. */
ELFTAP_EXPORT uint32_t elftap_abi(void);
/* Whether the host has a hypervisor for this process: ELFTAP_OK or why not. Makes and ends a VM. */
ELFTAP_EXPORT int32_t elftap_probe(void);
/*
 * Makes a machine over the caller's memory: zeroed, aligned to 16 KiB, a multiple of 1 GiB; the stub is put at its
 * start. (The caller's, because Deno lets nobody look at native memory who may not load every library.) Returns the
 * machine's number. It belongs to the calling thread and ends with it at the latest.
 */
ELFTAP_EXPORT int32_t elftap_open(uint8_t *ram, uint64_t ram_size, struct elftap_info *info);
/* Ends a machine. Its own thread. */
ELFTAP_EXPORT int32_t elftap_close(uint32_t machine);
/*
 * Makes a vCPU with the control block at this offset of RAM, and returns its number. The machine's thread makes and runs
 * vCPU 0; each further one is made and run by a thread of its own. The machine's thread makes all calls for them.
 */
ELFTAP_EXPORT int32_t elftap_vcpu(uint32_t machine, uint64_t control, const struct elftap_reg *regs, uint32_t count);
/* Runs a vCPU until it rings the doorbell, at most about CTL_BUDGET ns. */
ELFTAP_EXPORT int32_t elftap_run(uint32_t machine, uint32_t vcpu);
/*
 * Runs the vCPUs of a mask (bit n: vCPU n) at the same time until one of them rings its doorbell or has used its budget;
 * the others are kicked. When the call returns, all have stopped, each with a CTL_REASON.
 */
ELFTAP_EXPORT int32_t elftap_run_together(uint32_t machine, uint32_t vcpus);
/* Ends the run of a vCPU soon, or its next one. Any thread. */
ELFTAP_EXPORT int32_t elftap_kick(uint32_t machine, uint32_t vcpu);
/* The words for this thread's last failure, NUL-terminated, at most `size` bytes. */
ELFTAP_EXPORT void elftap_error(char *into, uint32_t size);
#endif
#endif
