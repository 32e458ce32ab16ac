/**
 * Encodings of Arm's table that no fields make an instruction here: their feature is not announced, or EL0 has not the
 * right. Once a feature is announced, its encodings must be accepted. The kernel shown to guests is Linux 6.1: it leaves
 * FEAT_MOPS disabled and has no HWCAP bits for FEAT_CSSC and what is newer.
 */
export const UNANNOUNCED: readonly (readonly [feature: string, encodings: RegExp])[] = [
  ["permanently undefined", /UDF_only/],
  ["EL1", /^control\/(exception\/(DCPS|HLT|HVC|SMC)|branch_reg\/(DRPS|ERET_))/],
  ["EL1", /^control\/systeminstrs\/SYSL/],
  ["DIT", /^control\/pstate\/MSR_SI/],
  ["PAuth", /^control\/branch_reg\/(BL?RA|RETA[AB]_|ERETA)/],
  ["PAuth", /^dpreg\/dp_[12]src\/(PAC|AUT)[DIG][ABZ]*_|\/XPAC[DI]_64|^ldst\/ldst_pac/],
  ["PAuth_LR", /SPPC|171615/],
  ["CMPBR", /^control\/compbranch_/],
  ["HBC", /BC_only_condbranch/],
  ["TEV", /^control\/(tchange_|.*\/(TENTER|TEXIT))/],
  ["D128", /^control\/(systemmovepr|syspairinstrs)/],
  ["WFxT", /WFE?I?T_only/],
  ["TME", /^control\/systemresult/],
  ["XS", /DSB_BOn/],
  ["MTE", /addsub_immtags|(GMI|IRG|SUBPS?)_64S?|SUBP_64|STGP_64|ldsttags/],
  ["CSSC", /minmax_imm|dp_1src\/(ABS|CNT|CTZ)|dp_2src\/[SU]M(AX|IN)_/],
  ["CPA", /addsub_pt|M(ADD|SUB)PT/],
  ["LRCPC3", /LDAP1_|STL1_|ldapstl_simd|ldapstl_writeback|ldiappstilp/],
  ["LSUI", /(comswap|comswappr|ldstexclr|memop)_unpriv|\/(LDT|STT)N?P_/],
  ["GCS", /ldst_gcs/],
  ["MOPS", /^ldst\/memcms/],
  ["MOPS_GO", /memset_go/],
  ["LS64", /(LD|ST)64B/],
  ["LSFE", /^ldst\/memop\/(LD|ST)B?F(ADD|MAX|MIN)/],
  ["LSE128", /^ldst\/memop_128\/(LDCLR|LDSET|SWP)/],
  ["THE", /\/RCW/],
  ["FAMINMAX", /FAMAX|FAMIN/],
  ["FP8", /FSCALE|B?F[12]CVTL|asimdsame2\/(FCVTN|FDOT|FMLAL[BTL]|FMMLA)|asimdelem\/(FDOT|FMLAL[BTL])/],
  ["LUT", /LUTI/],
  ["FPRCVT", /float2int\/\w+_sisd_/],
];
