/** Values of the ELF specification (System V gABI chapters 4 and 5, and the GNU extensions), under their own names. */

export const EI_CLASS = 4, EI_DATA = 5, EI_OSABI = 7, EI_ABIVERSION = 8, EI_NIDENT = 16;
export const ELFCLASS32 = 1, ELFCLASS64 = 2;
export const ELFDATA2LSB = 1, ELFDATA2MSB = 2;

export const ET_NONE = 0, ET_REL = 1, ET_EXEC = 2, ET_DYN = 3, ET_CORE = 4;

export const EM_AARCH64 = 183;

/** Sizes of the ELF64 structures in bytes. */
export const SIZEOF_EHDR = 64, SIZEOF_PHDR = 56, SIZEOF_SHDR = 64, SIZEOF_SYM = 24, SIZEOF_DYN = 16;

/** The program header count is in section header 0 (Solaris and GNU; Linux's exec knows no such thing). */
export const PN_XNUM = 0xffff;

export const PT_NULL = 0, PT_LOAD = 1, PT_DYNAMIC = 2, PT_INTERP = 3, PT_NOTE = 4, PT_PHDR = 6, PT_TLS = 7;
export const PT_GNU_EH_FRAME = 0x6474e550, PT_GNU_STACK = 0x6474e551, PT_GNU_RELRO = 0x6474e552;
export const PT_GNU_PROPERTY = 0x6474e553;

/** Segment rights (p_flags). */
export const PF_X = 1, PF_W = 2, PF_R = 4;

export const SHT_SYMTAB = 2, SHT_STRTAB = 3, SHT_NOBITS = 8, SHT_DYNSYM = 11;
export const SHN_UNDEF = 0, SHN_XINDEX = 0xffff;

export const STT_NOTYPE = 0, STT_OBJECT = 1, STT_FUNC = 2, STT_SECTION = 3, STT_FILE = 4, STT_TLS = 6;
export const STT_GNU_IFUNC = 10;
export const STB_LOCAL = 0, STB_GLOBAL = 1, STB_WEAK = 2;

export const DT_NULL = 0, DT_NEEDED = 1, DT_STRTAB = 5, DT_STRSZ = 10, DT_SONAME = 14, DT_RPATH = 15;
export const DT_RUNPATH = 29, DT_PREINIT_ARRAY = 32, DT_FLAGS_1 = 0x6ffffffb;
/** DT_FLAGS_1: the default directories are not searched. */
export const DF_1_NODEFLIB = 0x800;

export const NT_GNU_BUILD_ID = 3, NT_GNU_PROPERTY_TYPE_0 = 5;
/** AArch64 property (aaelf64): which features all objects were built for. */
export const GNU_PROPERTY_AARCH64_FEATURE_1_AND = 0xc0000000;
export const GNU_PROPERTY_AARCH64_FEATURE_1_BTI = 1, GNU_PROPERTY_AARCH64_FEATURE_1_PAC = 2;
