/*
 * A test double of Hypervisor.framework over KVM: what hvf.c calls, with the framework's own habits where they differ
 * from KVM's: one VM per process, vCPUs bound to the thread that made them, 16 KiB pages, a PC that stays at a store
 * without memory, a cancelled run when a vCPU is not running, a pending interrupt that each return takes back. For
 * tests of hvf.c on arm64 Linux alone.
 */
#include <Hypervisor/Hypervisor.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define VCPUS 64
#define SLOTS 32
#define PAGE 0x4000
/* ESR_EL2: data abort from a lower level, 32-bit instruction, no ISS that matters here. */
#define DATA_ABORT (0x24ull << 26 | 1ull << 25)

struct vcpu {
	int fd;
	unsigned id;
	pthread_t owner;
	struct kvm_run *run;
	hv_vcpu_exit_t exit;
	bool irq;
	bool irq_line;
	atomic_bool cancelled;
	/* A store without memory that has not been stepped over: KVM steps when it runs again, the framework does not. */
	bool at_store;
	bool stepped;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int vm = -1, kvm = -1;
static struct vcpu vcpus[VCPUS];
static unsigned vcpu_count;
static struct {
	hv_ipa_t ipa;
	size_t size;
} slots[SLOTS];

static void nothing(int signal)
{
	(void)signal;
}

hv_return_t hv_vm_create(hv_vm_config_t config)
{
	(void)config;
	hv_return_t result = HV_SUCCESS;
	(void)pthread_mutex_lock(&lock);
	if (vm >= 0) {
		result = HV_BUSY;
	} else {
		kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
		vm = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);
		if (vm < 0) {
			result = kvm < 0 && errno == EACCES ? HV_DENIED : HV_UNSUPPORTED;
			if (kvm >= 0)
				(void)close(kvm);
		}
		vcpu_count = 0;
		memset(slots, 0, sizeof slots);
		struct sigaction action = { .sa_handler = nothing };
		(void)sigaction(SIGRTMAX - 1, &action, NULL);
	}
	(void)pthread_mutex_unlock(&lock);
	return result;
}

hv_return_t hv_vm_destroy(void)
{
	(void)pthread_mutex_lock(&lock);
	hv_return_t result = vm < 0 ? HV_ERROR : HV_SUCCESS;
	for (unsigned i = 0; i < vcpu_count; i++)
		if (vcpus[i].fd >= 0)
			result = HV_BUSY;
	if (result == HV_SUCCESS) {
		(void)close(vm);
		(void)close(kvm);
		vm = -1;
	}
	(void)pthread_mutex_unlock(&lock);
	return result;
}

static hv_return_t set_slot(unsigned slot, void *address, hv_ipa_t ipa, size_t size)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot, .guest_phys_addr = ipa, .memory_size = size, .userspace_addr = (uintptr_t)address,
	};
	return ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) == 0 ? HV_SUCCESS : HV_ERROR;
}

hv_return_t hv_vm_map(void *address, hv_ipa_t ipa, size_t size, hv_memory_flags_t flags)
{
	if ((uintptr_t)address % PAGE || ipa % PAGE || size % PAGE || flags != (HV_MEMORY_READ | HV_MEMORY_WRITE | HV_MEMORY_EXEC))
		return HV_BAD_ARGUMENT;
	if (ipa + size > 1ull << 36)
		return HV_BAD_ARGUMENT;
	(void)pthread_mutex_lock(&lock);
	hv_return_t result = HV_NO_RESOURCES;
	for (unsigned i = 0; i < SLOTS; i++) {
		if (slots[i].size != 0)
			continue;
		result = set_slot(i, address, ipa, size);
		if (result == HV_SUCCESS) {
			slots[i].ipa = ipa;
			slots[i].size = size;
		}
		break;
	}
	(void)pthread_mutex_unlock(&lock);
	return result;
}

hv_return_t hv_vm_unmap(hv_ipa_t ipa, size_t size)
{
	(void)pthread_mutex_lock(&lock);
	hv_return_t result = HV_BAD_ARGUMENT;
	for (unsigned i = 0; i < SLOTS; i++) {
		if (slots[i].ipa == ipa && slots[i].size == size && size != 0) {
			slots[i].size = 0;
			result = set_slot(i, NULL, ipa, 0);
		}
	}
	(void)pthread_mutex_unlock(&lock);
	return result;
}

static int reg(struct vcpu *v, unsigned long request, uint64_t id, uint64_t *value)
{
	struct kvm_one_reg one = { .id = KVM_REG_ARM64 | KVM_REG_SIZE_U64 | id, .addr = (uintptr_t)value };
	return ioctl(v->fd, request, &one);
}

static uint64_t core(hv_reg_t number)
{
	if (number == HV_REG_PC)
		return KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(regs.pc);
	if (number == HV_REG_CPSR)
		return KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(regs.pstate);
	return KVM_REG_ARM_CORE | (KVM_REG_ARM_CORE_REG(regs.regs[0]) + 2 * number);
}

/* The vCPU, if the calling thread is its own. */
static struct vcpu *mine(hv_vcpu_t id)
{
	struct vcpu *v = id < vcpu_count ? &vcpus[id] : NULL;
	return v && v->fd >= 0 && pthread_equal(v->owner, pthread_self()) ? v : NULL;
}

