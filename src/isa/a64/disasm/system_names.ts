/**
 * Names of system registers and of the operations of SYS (Arm ARM D19.2, C5.3 to C5.5), as GNU tools write them. Data:
 * the functions are at the end.
 */

/**
 * `op0.op1.CRn: CRm.op2 name, …`. A series is `name#*count`, with `+step` in CRm:op2 units where it is not 1 and
 * `@number` where the first number is not 0.
 */
const REGISTERS = `
2.0.0: 0.2 osdtrrx_el1, 0.4 dbgbvr#_el1*16+8, 0.5 dbgbcr#_el1*16+8, 0.6 dbgwvr#_el1*16+8, 0.7 dbgwcr#_el1*16+8
2.0.0: 2.0 mdccint_el1, 2.2 mdscr_el1, 3.2 osdtrtx_el1, 6.2 oseccr_el1
2.0.1: 0.0 mdrar_el1, 0.4 oslar_el1, 1.4 oslsr_el1, 3.4 osdlr_el1, 4.4 dbgprcr_el1
2.0.7: 8.6 dbgclaimset_el1, 9.6 dbgclaimclr_el1, 14.6 dbgauthstatus_el1
2.0.8: 0.0 csrcr_el1, 0.1 csrptr_el1, 0.3 csrptridx_el1
2.1.0: 0.1 trctraceidr, 0.2 trcvictlr, 0.4 trcseqevr0, 0.5 trccntrldvr#*4+8, 0.6 trcidr#*6+8@8, 0.7 trcimspec#*8+8
2.1.0: 1.0 trcprgctlr, 1.1 trcqctlr, 1.2 trcviiectlr, 1.4 trcseqevr1, 2.0 trcprocselr, 2.2 trcvissctlr, 2.4 trcseqevr2
2.1.0: 3.0 trcstatr, 3.2 trcvipcssctlr, 4.0 trcconfigr, 4.5 trccntctlr#*4+8, 6.0 trcauxctlr, 6.4 trcseqrstevr
2.1.0: 7.4 trcseqstr, 8.0 trceventctl0r, 8.2 trcvdctlr, 8.4 trcextinselr#*4+8, 8.5 trccntvr#*4+8, 8.7 trcidr#*8+8
2.1.0: 9.0 trceventctl1r, 9.2 trcvdsacctlr, 10.0 trcrsr, 10.2 trcvdarcctlr, 11.0 trcstallctlr, 12.0 trctsctlr
2.1.0: 13.0 trcsyncpr, 14.0 trcccctlr, 15.0 trcbbctlr
2.1.1: 0.1 trcrsctlr#*16+8@16, 0.2 trcssccr#*8+8, 0.3 trcsspcicr#*8+8, 0.4 trcoslar, 1.4 trcoslsr
2.1.1: 2.0 trcrsctlr#*14+8@2, 4.4 trcpdcr, 5.4 trcpdsr, 8.2 trcsscsr#*8+8
2.1.2: 0.0 trcacvr0, 0.1 trcacvr8, 0.2 trcacatr0, 0.3 trcacatr8, 0.4 trcdvcvr0, 0.5 trcdvcvr4, 0.6 trcdvcmr0
2.1.2: 0.7 trcdvcmr4, 2.0 trcacvr1, 2.1 trcacvr9, 2.2 trcacatr1, 2.3 trcacatr9, 4.0 trcacvr2, 4.1 trcacvr10
2.1.2: 4.2 trcacatr2, 4.3 trcacatr10, 4.4 trcdvcvr1, 4.5 trcdvcvr5, 4.6 trcdvcmr1, 4.7 trcdvcmr5, 6.0 trcacvr3
2.1.2: 6.1 trcacvr11, 6.2 trcacatr3, 6.3 trcacatr11, 8.0 trcacvr4, 8.1 trcacvr12, 8.2 trcacatr4, 8.3 trcacatr12
2.1.2: 8.4 trcdvcvr2, 8.5 trcdvcvr6, 8.6 trcdvcmr2, 8.7 trcdvcmr6, 10.0 trcacvr5, 10.1 trcacvr13, 10.2 trcacatr5
2.1.2: 10.3 trcacatr13, 12.0 trcacvr6, 12.1 trcacvr14, 12.2 trcacatr6, 12.3 trcacatr14, 12.4 trcdvcvr3, 12.5 trcdvcvr7
2.1.2: 12.6 trcdvcmr3, 12.7 trcdvcmr7, 14.0 trcacvr7, 14.1 trcacvr15, 14.2 trcacatr7, 14.3 trcacatr15
2.1.3: 0.0 trccidcvr0, 0.1 trcvmidcvr0, 0.2 trccidcctlr0, 1.2 trccidcctlr1, 2.0 trccidcvr1, 2.1 trcvmidcvr1
2.1.3: 2.2 trcvmidcctlr0, 3.2 trcvmidcctlr1, 4.0 trccidcvr2, 4.1 trcvmidcvr2, 6.0 trccidcvr3, 6.1 trcvmidcvr3
2.1.3: 8.0 trccidcvr4, 8.1 trcvmidcvr4, 10.0 trccidcvr5, 10.1 trcvmidcvr5, 12.0 trccidcvr6, 12.1 trcvmidcvr6
2.1.3: 14.0 trccidcvr7, 14.1 trcvmidcvr7
2.1.7: 0.4 trcitctrl, 2.7 trcdevid, 3.7 trcdevtype, 4.7 trcpidr#*4+8@4, 8.6 trcclaimset, 8.7 trcpidr#*4+8
2.1.7: 9.6 trcclaimclr, 10.6 trcdevaff0, 11.6 trcdevaff1, 12.6 trclar, 12.7 trccidr#*4+8, 13.6 trclsr
2.1.7: 14.6 trcauthstatus, 15.6 trcdevarch
2.1.8: 0.0 brbinf#_el1*16+8, 0.1 brbsrc#_el1*16+8, 0.2 brbtgt#_el1*16+8, 0.4 brbinf#_el1*16+8@16
2.1.8: 0.5 brbsrc#_el1*16+8@16, 0.6 brbtgt#_el1*16+8@16
2.1.9: 0.0 brbcr_el1, 0.1 brbfcr_el1, 0.2 brbts_el1, 1.0 brbinfinj_el1, 1.1 brbsrcinj_el1, 1.2 brbtgtinj_el1
2.1.9: 2.0 brbidr0_el1
2.2.0: 0.0 teecr32_el1
2.2.1: 0.0 teehbr32_el1
2.3.0: 1.0 mdccsr_el0, 4.0 dbgdtr_el0
2.3.8: 0.0 csrcr_el0, 0.1 csrptr_el0, 0.2 csridr_el0, 0.3 csrptridx_el0
2.4.0: 7.0 dbgvcr32_el2
2.4.8: 0.0 csrcr_el2, 0.1 csrptr_el2, 0.3 csrptridx_el2
2.4.9: 0.0 brbcr_el2
2.5.8: 0.0 csrcr_el12, 0.1 csrptr_el12
2.5.9: 0.0 brbcr_el12
3.0.0: 0.0 midr_el1, 0.4 mpuir_el1, 0.5 mpidr_el1, 0.6 revidr_el1, 1.0 id_pfr0_el1, 1.1 id_pfr1_el1, 1.2 id_dfr0_el1
3.0.0: 1.3 id_afr0_el1, 1.4 id_mmfr#_el1*4, 2.0 id_isar#_el1*6, 2.6 id_mmfr4_el1, 2.7 id_isar6_el1, 3.0 mvfr0_el1
3.0.0: 3.1 mvfr1_el1, 3.2 mvfr2_el1, 3.4 id_pfr2_el1, 3.5 id_dfr1_el1, 3.6 id_mmfr5_el1, 4.0 id_aa64pfr0_el1
3.0.0: 4.1 id_aa64pfr1_el1, 4.4 id_aa64zfr0_el1, 4.5 id_aa64smfr0_el1, 5.0 id_aa64dfr0_el1, 5.1 id_aa64dfr1_el1
3.0.0: 5.4 id_aa64afr0_el1, 5.5 id_aa64afr1_el1, 6.0 id_aa64isar0_el1, 6.1 id_aa64isar1_el1, 6.2 id_aa64isar2_el1
3.0.0: 7.0 id_aa64mmfr0_el1, 7.1 id_aa64mmfr1_el1, 7.2 id_aa64mmfr2_el1
3.0.1: 0.0 sctlr_el1, 0.1 actlr_el1, 0.2 cpacr_el1, 0.5 rgsr_el1, 0.6 gcr_el1, 2.0 zcr_el1, 2.1 trfcr_el1
3.0.1: 2.4 smpri_el1, 2.6 smcr_el1
3.0.2: 0.0 ttbr0_el1, 0.1 ttbr1_el1, 0.2 tcr_el1, 1.0 apiakeylo_el1, 1.1 apiakeyhi_el1, 1.2 apibkeylo_el1
3.0.2: 1.3 apibkeyhi_el1, 2.0 apdakeylo_el1, 2.1 apdakeyhi_el1, 2.2 apdbkeylo_el1, 2.3 apdbkeyhi_el1
3.0.2: 3.0 apgakeylo_el1, 3.1 apgakeyhi_el1
3.0.4: 0.0 spsr_el1, 0.1 elr_el1, 1.0 sp_el0, 2.0 spsel, 2.2 currentel, 2.3 pan, 2.4 uao, 3.0 allint, 6.0 icc_pmr_el1
3.0.5: 1.0 afsr0_el1, 1.1 afsr1_el1, 2.0 esr_el1, 3.0 erridr_el1, 3.1 errselr_el1, 4.0 erxfr_el1, 4.1 erxctlr_el1
3.0.5: 4.2 erxstatus_el1, 4.3 erxaddr_el1, 4.4 erxpfgf_el1, 4.5 erxpfgctl_el1, 4.6 erxpfgcdn_el1, 5.0 erxmisc#_el1*4
3.0.5: 6.0 tfsr_el1, 6.1 tfsre0_el1
3.0.6: 0.0 far_el1, 1.1 prenr_el1, 2.1 prselr_el1, 8.0 prbar_el1, 8.1 prlar_el1, 8.4 prbar1_el1, 8.5 prlar1_el1
3.0.6: 9.0 prbar2_el1, 9.1 prlar2_el1, 9.4 prbar3_el1, 9.5 prlar3_el1, 10.0 prbar4_el1, 10.1 prlar4_el1
3.0.6: 10.4 prbar5_el1, 10.5 prlar5_el1, 11.0 prbar6_el1, 11.1 prlar6_el1, 11.4 prbar7_el1, 11.5 prlar7_el1
3.0.6: 12.0 prbar8_el1, 12.1 prlar8_el1, 12.4 prbar9_el1, 12.5 prlar9_el1, 13.0 prbar10_el1, 13.1 prlar10_el1
3.0.6: 13.4 prbar11_el1, 13.5 prlar11_el1, 14.0 prbar12_el1, 14.1 prlar12_el1, 14.4 prbar13_el1, 14.5 prlar13_el1
3.0.6: 15.0 prbar14_el1, 15.1 prlar14_el1, 15.4 prbar15_el1, 15.5 prlar15_el1
3.0.7: 4.0 par_el1
3.0.9: 9.0 pmscr_el1, 9.1 pmsnevfr_el1, 9.2 pmsicr_el1, 9.3 pmsirr_el1, 9.4 pmsfcr_el1, 9.5 pmsevfr_el1
3.0.9: 9.6 pmslatfr_el1, 9.7 pmsidr_el1, 10.0 pmblimitr_el1, 10.1 pmbptr_el1, 10.3 pmbsr_el1, 10.7 pmbidr_el1
3.0.9: 11.0 trblimitr_el1, 11.1 trbptr_el1, 11.2 trbbaser_el1, 11.3 trbsr_el1, 11.4 trbmar_el1, 11.6 trbtrg_el1
3.0.9: 11.7 trbidr_el1, 14.1 pmintenset_el1, 14.2 pmintenclr_el1, 14.6 pmmir_el1
3.0.10: 2.0 mair_el1, 3.0 amair_el1, 4.0 lorsa_el1, 4.1 lorea_el1, 4.2 lorn_el1, 4.3 lorc_el1, 4.4 mpamidr_el1
3.0.10: 4.7 lorid_el1, 5.0 mpam1_el1, 5.1 mpam0_el1, 5.3 mpamsm_el1
3.0.12: 0.0 vbar_el1, 0.1 rvbar_el1, 0.2 rmr_el1, 1.0 isr_el1, 1.1 disr_el1, 8.0 icc_iar0_el1, 8.1 icc_eoir0_el1
3.0.12: 8.2 icc_hppir0_el1, 8.3 icc_bpr0_el1, 8.4 icc_ap0r#_el1*4, 9.0 icc_ap1r#_el1*4, 9.5 icc_nmiar1_el1
3.0.12: 11.1 icc_dir_el1, 11.3 icc_rpr_el1, 11.5 icc_sgi1r_el1, 11.6 icc_asgi1r_el1, 11.7 icc_sgi0r_el1
3.0.12: 12.0 icc_iar1_el1, 12.1 icc_eoir1_el1, 12.2 icc_hppir1_el1, 12.3 icc_bpr1_el1, 12.4 icc_ctlr_el1
3.0.12: 12.5 icc_sre_el1, 12.6 icc_igrpen0_el1, 12.7 icc_igrpen1_el1
3.0.13: 0.1 contextidr_el1, 0.4 tpidr_el1, 0.5 accdata_el1, 0.7 scxtnum_el1
3.0.14: 1.0 cntkctl_el1
3.1.0: 0.0 ccsidr_el1, 0.1 clidr_el1, 0.2 ccsidr2_el1, 0.4 gmid_el1, 0.6 smidr_el1, 0.7 aidr_el1
3.2.0: 0.0 csselr_el1
3.3.0: 0.1 ctr_el0, 0.7 dczid_el0
3.3.2: 4.0 rndr, 4.1 rndrrs
3.3.4: 2.0 nzcv, 2.1 daif, 2.2 svcr, 2.5 dit, 2.6 ssbs, 2.7 tco, 4.0 fpcr, 4.1 fpsr, 5.0 dspsr_el0, 5.1 dlr_el0
3.3.9: 12.0 pmcr_el0, 12.1 pmcntenset_el0, 12.2 pmcntenclr_el0, 12.3 pmovsclr_el0, 12.4 pmswinc_el0, 12.5 pmselr_el0
3.3.9: 12.6 pmceid0_el0, 12.7 pmceid1_el0, 13.0 pmccntr_el0, 13.1 pmxevtyper_el0, 13.2 pmxevcntr_el0
3.3.9: 14.0 pmuserenr_el0, 14.3 pmovsset_el0
3.3.13: 0.2 tpidr_el0, 0.3 tpidrro_el0, 0.5 tpidr2_el0, 0.7 scxtnum_el0, 2.0 amcr_el0, 2.1 amcfgr_el0, 2.2 amcgcr_el0
3.3.13: 2.3 amuserenr_el0, 2.4 amcntenclr0_el0, 2.5 amcntenset0_el0, 2.6 amcg1idr_el0, 3.0 amcntenclr1_el0
3.3.13: 3.1 amcntenset1_el0, 4.0 amevcntr0#_el0*4, 6.0 amevtyper0#_el0*4, 12.0 amevcntr#_el0*10@10
3.3.13: 13.2 amevcntr#_el0*6@110, 14.0 amevtyper#_el0*10@10, 15.2 amevtyper#_el0*6@110
3.3.14: 0.0 cntfrq_el0, 0.1 cntpct_el0, 0.2 cntvct_el0, 0.5 cntpctss_el0, 0.6 cntvctss_el0, 2.0 cntp_tval_el0
3.3.14: 2.1 cntp_ctl_el0, 2.2 cntp_cval_el0, 3.0 cntv_tval_el0, 3.1 cntv_ctl_el0, 3.2 cntv_cval_el0
3.3.14: 8.0 pmevcntr#_el0*31, 12.0 pmevtyper#_el0*31, 15.7 pmccfiltr_el0
3.4.0: 0.0 vpidr_el2, 0.4 mpuir_el2, 0.5 vmpidr_el2
3.4.1: 0.0 sctlr_el2, 0.1 actlr_el2, 1.0 hcr_el2, 1.1 mdcr_el2, 1.2 cptr_el2, 1.3 hstr_el2, 1.4 hfgrtr_el2
3.4.1: 1.5 hfgwtr_el2, 1.6 hfgitr_el2, 1.7 hacr_el2, 2.0 zcr_el2, 2.1 trfcr_el2, 2.2 hcrx_el2, 2.5 smprimap_el2
3.4.1: 2.6 smcr_el2, 3.1 sder32_el2
3.4.2: 0.0 ttbr0_el2, 0.1 ttbr1_el2, 0.2 tcr_el2, 1.0 vttbr_el2, 1.2 vtcr_el2, 2.0 vncr_el2, 6.0 vsttbr_el2
3.4.2: 6.2 vstcr_el2
3.4.3: 0.0 dacr32_el2, 1.4 hdfgrtr_el2, 1.5 hdfgwtr_el2, 1.6 hafgrtr_el2
3.4.4: 0.0 spsr_el2, 0.1 elr_el2, 1.0 sp_el1, 3.0 spsr_irq, 3.1 spsr_abt, 3.2 spsr_und, 3.3 spsr_fiq
3.4.5: 0.1 ifsr32_el2, 1.0 afsr0_el2, 1.1 afsr1_el2, 2.0 esr_el2, 2.3 vsesr_el2, 3.0 fpexc32_el2, 6.0 tfsr_el2
3.4.6: 0.0 far_el2, 0.4 hpfar_el2, 1.1 prenr_el2, 2.1 prselr_el2, 8.0 prbar_el2, 8.1 prlar_el2, 8.4 prbar1_el2
3.4.6: 8.5 prlar1_el2, 9.0 prbar2_el2, 9.1 prlar2_el2, 9.4 prbar3_el2, 9.5 prlar3_el2, 10.0 prbar4_el2
3.4.6: 10.1 prlar4_el2, 10.4 prbar5_el2, 10.5 prlar5_el2, 11.0 prbar6_el2, 11.1 prlar6_el2, 11.4 prbar7_el2
3.4.6: 11.5 prlar7_el2, 12.0 prbar8_el2, 12.1 prlar8_el2, 12.4 prbar9_el2, 12.5 prlar9_el2, 13.0 prbar10_el2
3.4.6: 13.1 prlar10_el2, 13.4 prbar11_el2, 13.5 prlar11_el2, 14.0 prbar12_el2, 14.1 prlar12_el2, 14.4 prbar13_el2
3.4.6: 14.5 prlar13_el2, 15.0 prbar14_el2, 15.1 prlar14_el2, 15.4 prbar15_el2, 15.5 prlar15_el2
3.4.9: 9.0 pmscr_el2
3.4.10: 2.0 mair_el2, 3.0 amair_el2, 4.0 mpamhcr_el2, 4.1 mpamvpmv_el2, 5.0 mpam2_el2, 6.0 mpamvpm#_el2*8
3.4.12: 0.0 vbar_el2, 0.1 rvbar_el2, 0.2 rmr_el2, 1.1 vdisr_el2, 8.0 ich_ap0r#_el2*4, 9.0 ich_ap1r#_el2*4
3.4.12: 9.5 icc_sre_el2, 11.0 ich_hcr_el2, 11.1 ich_vtr_el2, 11.2 ich_misr_el2, 11.3 ich_eisr_el2, 11.5 ich_elrsr_el2
3.4.12: 11.7 ich_vmcr_el2, 12.0 ich_lr#_el2*16
3.4.13: 0.1 contextidr_el2, 0.2 tpidr_el2, 0.7 scxtnum_el2, 8.0 amevcntvoff0#_el2*16, 10.0 amevcntvoff#_el2*10@10
3.4.13: 11.2 amevcntvoff#_el2*6@110
3.4.14: 0.3 cntvoff_el2, 0.6 cntpoff_el2, 1.0 cnthctl_el2, 2.0 cnthp_tval_el2, 2.1 cnthp_ctl_el2, 2.2 cnthp_cval_el2
3.4.14: 3.0 cnthv_tval_el2, 3.1 cnthv_ctl_el2, 3.2 cnthv_cval_el2, 4.0 cnthvs_tval_el2, 4.1 cnthvs_ctl_el2
3.4.14: 4.2 cnthvs_cval_el2, 5.0 cnthps_tval_el2, 5.1 cnthps_ctl_el2, 5.2 cnthps_cval_el2
3.5.1: 0.0 sctlr_el12, 0.2 cpacr_el12, 2.0 zcr_el12, 2.1 trfcr_el12, 2.6 smcr_el12
3.5.2: 0.0 ttbr0_el12, 0.1 ttbr1_el12, 0.2 tcr_el12
3.5.4: 0.0 spsr_el12, 0.1 elr_el12
3.5.5: 1.0 afsr0_el12, 1.1 afsr1_el12, 2.0 esr_el12, 6.0 tfsr_el12
3.5.6: 0.0 far_el12
3.5.9: 9.0 pmscr_el12
3.5.10: 2.0 mair_el12, 3.0 amair_el12, 5.0 mpam1_el12
3.5.12: 0.0 vbar_el12
3.5.13: 0.1 contextidr_el12, 0.7 scxtnum_el12
3.5.14: 1.0 cntkctl_el12, 2.0 cntp_tval_el02, 2.1 cntp_ctl_el02, 2.2 cntp_cval_el02, 3.0 cntv_tval_el02
3.5.14: 3.1 cntv_ctl_el02, 3.2 cntv_cval_el02
3.6.1: 0.0 sctlr_el3, 0.1 actlr_el3, 1.0 scr_el3, 1.1 sder32_el3, 1.2 cptr_el3, 2.0 zcr_el3, 2.6 smcr_el3
3.6.1: 3.1 mdcr_el3
3.6.2: 0.0 ttbr0_el3, 0.2 tcr_el3, 1.4 gptbr_el3, 1.6 gpccr_el3
3.6.4: 0.0 spsr_el3, 0.1 elr_el3, 1.0 sp_el2
3.6.5: 1.0 afsr0_el3, 1.1 afsr1_el3, 2.0 esr_el3, 6.0 tfsr_el3
3.6.6: 0.0 far_el3, 0.5 mfar_el3
3.6.10: 2.0 mair_el3, 3.0 amair_el3, 5.0 mpam3_el3
3.6.12: 0.0 vbar_el3, 0.1 rvbar_el3, 0.2 rmr_el3, 12.4 icc_ctlr_el3, 12.5 icc_sre_el3, 12.7 icc_igrpen1_el3
3.6.13: 0.2 tpidr_el3, 0.7 scxtnum_el3
3.7.14: 2.0 cntps_tval_el1, 2.1 cntps_ctl_el1, 2.2 cntps_cval_el1
`;

