/*
 * The shim on arm64 Linux: /dev/kvm (Linux, Documentation/virt/kvm/api.rst). A run ends when the stub stores to the
 * doorbell, an address without memory (KVM_EXIT_MMIO); KVM steps over that store at the next KVM_RUN. Without an
 * interrupt controller in the kernel, KVM_IRQ_LINE raises the vCPU's own IRQ input, from any thread: that is a kick.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "machine.h"

const char hypervisor_name[] = "kvm";
const int hypervisor_shares_vm = 0;

/* Guest memory ends below 2^36: the least that any machine with KVM or Apple's M1 offers. */
#define IPA_BITS 36
/* The default, and all that old kernels know. */
#define DEFAULT_IPA_BITS 40

/* Shared by all machines of the process; opened once. */
static int kvm_fd = -1;
static int run_size;

static int32_t open_kvm(void)
{
	if (kvm_fd >= 0)
		return ELFTAP_OK;
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		if (errno == EACCES || errno == EPERM)
			return fail(ELFTAP_E_DENIED, "/dev/kvm: %s", strerror(errno));
		return fail(ELFTAP_E_NO_HYPERVISOR, "/dev/kvm: %s", strerror(errno));
	}
	int version = ioctl(fd, KVM_GET_API_VERSION, 0);
	run_size = ioctl(fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (version != KVM_API_VERSION || run_size <= 0) {
		(void)close(fd);
		return fail(ELFTAP_E_NO_HYPERVISOR, "/dev/kvm speaks version %d", version);
	}
	kvm_fd = fd;
	return ELFTAP_OK;
}

/* A VM's file descriptor, or a status. */
static int32_t create_vm(void)
{
	int32_t status = open_kvm();
	if (status < 0)
		return status;
	int bits = ioctl(kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_ARM_VM_IPA_SIZE);
	if (bits > 0 && bits < IPA_BITS)
		return fail(ELFTAP_E_IPA, "guest physical addresses have %d bits, %d are needed", bits, IPA_BITS);
	unsigned long type = bits > 0 && bits < DEFAULT_IPA_BITS ? KVM_VM_TYPE_ARM_IPA_SIZE((unsigned)bits) : 0;
	int fd = ioctl(kvm_fd, KVM_CREATE_VM, type);
	if (fd >= 0)
		return fd;
	if (errno == ENOMEM)
		return fail(ELFTAP_E_MEMORY, "KVM_CREATE_VM: %s", strerror(errno));
	if (errno == EMFILE || errno == ENFILE || errno == EBUSY)
		return fail(ELFTAP_E_LIMIT, "KVM_CREATE_VM: %s", strerror(errno));
	return fail(ELFTAP_E_NO_HYPERVISOR, "KVM_CREATE_VM: %s", strerror(errno));
}

int32_t hypervisor_probe(void)
{
	int32_t fd = create_vm();
	if (fd < 0)
		return fd;
	(void)close(fd);
	return ELFTAP_OK;
}

/* Interrupts KVM_RUN when nothing else does; see hypervisor_abandon. */
static void nothing(int signal)
{
	(void)signal;
}

int32_t hypervisor_open(struct machine *m)
{
	m->vm = create_vm();
	if (m->vm < 0)
		return m->vm;
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = m->ram_ipa,
		.memory_size = m->ram_size,
		.userspace_addr = (uintptr_t)m->ram,
	};
	if (ioctl(m->vm, KVM_SET_USER_MEMORY_REGION, &region) < 0) {
		int32_t status = fail(ELFTAP_E_MEMORY, "KVM_SET_USER_MEMORY_REGION: %s", strerror(errno));
		(void)close(m->vm);
		return status;
	}
	struct sigaction action = { .sa_handler = nothing };
	(void)sigaction(SIGRTMAX, &action, NULL);
	return ELFTAP_OK;
}

void hypervisor_close(struct machine *m)
{
	(void)close(m->vm);
}

static int set_reg(int fd, uint64_t id, uint64_t value)
{
	struct kvm_one_reg reg = { .addr = (uintptr_t)&value };
	uint64_t kind = KVM_REG_ARM64 | KVM_REG_SIZE_U64;
	if (id == ELFTAP_REG_PC)
		reg.id = kind | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(regs.pc);
	else if (id == ELFTAP_REG_PSTATE)
		reg.id = kind | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(regs.pstate);
	else
		reg.id = kind | KVM_REG_ARM64_SYSREG | id;
	return ioctl(fd, KVM_SET_ONE_REG, &reg);
}

