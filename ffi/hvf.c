/*
 * The shim on Apple Silicon: Hypervisor.framework. A process has one VM, which the machines of all its Workers share,
 * each with guest physical addresses and ASIDs of its own. A run ends when the stub stores to the doorbell, an address
 * without memory: a data abort to EL2, behind which the PC has to be moved.
 *
 * README.md says where Apple documents what is used here, and what has not been run on a Mac.
 */
#include <Hypervisor/Hypervisor.h>

#include "machine.h"

const char hypervisor_name[] = "hvf";
const int hypervisor_shares_vm = 1;

/* Guest physical addresses of Apple's M1: 36 bits, the framework's default. */
#define IPA_END (1ULL << 36)
/* ESR_EL2.EC of a data abort from a lower exception level, and the length of an instruction. */
#define EC_DATA_ABORT 0x24
#define INSTRUCTION 4

static pthread_mutex_t vm_lock = PTHREAD_MUTEX_INITIALIZER;
/* Machines that use the VM. */
static unsigned vm_users;

static int32_t explain(hv_return_t result, const char *call)
{
	unsigned code = (unsigned)result;
	switch (result) {
	case HV_UNSUPPORTED:
	case HV_NO_DEVICE:
		return fail(ELFTAP_E_NO_HYPERVISOR, "%s: this Mac offers no virtualization (0x%x)", call, code);
	case HV_DENIED:
		return fail(ELFTAP_E_DENIED, "%s: deno lacks the entitlement com.apple.security.hypervisor (0x%x)", call, code);
	case HV_NO_RESOURCES:
		return fail(ELFTAP_E_LIMIT, "%s: no more virtual machines or CPUs (0x%x)", call, code);
	default:
		return fail(ELFTAP_E_HOST, "%s: error 0x%x", call, code);
	}
}

/* One user more of the process's VM. */
static int32_t take_vm(void)
{
	(void)pthread_mutex_lock(&vm_lock);
	hv_return_t result = vm_users == 0 ? hv_vm_create(NULL) : HV_SUCCESS;
	if (result == HV_SUCCESS)
		vm_users++;
	(void)pthread_mutex_unlock(&vm_lock);
	return result == HV_SUCCESS ? ELFTAP_OK : explain(result, "hv_vm_create");
}

static void drop_vm(void)
{
	(void)pthread_mutex_lock(&vm_lock);
	if (--vm_users == 0)
		(void)hv_vm_destroy();
	(void)pthread_mutex_unlock(&vm_lock);
}

int32_t hypervisor_probe(void)
{
	int32_t status = take_vm();
	if (status == ELFTAP_OK)
		drop_vm();
	return status;
}

int32_t hypervisor_open(struct machine *m)
{
	if (m->ram_ipa + m->ram_size > IPA_END)
		return fail(ELFTAP_E_LIMIT, "guest physical addresses (36 bits) are used up by %u machines", m->number);
	int32_t status = take_vm();
	if (status != ELFTAP_OK)
		return status;
	const hv_memory_flags_t all = HV_MEMORY_READ | HV_MEMORY_WRITE | HV_MEMORY_EXEC;
	hv_return_t result = hv_vm_map(m->ram, m->ram_ipa, m->ram_size, all);
	if (result == HV_SUCCESS)
		return ELFTAP_OK;
	drop_vm();
	return explain(result, "hv_vm_map");
}

void hypervisor_close(struct machine *m)
{
	(void)hv_vm_unmap(m->ram_ipa, m->ram_size);
	drop_vm();
}

static hv_return_t set_reg(hv_vcpu_t vcpu, uint64_t id, uint64_t value)
{
	if (id == ELFTAP_REG_PC)
		return hv_vcpu_set_reg(vcpu, HV_REG_PC, value);
	if (id == ELFTAP_REG_PSTATE)
		return hv_vcpu_set_reg(vcpu, HV_REG_CPSR, value);
	/* hv_sys_reg_t has the encoding of the instruction. */
	return hv_vcpu_set_sys_reg(vcpu, (hv_sys_reg_t)id, value);
}

int32_t hypervisor_vcpu(struct vcpu *v, const struct elftap_reg *regs, uint32_t count)
{
	hv_vcpu_exit_t *exit;
	hv_return_t result = hv_vcpu_create(&v->id, &exit, NULL);
	if (result != HV_SUCCESS)
		return explain(result, "hv_vcpu_create");
	v->exit = exit;
	/* Debug exceptions are the stub's to take. */
	result = hv_vcpu_set_trap_debug_exceptions(v->id, false);
	if (result == HV_SUCCESS)
		result = hv_vcpu_set_trap_debug_reg_accesses(v->id, false);
	for (uint32_t i = 0; result == HV_SUCCESS && i < count; i++)
		result = set_reg(v->id, regs[i].id, regs[i].value);
	if (result == HV_SUCCESS)
		return ELFTAP_OK;
	(void)hv_vcpu_destroy(v->id);
	return explain(result, "the vCPU's first registers");
}

void hypervisor_end_vcpu(struct vcpu *v)
{
	(void)hv_vcpu_destroy(v->id);
}

/* Steps over the store to the doorbell. */
static hv_return_t advance(struct vcpu *v)
{
	uint64_t pc;
	hv_return_t result = hv_vcpu_get_reg(v->id, HV_REG_PC, &pc);
	if (result != HV_SUCCESS)
		return result;
	return hv_vcpu_set_reg(v->id, HV_REG_PC, pc + INSTRUCTION);
}

int32_t hypervisor_run(struct vcpu *v)
{
	const hv_vcpu_exit_t *exit = v->exit;
	for (;;) {
		++*control_word(v, CTL_CALLS);
		hv_return_t result = hv_vcpu_run(v->id);
		++*control_word(v, CTL_EXITS);
		if (result != HV_SUCCESS)
			return explain(result, "hv_vcpu_run");
		if (exit->reason == HV_EXIT_REASON_CANCELED) {
			if (atomic_load(&v->abandoned)) {
				atomic_store(&v->abandoned, false);
				return fail(ELFTAP_E_STUCK, "the vCPU does not answer");
			}
			/* A kick: the stub has to put the registers away. hv_vcpu_run takes the interrupt back when it returns. */
			result = hv_vcpu_set_pending_interrupt(v->id, HV_INTERRUPT_TYPE_IRQ, true);
			if (result != HV_SUCCESS)
				return explain(result, "hv_vcpu_set_pending_interrupt");
			continue;
		}
		if (exit->reason == HV_EXIT_REASON_VTIMER_ACTIVATED)
			continue;
		if (exit->reason != HV_EXIT_REASON_EXCEPTION)
			return fail(ELFTAP_E_HOST, "exit reason %u of hv_vcpu_run", exit->reason);
		unsigned class = (unsigned)(exit->exception.syndrome >> 26) & 0x3f;
		if (class != EC_DATA_ABORT || exit->exception.physical_address != DOORBELL_IPA)
			return fail(ELFTAP_E_HOST, "exception 0x%llx at guest physical address 0x%llx",
				(unsigned long long)exit->exception.syndrome,
				(unsigned long long)exit->exception.physical_address);
		result = advance(v);
		return result == HV_SUCCESS ? ELFTAP_OK : explain(result, "hv_vcpu_set_reg");
	}
}

void hypervisor_kick(struct vcpu *v)
{
	hv_vcpu_t id = v->id;
	(void)hv_vcpus_exit(&id, 1);
}

void hypervisor_unkick(struct vcpu *v)
{
	(void)v;
}

void hypervisor_abandon(struct vcpu *v)
{
	atomic_store(&v->abandoned, true);
	hypervisor_kick(v);
}
