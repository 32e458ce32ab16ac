/*
 * The part of the shim that is the same for every hypervisor: the table of machines, guest memory, and the watcher, a
 * thread that ends runs which have used up their budget.
 */
#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "machine.h"

#define MILLISECOND 1000000
/* How often the watcher looks while something runs: the precision of budgets. */
#define TICK MILLISECOND
/* Ticks without a run after which the watcher sleeps until there is one. */
#define IDLE_TICKS 100
/* How long a vCPU may take to answer a kick. */
#define STUCK (10LL * 1000 * MILLISECOND)

/* Hypervisor.framework maps pages of this size. */
#define RAM_ALIGNMENT 0x4000

extern const uint8_t elftap_stub[], elftap_stub_end[];

static struct machine machines[MACHINES];
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;

static _Thread_local char words[WORDS];

int32_t fail(int32_t status, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)vsnprintf(words, sizeof words, format, args);
	va_end(args);
	return status;
}

void elftap_error(char *into, uint32_t size)
{
	if (size > 0)
		(void)snprintf(into, size, "%s", words);
}

uint32_t elftap_abi(void)
{
	return ELFTAP_ABI;
}

int32_t elftap_probe(void)
{
	return hypervisor_probe();
}

/* ---- the watcher ------------------------------------------------------------------------------------------------ */

static pthread_once_t started = PTHREAD_ONCE_INIT;
static pthread_mutex_t watcher_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t watcher_wake = PTHREAD_COND_INITIALIZER;
static atomic_bool watcher_asleep;

static int64_t now(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL * MILLISECOND + t.tv_nsec;
}

static void kick(struct vcpu *v)
{
	(void)pthread_mutex_lock(&v->lock);
	if (!atomic_exchange(&v->kicked, true)) {
		++*control_word(v, CTL_KICKS);
		hypervisor_kick(v);
	}
	(void)pthread_mutex_unlock(&v->lock);
}

/* Looks after one vCPU. Returns whether it runs. */
static int watch(struct vcpu *v)
{
	unsigned run = atomic_load(&v->run);
	if (run % 2 == 0)
		return 0;
	int64_t time = now();
	if (run != v->seen_run) {
		/* A new run counts from here: asking for the time at every entry would cost more than it is worth. */
		v->seen_run = run;
		v->seen_at = time;
		v->kicked_at = 0;
	} else if (v->kicked_at == 0) {
		if ((uint64_t)(time - v->seen_at) >= *control_word(v, CTL_BUDGET)) {
			v->kicked_at = time;
			kick(v);
		}
	} else if (time - v->kicked_at > STUCK) {
		v->kicked_at = time;
		hypervisor_abandon(v);
	}
	return 1;
}

static void *watcher(void *unused)
{
	(void)unused;
	for (int idle = 0;;) {
		const struct timespec tick = { .tv_nsec = TICK };
		(void)nanosleep(&tick, NULL);
		int running = 0;
		(void)pthread_mutex_lock(&table_lock);
		for (unsigned i = 0; i < MACHINES; i++) {
			struct machine *m = &machines[i];
			for (unsigned n = 0; atomic_load(&m->used) && n < m->vcpu_count; n++)
				running |= watch(&m->vcpus[n]);
		}
		(void)pthread_mutex_unlock(&table_lock);
		idle = running ? 0 : idle + 1;
		if (idle < IDLE_TICKS)
			continue;
		(void)pthread_mutex_lock(&watcher_lock);
		atomic_store(&watcher_asleep, true);
		while (atomic_load(&watcher_asleep))
			(void)pthread_cond_wait(&watcher_wake, &watcher_lock);
		(void)pthread_mutex_unlock(&watcher_lock);
		idle = 0;
	}
	return NULL;
}

/* The key of a thread's machines: its destructor ends them, however the thread ends. */
static pthread_key_t owner_key;

static void end_machines(void *unused)
{
	(void)unused;
	for (uint32_t i = 0; i < MACHINES; i++) {
		if (atomic_load(&machines[i].used) && pthread_equal(machines[i].owner, pthread_self()))
			(void)elftap_close(i);
	}
}

static void start(void)
{
	/* The watcher and the destructor are code of this library: it must stay when the last Worker lets go of it. */
	Dl_info self;
	if (dladdr((const void *)elftap_stub, &self) != 0)
		(void)dlopen(self.dli_fname, RTLD_NOW | RTLD_NODELETE);
	(void)pthread_key_create(&owner_key, end_machines);
	pthread_t thread;
	if (pthread_create(&thread, NULL, watcher, NULL) == 0)
		(void)pthread_detach(thread);
}

static void wake_watcher(void)
{
	(void)pthread_mutex_lock(&watcher_lock);
	atomic_store(&watcher_asleep, false);
	(void)pthread_cond_signal(&watcher_wake);
	(void)pthread_mutex_unlock(&watcher_lock);
}

/* ---- machines --------------------------------------------------------------------------------------------------- */