int32_t hypervisor_vcpu(struct vcpu *v, const struct elftap_reg *regs, uint32_t count)
{
	int vm = v->machine->vm;
	struct kvm_vcpu_init init;
	v->id = v->machine->vcpu_count;
	v->fd = ioctl(vm, KVM_CREATE_VCPU, v->id);
	if (v->fd < 0)
		return fail(errno == ENOMEM ? ELFTAP_E_MEMORY : ELFTAP_E_LIMIT, "KVM_CREATE_VCPU: %s", strerror(errno));
	int32_t status = ELFTAP_OK;
	if (ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init) < 0 || ioctl(v->fd, KVM_ARM_VCPU_INIT, &init) < 0)
		status = fail(ELFTAP_E_HOST, "KVM_ARM_VCPU_INIT: %s", strerror(errno));
	for (uint32_t i = 0; status == ELFTAP_OK && i < count; i++) {
		if (set_reg(v->fd, regs[i].id, regs[i].value) < 0)
			status = fail(ELFTAP_E_HOST, "KVM_SET_ONE_REG 0x%llx: %s", (unsigned long long)regs[i].id,
				strerror(errno));
	}
	if (status == ELFTAP_OK) {
		v->exit = mmap(NULL, (size_t)run_size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
		if (v->exit != MAP_FAILED)
			return ELFTAP_OK;
		status = fail(ELFTAP_E_MEMORY, "the vCPU's shared page: %s", strerror(errno));
	}
	(void)close(v->fd);
	return status;
}

void hypervisor_end_vcpu(struct vcpu *v)
{
	(void)munmap(v->exit, (size_t)run_size);
	(void)close(v->fd);
}

int32_t hypervisor_run(struct vcpu *v)
{
	struct kvm_run *run = v->exit;
	for (;;) {
		++*control_word(v, CTL_CALLS);
		int result = ioctl(v->fd, KVM_RUN, 0);
		++*control_word(v, CTL_EXITS);
		if (result < 0) {
			/* A signal for the process, or ours to a vCPU that does not answer. */
			if (errno == EINTR && !atomic_load(&v->abandoned))
				continue;
			run->immediate_exit = 0;
			if (atomic_exchange(&v->abandoned, false))
				return fail(ELFTAP_E_STUCK, "the vCPU does not answer");
			return fail(errno == ENOMEM ? ELFTAP_E_MEMORY : ELFTAP_E_HOST, "KVM_RUN: %s", strerror(errno));
		}
		if (run->exit_reason == KVM_EXIT_MMIO && run->mmio.phys_addr == DOORBELL_IPA)
			return ELFTAP_OK;
		if (run->exit_reason == KVM_EXIT_INTR)
			continue;
		if (run->exit_reason == KVM_EXIT_MMIO)
			return fail(ELFTAP_E_HOST, "access to guest physical address 0x%llx without memory",
				(unsigned long long)run->mmio.phys_addr);
		return fail(ELFTAP_E_HOST, "KVM exit %u", run->exit_reason);
	}
}

static void irq_line(struct vcpu *v, unsigned level)
{
	struct kvm_irq_level irq = {
		.irq = KVM_ARM_IRQ_TYPE_CPU << KVM_ARM_IRQ_TYPE_SHIFT | (unsigned)v->id << KVM_ARM_IRQ_VCPU_SHIFT |
		       KVM_ARM_IRQ_CPU_IRQ,
		.level = level,
	};
	(void)ioctl(v->machine->vm, KVM_IRQ_LINE, &irq);
}

void hypervisor_kick(struct vcpu *v)
{
	irq_line(v, 1);
}

void hypervisor_unkick(struct vcpu *v)
{
	++*control_word(v, CTL_CALLS);
	irq_line(v, 0);
}

void hypervisor_abandon(struct vcpu *v)
{
	atomic_store(&v->abandoned, true);
	((struct kvm_run *)v->exit)->immediate_exit = 1;
	(void)pthread_kill(v->thread, SIGRTMAX);
}
