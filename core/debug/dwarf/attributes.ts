/** Numbers of the tags and attributes that are looked at. DWARF 5, 7.5.3 and 7.5.4. */

export const TAG_COMPILE_UNIT = 0x11;
export const TAG_PARTIAL_UNIT = 0x3c;
export const TAG_SKELETON_UNIT = 0x4a;
export const TAG_INLINED_SUBROUTINE = 0x1d;
export const TAG_SUBPROGRAM = 0x2e;
export const AT_NAME = 0x03;
export const AT_STMT_LIST = 0x10;
export const AT_LOW_PC = 0x11;
export const AT_HIGH_PC = 0x12;
export const AT_LANGUAGE = 0x13;
export const AT_COMP_DIR = 0x1b;
export const AT_ABSTRACT_ORIGIN = 0x31;
export const AT_SPECIFICATION = 0x47;
export const AT_ENTRY_PC = 0x52;
export const AT_RANGES = 0x55;
export const AT_STR_OFFSETS_BASE = 0x72;
export const AT_ADDR_BASE = 0x73;
export const AT_RNGLISTS_BASE = 0x74;
export const AT_GNU_ADDR_BASE = 0x2133;