/** `mnemonic: op1.CRn.CRm.op2 operation, …`; those with `!` take no register. */
const OPERATIONS = `
ic: 0.7.1.0 ialluis!, 0.7.5.0 iallu!, 3.7.5.1 ivau
dc: 0.7.6.1 ivac, 0.7.6.2 isw, 0.7.6.3 igvac, 0.7.6.4 igsw, 0.7.6.5 igdvac, 0.7.6.6 igdsw, 0.7.10.2 csw, 0.7.10.4 cgsw
dc: 0.7.10.6 cgdsw, 0.7.14.2 cisw, 0.7.14.4 cigsw, 0.7.14.6 cigdsw, 3.7.4.1 zva, 3.7.4.3 gva, 3.7.4.4 gzva
dc: 3.7.10.1 cvac, 3.7.10.3 cgvac, 3.7.10.5 cgdvac, 3.7.11.1 cvau, 3.7.12.1 cvap, 3.7.12.3 cgvap, 3.7.12.5 cgdvap
dc: 3.7.13.1 cvadp, 3.7.13.3 cgvadp, 3.7.13.5 cgdvadp, 3.7.14.1 civac, 3.7.14.3 cigvac, 3.7.14.5 cigdvac
dc: 6.7.14.1 cipapa, 6.7.14.5 cigdpapa
at: 0.7.8.0 s1e1r, 0.7.8.1 s1e1w, 0.7.8.2 s1e0r, 0.7.8.3 s1e0w, 0.7.9.0 s1e1rp, 0.7.9.1 s1e1wp, 4.7.8.0 s1e2r
at: 4.7.8.1 s1e2w, 4.7.8.4 s12e1r, 4.7.8.5 s12e1w, 4.7.8.6 s12e0r, 4.7.8.7 s12e0w, 6.7.8.0 s1e3r, 6.7.8.1 s1e3w
tlbi: 0.8.1.0 vmalle1os!, 0.8.1.1 vae1os, 0.8.1.2 aside1os, 0.8.1.3 vaae1os, 0.8.1.5 vale1os, 0.8.1.7 vaale1os
tlbi: 0.8.2.1 rvae1is, 0.8.2.3 rvaae1is, 0.8.2.5 rvale1is, 0.8.2.7 rvaale1is, 0.8.3.0 vmalle1is!, 0.8.3.1 vae1is
tlbi: 0.8.3.2 aside1is, 0.8.3.3 vaae1is, 0.8.3.5 vale1is, 0.8.3.7 vaale1is, 0.8.5.1 rvae1os, 0.8.5.3 rvaae1os
tlbi: 0.8.5.5 rvale1os, 0.8.5.7 rvaale1os, 0.8.6.1 rvae1, 0.8.6.3 rvaae1, 0.8.6.5 rvale1, 0.8.6.7 rvaale1
tlbi: 0.8.7.0 vmalle1!, 0.8.7.1 vae1, 0.8.7.2 aside1, 0.8.7.3 vaae1, 0.8.7.5 vale1, 0.8.7.7 vaale1, 4.8.0.1 ipas2e1is
tlbi: 4.8.0.2 ripas2e1is, 4.8.0.5 ipas2le1is, 4.8.0.6 ripas2le1is, 4.8.1.0 alle2os!, 4.8.1.1 vae2os, 4.8.1.4 alle1os!
tlbi: 4.8.1.5 vale2os, 4.8.1.6 vmalls12e1os!, 4.8.2.1 rvae2is, 4.8.2.5 rvale2is, 4.8.3.0 alle2is!, 4.8.3.1 vae2is
tlbi: 4.8.3.4 alle1is!, 4.8.3.5 vale2is, 4.8.3.6 vmalls12e1is!, 4.8.4.0 ipas2e1os, 4.8.4.1 ipas2e1, 4.8.4.2 ripas2e1
tlbi: 4.8.4.3 ripas2e1os, 4.8.4.4 ipas2le1os, 4.8.4.5 ipas2le1, 4.8.4.6 ripas2le1, 4.8.4.7 ripas2le1os
tlbi: 4.8.5.1 rvae2os, 4.8.5.5 rvale2os, 4.8.6.1 rvae2, 4.8.6.5 rvale2, 4.8.7.0 alle2!, 4.8.7.1 vae2, 4.8.7.4 alle1!
tlbi: 4.8.7.5 vale2, 4.8.7.6 vmalls12e1!, 6.8.1.0 alle3os!, 6.8.1.1 vae3os, 6.8.1.4 paallos!, 6.8.1.5 vale3os
tlbi: 6.8.2.1 rvae3is, 6.8.2.5 rvale3is, 6.8.3.0 alle3is!, 6.8.3.1 vae3is, 6.8.3.5 vale3is, 6.8.4.3 rpaos
tlbi: 6.8.4.7 rpalos, 6.8.5.1 rvae3os, 6.8.5.5 rvale3os, 6.8.6.1 rvae3, 6.8.6.5 rvale3, 6.8.7.0 alle3!, 6.8.7.1 vae3
tlbi: 6.8.7.4 paall!, 6.8.7.5 vale3
cfp: 3.7.3.4 rctx
dvp: 3.7.3.5 rctx
cpp: 3.7.3.7 rctx
`;

