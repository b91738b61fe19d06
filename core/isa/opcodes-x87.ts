/** Rows of the x87 escapes D8–DF (SDM vol. 2, appendix A.5). The notation is that of opcodes.ts. */
export const X87_LINES: readonly string[] = `d9/5 fldcw Mw|d9/7 fnstcw Mw|dd/7 fnstsw Mw|df/e0 fnstsw_ax
d9/d0 fnop|db/e0 fnop|db/e1 fnop|db/e2 fnclex|db/e3 fninit|db/e4 fnop`.split(/[|\n]/);