int32_t elftap_open(uint8_t *ram, uint64_t ram_size, struct elftap_info *info)
{
	if (ram_size == 0 || ram_size % GIB != 0 || (uintptr_t)ram % RAM_ALIGNMENT != 0)
		return fail(ELFTAP_E_HOST, "guest memory of %llu bytes at %p", (unsigned long long)ram_size, (void *)ram);
	(void)pthread_once(&started, start);
	(void)pthread_mutex_lock(&table_lock);
	unsigned number = 0;
	while (number < MACHINES && atomic_load(&machines[number].used))
		number++;
	int32_t status = ELFTAP_OK;
	struct machine *m = &machines[number];
	if (number == MACHINES) {
		status = fail(ELFTAP_E_LIMIT, "%d machines are running", MACHINES);
	} else {
		memset(m, 0, sizeof *m);
		m->number = number;
		m->owner = pthread_self();
		(void)pthread_setspecific(owner_key, m);
		m->ram_size = ram_size;
		m->ram_ipa = FIRST_IPA + (hypervisor_shares_vm ? number * ram_size : 0);
		m->ram = ram;
		memcpy(m->ram, elftap_stub, (size_t)(elftap_stub_end - elftap_stub));
		status = hypervisor_open(m);
		if (status == ELFTAP_OK) {
			(void)pthread_mutex_init(&m->lock, NULL);
			(void)pthread_cond_init(&m->stopped, NULL);
			atomic_store(&m->used, true);
		}
	}
	(void)pthread_mutex_unlock(&table_lock);
	if (status < 0)
		return status;
	/* An ASID must mean one thing in a VM, also where machines share one. */
	unsigned parts = hypervisor_shares_vm ? MACHINES : 1;
	*info = (struct elftap_info){
		.ram_ipa = m->ram_ipa,
		.doorbell_ipa = DOORBELL_IPA,
		.asid_offset = number % parts,
		.asid_stride = parts,
		.max_vcpus = VCPUS,
	};
	return (int32_t)number;
}

static struct machine *find(uint32_t machine)
{
	return machine < MACHINES && atomic_load(&machines[machine].used) ? &machines[machine] : NULL;
}

static struct vcpu *find_vcpu(uint32_t machine, uint32_t vcpu)
{
	struct machine *m = find(machine);
	return m && vcpu < m->vcpu_count ? &m->vcpus[vcpu] : NULL;
}

static void end_vcpu(struct vcpu *v);

int32_t elftap_close(uint32_t machine)
{
	struct machine *m = find(machine);
	if (!m)
		return fail(ELFTAP_E_HOST, "no machine %u", machine);
	(void)pthread_mutex_lock(&table_lock);
	for (unsigned n = 0; n < m->vcpu_count; n++)
		end_vcpu(&m->vcpus[n]);
	hypervisor_close(m);
	(void)pthread_cond_destroy(&m->stopped);
	(void)pthread_mutex_destroy(&m->lock);
	atomic_store(&m->used, false);
	(void)pthread_mutex_unlock(&table_lock);
	return ELFTAP_OK;
}

/* Takes back a kick that nobody has served. */
static void unkick(struct vcpu *v)
{
	if (!atomic_load(&v->kicked))
		return;
	(void)pthread_mutex_lock(&v->lock);
	hypervisor_unkick(v);
	atomic_store(&v->kicked, false);
	(void)pthread_mutex_unlock(&v->lock);
}

/* Runs a vCPU. Its own thread. */
static int32_t run(struct vcpu *v)
{
	atomic_fetch_add(&v->run, 1);
	if (atomic_load(&watcher_asleep))
		wake_watcher();
	int32_t status = hypervisor_run(v);
	atomic_fetch_add(&v->run, 1);
	unkick(v);
	return status;
}

/* A vCPU of the round has stopped, and so all have to. With the machine's lock held. */
static void end_round(struct vcpu *v)
{
	struct machine *m = v->machine;
	m->running &= ~(1U << (v - m->vcpus));
	for (unsigned n = 0; n < m->vcpu_count; n++)
		if (m->running & 1U << n)
			kick(&m->vcpus[n]);
	(void)pthread_cond_signal(&m->stopped);
}

/* The thread of a vCPU: makes it, runs it when it is told to, ends it. */
static void *vcpu_thread(void *argument)
{
	struct vcpu *v = argument;
	struct machine *m = v->machine;
	(void)pthread_mutex_lock(&m->lock);
	v->status = hypervisor_vcpu(v, v->first, v->first_count);
	int made = v->status == ELFTAP_OK;
	for (;;) {
		memcpy(v->words, words, sizeof words);
		end_round(v);
		while (made && v->order == ORDER_STAY)
			(void)pthread_cond_wait(&v->wake, &m->lock);
		if (!made || v->order == ORDER_END)
			break;
		v->order = ORDER_STAY;
		(void)pthread_mutex_unlock(&m->lock);
		int32_t status = run(v);
		(void)pthread_mutex_lock(&m->lock);
		v->status = status;
	}
	(void)pthread_mutex_unlock(&m->lock);
	if (made)
		hypervisor_end_vcpu(v);
	return NULL;
}