let registers: Map<number, string> | undefined;
function readRegisters(): Map<number, string> {
  const map = new Map<number, string>();
  for (const group of REGISTERS.trim().split("\n")) {
    const [place, list] = group.split(": ") as [string, string];
    const [op0, op1, CRn] = place.split(".").map(Number) as [number, number, number];
    for (const item of list.replace(/,$/, "").split(", ")) {
      const [, CRm, op2, name, count, step, first] = /^(\d+)\.(\d+) ([^*]+)(?:\*(\d+))?(?:\+(\d+))?(?:@(\d+))?$/.exec(
        item,
      )!;
      const key = ((op0 - 2) << 14) | (op1 << 11) | (CRn << 7) | (Number(CRm) << 3) | Number(op2);
      for (let i = 0; i < Number(count ?? 1); i++) {
        map.set(key + i * Number(step ?? 1), name!.replace("#", String(Number(first ?? 0) + i)));
      }
    }
  }
  return map;
}

/** DBGDTRRX_EL0 when read, DBGDTRTX_EL0 when written: op0 2, op1 3, CRn 0, CRm 5, op2 0. */
const DBGDTR = (3 << 11) | (5 << 3);

/**
 * Name of a system register.
 *
 * @param register op0<0>:op1:CRn:CRm:op2, as MRS and MSR hold it
 * @param read 1 for MRS
 */
