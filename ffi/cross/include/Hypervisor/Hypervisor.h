/*
 * The part of Hypervisor.framework on Apple Silicon that hvf.c uses, declared anew from Apple's public documentation,
 * so that it can be compiled where there is no macOS SDK. ffi/README.md lists where each is documented. On a Mac the
 * system's own header is used instead.
 */
#ifndef ELFTAP_HYPERVISOR_H
#define ELFTAP_HYPERVISOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int32_t hv_return_t;
#define HV_SUCCESS 0
#define HV_ERROR ((hv_return_t)0xfae94001)
#define HV_BUSY ((hv_return_t)0xfae94002)
#define HV_BAD_ARGUMENT ((hv_return_t)0xfae94003)
#define HV_NO_RESOURCES ((hv_return_t)0xfae94005)
#define HV_NO_DEVICE ((hv_return_t)0xfae94006)
#define HV_DENIED ((hv_return_t)0xfae94007)
#define HV_UNSUPPORTED ((hv_return_t)0xfae9400f)

typedef uint64_t hv_vcpu_t;
typedef uint64_t hv_ipa_t;
typedef struct hv_vm_config_s *hv_vm_config_t;
typedef struct hv_vcpu_config_s *hv_vcpu_config_t;

typedef uint64_t hv_memory_flags_t;
#define HV_MEMORY_READ (1ULL << 0)
#define HV_MEMORY_WRITE (1ULL << 1)
#define HV_MEMORY_EXEC (1ULL << 2)

/* X0 to X30 are 0 to 30. */
typedef uint32_t hv_reg_t;
#define HV_REG_PC 31
#define HV_REG_CPSR 34

/* op0:op1:CRn:CRm:op2 of the register's MRS. */
typedef uint16_t hv_sys_reg_t;

typedef uint32_t hv_interrupt_type_t;
#define HV_INTERRUPT_TYPE_IRQ 0

typedef uint32_t hv_exit_reason_t;
#define HV_EXIT_REASON_CANCELED 0
#define HV_EXIT_REASON_EXCEPTION 1
#define HV_EXIT_REASON_VTIMER_ACTIVATED 2
#define HV_EXIT_REASON_UNKNOWN 3

typedef struct {
	uint64_t syndrome;         /* ESR_EL2 */
	uint64_t virtual_address;  /* FAR_EL2 */
	hv_ipa_t physical_address;
} hv_vcpu_exit_exception_t;

typedef struct {
	hv_exit_reason_t reason;
	hv_vcpu_exit_exception_t exception;
} hv_vcpu_exit_t;

hv_return_t hv_vm_create(hv_vm_config_t config);
hv_return_t hv_vm_destroy(void);
hv_return_t hv_vm_map(void *address, hv_ipa_t ipa, size_t size, hv_memory_flags_t flags);
hv_return_t hv_vm_unmap(hv_ipa_t ipa, size_t size);
hv_return_t hv_vcpu_create(hv_vcpu_t *vcpu, hv_vcpu_exit_t **exit, hv_vcpu_config_t config);
hv_return_t hv_vcpu_destroy(hv_vcpu_t vcpu);
hv_return_t hv_vcpu_run(hv_vcpu_t vcpu);
hv_return_t hv_vcpus_exit(hv_vcpu_t *vcpus, uint32_t count);
hv_return_t hv_vcpu_get_reg(hv_vcpu_t vcpu, hv_reg_t reg, uint64_t *value);
hv_return_t hv_vcpu_set_reg(hv_vcpu_t vcpu, hv_reg_t reg, uint64_t value);
hv_return_t hv_vcpu_set_sys_reg(hv_vcpu_t vcpu, hv_sys_reg_t reg, uint64_t value);
hv_return_t hv_vcpu_set_pending_interrupt(hv_vcpu_t vcpu, hv_interrupt_type_t type, bool pending);
hv_return_t hv_vcpu_set_trap_debug_exceptions(hv_vcpu_t vcpu, bool value);
hv_return_t hv_vcpu_set_trap_debug_reg_accesses(hv_vcpu_t vcpu, bool value);
#endif