/* Waits until the vCPUs of a round have stopped; returns the first status that is none of success. The lock is held. */
static int32_t wait_for(struct machine *m, uint32_t vcpus)
{
	while (m->running != 0)
		(void)pthread_cond_wait(&m->stopped, &m->lock);
	for (unsigned n = 1; n < VCPUS; n++) {
		if ((vcpus & 1U << n) && m->vcpus[n].status < 0)
			return fail(m->vcpus[n].status, "%s", m->vcpus[n].words);
	}
	return ELFTAP_OK;
}

static void forget_vcpu(struct vcpu *v)
{
	(void)pthread_cond_destroy(&v->wake);
	(void)pthread_mutex_destroy(&v->lock);
}

/* Gives a vCPU its thread, which makes it. */
static int32_t start_vcpu(struct vcpu *v)
{
	struct machine *m = v->machine;
	uint32_t bit = 1U << (v - m->vcpus);
	(void)pthread_mutex_lock(&m->lock);
	m->running = bit;
	int32_t status = pthread_create(&v->thread, NULL, vcpu_thread, v) == 0
		? wait_for(m, bit)
		: fail(ELFTAP_E_LIMIT, "no more threads");
	m->running = 0;
	(void)pthread_mutex_unlock(&m->lock);
	return status;
}

static void end_vcpu(struct vcpu *v)
{
	struct machine *m = v->machine;
	if (v == m->vcpus) {
		hypervisor_end_vcpu(v);
	} else {
		(void)pthread_mutex_lock(&m->lock);
		v->order = ORDER_END;
		(void)pthread_cond_signal(&v->wake);
		(void)pthread_mutex_unlock(&m->lock);
		(void)pthread_join(v->thread, NULL);
	}
	forget_vcpu(v);
}

int32_t elftap_vcpu(uint32_t machine, uint64_t control, const struct elftap_reg *regs, uint32_t count)
{
	struct machine *m = find(machine);
	if (!m || control > m->ram_size - CTL_SIZE || control % CTL_SIZE != 0)
		return fail(ELFTAP_E_HOST, "no machine %u, or its control block is not in its memory", machine);
	if (m->vcpu_count == VCPUS)
		return fail(ELFTAP_E_LIMIT, "the machine has %d vCPUs", VCPUS);
	struct vcpu *v = &m->vcpus[m->vcpu_count];
	*v = (struct vcpu){
		.machine = m,
		.control = m->ram + control,
		.fd = -1,
		.thread = pthread_self(),
		.first = regs,
		.first_count = count,
	};
	(void)pthread_mutex_init(&v->lock, NULL);
	(void)pthread_cond_init(&v->wake, NULL);
	int32_t status = m->vcpu_count == 0 ? hypervisor_vcpu(v, regs, count) : start_vcpu(v);
	if (status < 0) {
		forget_vcpu(v);
		return status;
	}
	(void)pthread_mutex_lock(&table_lock);
	int32_t number = (int32_t)m->vcpu_count++;
	(void)pthread_mutex_unlock(&table_lock);
	return number;
}

int32_t elftap_run_together(uint32_t machine, uint32_t vcpus)
{
	struct machine *m = find(machine);
	if (!m || vcpus == 0 || vcpus >> m->vcpu_count != 0)
		return fail(ELFTAP_E_HOST, "no vCPUs 0x%x in machine %u", vcpus, machine);
	(void)pthread_mutex_lock(&m->lock);
	m->running = vcpus;
	for (unsigned n = 1; n < m->vcpu_count; n++) {
		if (!(vcpus & 1U << n))
			continue;
		m->vcpus[n].order = ORDER_RUN;
		(void)pthread_cond_signal(&m->vcpus[n].wake);
	}
	int32_t status = ELFTAP_OK;
	if (vcpus & 1) {
		(void)pthread_mutex_unlock(&m->lock);
		status = run(&m->vcpus[0]);
		(void)pthread_mutex_lock(&m->lock);
		end_round(&m->vcpus[0]);
	}
	int32_t others = wait_for(m, vcpus);
	(void)pthread_mutex_unlock(&m->lock);
	/* Who stopped by itself may have been kicked too late to see it. */
	for (unsigned n = 0; n < m->vcpu_count; n++)
		unkick(&m->vcpus[n]);
	return status < 0 ? status : others;
}

int32_t elftap_run(uint32_t machine, uint32_t vcpu)
{
	struct vcpu *v = find_vcpu(machine, vcpu);
	if (!v)
		return fail(ELFTAP_E_HOST, "no vCPU %u.%u", machine, vcpu);
	return vcpu == 0 ? run(v) : elftap_run_together(machine, 1U << vcpu);
}

int32_t elftap_kick(uint32_t machine, uint32_t vcpu)
{
	struct vcpu *v = find_vcpu(machine, vcpu);
	if (!v)
		return fail(ELFTAP_E_HOST, "no vCPU %u.%u", machine, vcpu);
	kick(v);
	return ELFTAP_OK;
}
