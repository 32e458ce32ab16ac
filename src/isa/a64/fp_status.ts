/** The bits of the floating-point control and status registers that exist here (Arm ARM C5.2.8, C5.2.10). */

/** FPCR: AHP, DN, FZ, RMode, FZ16. Trap enables are RAZ/WI: trapping is not implemented. */
export const FPCR_BITS = 0x07c80000;
/** FPSR: QC and the cumulative IDC, IXC, UFC, OFC, DZC, IOC. */
export const FPSR_BITS = 0x0800009f;