hv_return_t hv_vcpu_create(hv_vcpu_t *id, hv_vcpu_exit_t **exit, hv_vcpu_config_t config)
{
	(void)config;
	(void)pthread_mutex_lock(&lock);
	hv_return_t result = HV_NO_RESOURCES;
	struct kvm_vcpu_init init;
	if (vm >= 0 && vcpu_count < VCPUS) {
		struct vcpu *v = &vcpus[vcpu_count];
		memset(v, 0, sizeof *v);
		v->id = vcpu_count;
		v->owner = pthread_self();
		v->fd = ioctl(vm, KVM_CREATE_VCPU, vcpu_count);
		int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
		if (v->fd >= 0 && ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init) == 0 && ioctl(v->fd, KVM_ARM_VCPU_INIT, &init) == 0) {
			v->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
			if (v->run != MAP_FAILED) {
				*id = vcpu_count++;
				*exit = &v->exit;
				result = HV_SUCCESS;
			}
		}
	}
	(void)pthread_mutex_unlock(&lock);
	return result;
}

hv_return_t hv_vcpu_destroy(hv_vcpu_t id)
{
	struct vcpu *v = mine(id);
	if (!v)
		return HV_BAD_ARGUMENT;
	(void)pthread_mutex_lock(&lock);
	(void)munmap(v->run, (size_t)ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0));
	(void)close(v->fd);
	v->fd = -1;
	(void)pthread_mutex_unlock(&lock);
	return HV_SUCCESS;
}

hv_return_t hv_vcpu_get_reg(hv_vcpu_t id, hv_reg_t number, uint64_t *value)
{
	struct vcpu *v = mine(id);
	if (!v || reg(v, KVM_GET_ONE_REG, core(number), value) < 0)
		return HV_BAD_ARGUMENT;
	return HV_SUCCESS;
}

hv_return_t hv_vcpu_set_reg(hv_vcpu_t id, hv_reg_t number, uint64_t value)
{
	struct vcpu *v = mine(id);
	if (!v)
		return HV_BAD_ARGUMENT;
	if (number == HV_REG_PC && v->at_store) {
		uint64_t pc;
		(void)reg(v, KVM_GET_ONE_REG, core(HV_REG_PC), &pc);
		/* KVM is going to step by itself. */
		if (value != pc + 4)
			return HV_ERROR;
		v->stepped = true;
		return HV_SUCCESS;
	}
	return reg(v, KVM_SET_ONE_REG, core(number), &value) < 0 ? HV_BAD_ARGUMENT : HV_SUCCESS;
}

hv_return_t hv_vcpu_set_sys_reg(hv_vcpu_t id, hv_sys_reg_t number, uint64_t value)
{
	struct vcpu *v = mine(id);
	if (!v || reg(v, KVM_SET_ONE_REG, KVM_REG_ARM64_SYSREG | number, &value) < 0)
		return HV_BAD_ARGUMENT;
	return HV_SUCCESS;
}

hv_return_t hv_vcpu_set_trap_debug_exceptions(hv_vcpu_t id, bool value)
{
	return mine(id) && !value ? HV_SUCCESS : HV_BAD_ARGUMENT;
}

hv_return_t hv_vcpu_set_trap_debug_reg_accesses(hv_vcpu_t id, bool value)
{
	return mine(id) && !value ? HV_SUCCESS : HV_BAD_ARGUMENT;
}

hv_return_t hv_vcpu_set_pending_interrupt(hv_vcpu_t id, hv_interrupt_type_t type, bool pending)
{
	struct vcpu *v = mine(id);
	if (!v || type != HV_INTERRUPT_TYPE_IRQ)
		return HV_BAD_ARGUMENT;
	v->irq = pending;
	return HV_SUCCESS;
}

static void set_line(struct vcpu *v, bool level)
{
	if (v->irq_line == level)
		return;
	struct kvm_irq_level irq = { .irq = v->id << KVM_ARM_IRQ_VCPU_SHIFT, .level = level };
	(void)ioctl(vm, KVM_IRQ_LINE, &irq);
	v->irq_line = level;
}

hv_return_t hv_vcpu_run(hv_vcpu_t id)
{
	struct vcpu *v = mine(id);
	if (!v)
		return HV_BAD_ARGUMENT;
	/* Nobody has stepped over the store: the framework would run it again, for ever. */
	if (v->at_store && !v->stepped)
		return HV_ERROR;
	set_line(v, v->irq);
	for (;;) {
		v->run->immediate_exit = atomic_exchange(&v->cancelled, false);
		int result = ioctl(v->fd, KVM_RUN, 0);
		bool cancelled = v->run->immediate_exit;
		v->run->immediate_exit = 0;
		if (result < 0 && errno == EINTR) {
			/* KVM has finished a store that was under way, whatever else. */
			v->at_store = v->stepped = false;
			if (!cancelled && !atomic_exchange(&v->cancelled, false))
				continue;
			v->exit.reason = HV_EXIT_REASON_CANCELED;
			break;
		}
		if (result < 0)
			return HV_ERROR;
		if (v->run->exit_reason == KVM_EXIT_INTR)
			continue;
		v->stepped = false;
		v->at_store = v->run->exit_reason == KVM_EXIT_MMIO;
		v->exit.reason = v->at_store ? HV_EXIT_REASON_EXCEPTION : HV_EXIT_REASON_UNKNOWN;
		v->exit.exception.syndrome = DATA_ABORT;
		v->exit.exception.physical_address = v->run->mmio.phys_addr;
		break;
	}
	v->irq = false;
	return HV_SUCCESS;
}

hv_return_t hv_vcpus_exit(hv_vcpu_t *ids, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (ids[i] >= vcpu_count || vcpus[ids[i]].fd < 0)
			return HV_BAD_ARGUMENT;
		struct vcpu *v = &vcpus[ids[i]];
		atomic_store(&v->cancelled, true);
		v->run->immediate_exit = 1;
		(void)pthread_kill(v->owner, SIGRTMAX - 1);
	}
	return HV_SUCCESS;
}