export function systemRegister(register: number, read: number): string {
  if (register === DBGDTR) return read ? "dbgdtrrx_el0" : "dbgdtrtx_el0";
  registers ??= readRegisters();
  const known = registers.get(register);
  if (known !== undefined) return known;
  const field = (lsb: number, mask: number): number => (register >> lsb) & mask;
  return `s${2 + field(14, 1)}_${field(11, 7)}_c${field(7, 15)}_c${field(3, 15)}_${field(0, 7)}`;
}

interface Operation {
  readonly name: string;
  readonly operation: string;
  readonly register: boolean;
}

let operations: Map<string, Operation> | undefined;
function readOperations(): Map<string, Operation> {
  const map = new Map<string, Operation>();
  for (const group of OPERATIONS.trim().split("\n")) {
    const [name, list] = group.split(": ") as [string, string];
    for (const item of list.replace(/,$/, "").split(", ")) {
      const [place, operation] = item.split(" ") as [string, string];
      map.set(place, { name, operation: operation.replace("!", ""), register: !operation.endsWith("!") });
    }
  }
  return map;
}

/** The alias of a SYS instruction: DC, IC, AT, TLBI and others. */
export function systemOperation(op1: number, CRn: number, CRm: number, op2: number): Operation | undefined {
  operations ??= readOperations();
  return operations.get(`${op1}.${CRn}.${CRm}.${op2}`);
}
