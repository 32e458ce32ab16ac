/* What shim.c and the hypervisor's file share: machines, vCPUs, and the few calls that differ between hypervisors. */
#ifndef ELFTAP_MACHINE_H
#define ELFTAP_MACHINE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "elftap_shim.h"

/* Machines of a process: one for every Worker that runs guests. */
#define MACHINES 64
#define VCPUS 16
#define WORDS 256
#define GIB (1ULL << 30)
/* The first guest physical address in use; below lies the doorbell. */
#define FIRST_IPA GIB
#define DOORBELL_IPA 0x10000ULL

struct machine;

struct vcpu {
	struct machine *machine;
	uint8_t *control;       /* its control block */
	pthread_mutex_t lock;   /* around kicking and taking the kick back */
	atomic_uint run;        /* number of the run; odd while it runs */
	atomic_bool kicked;
	atomic_bool abandoned;
	/* The watcher's own notes. */
	unsigned seen_run;
	int64_t seen_at;
	int64_t kicked_at;
	/* The hypervisor's. */
	int fd;
	uint64_t id;
	void *exit;             /* its exit record, shared with it */
	pthread_t thread;
	/* Of a vCPU with a thread of its own, under the machine's lock: */
	pthread_cond_t wake;
	enum { ORDER_STAY, ORDER_RUN, ORDER_END } order;
	int32_t status;         /* of its last run, or of its making */
	char words[WORDS];      /* for that */
	const struct elftap_reg *first; /* while it is made */
	uint32_t first_count;
};

struct machine {
	atomic_bool used;
	unsigned number;
	pthread_t owner;        /* the thread that made it and its vCPUs */
	uint8_t *ram;
	uint64_t ram_size;
	uint64_t ram_ipa;
	int vm;
	pthread_mutex_t lock;   /* around orders to vCPUs and what they answer */
	pthread_cond_t stopped; /* fewer are running */
	uint32_t running;       /* vCPUs of the round, as bits */
	unsigned vcpu_count;
	struct vcpu vcpus[VCPUS];
};

/* The u64 at an offset of a control block. */
static inline uint64_t *control_word(struct vcpu *v, unsigned offset)
{
	return (uint64_t *)(void *)(v->control + offset);
}

/* Keeps words for elftap_error and returns the status. */
int32_t fail(int32_t status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- per hypervisor -------------------------------------------------------------------------------------------- */

extern const char hypervisor_name[];
int32_t hypervisor_probe(void);
/* Whether machines share one VM of the process, and with it guest physical addresses and ASIDs. */
extern const int hypervisor_shares_vm;
/* Makes a VM with the machine's memory at ram_ipa. */
int32_t hypervisor_open(struct machine *m);
void hypervisor_close(struct machine *m);
int32_t hypervisor_vcpu(struct vcpu *v, const struct elftap_reg *regs, uint32_t count);
void hypervisor_end_vcpu(struct vcpu *v);
/* Runs until the doorbell rings. */
int32_t hypervisor_run(struct vcpu *v);
/* Makes a running vCPU take an interrupt, or one that does not run at its next entry. With its lock held. */
void hypervisor_kick(struct vcpu *v);
/* The kick has been served. With its lock held. */
void hypervisor_unkick(struct vcpu *v);
/* Forces a vCPU that does not answer out of its run with ELFTAP_E_STUCK. */
void hypervisor_abandon(struct vcpu *v);

#endif
