/**
 * Forms that get an arm in the hot loop; all others are functions of their own reached by call_indirect. A
 * static list, taken from what compiled kernels execute (`facts` of our own profiles, see ARCHITECTURE.md). A
 * form moves between hot and cold by moving here. Keep the hot function below about 35 KB.
 */
const CC = ['b', 'ae', 'e', 'ne', 'be', 'a', 's', 'ns', 'l', 'ge', 'le', 'g'];

export const HOT: ReadonlySet<string> = new Set([
  ...CC.map((cc) => `j${cc}8.j`),
  ...CC.map((cc) => `j${cc}32.j`),
  ...['add', 'sub', 'and', 'or', 'xor', 'cmp', 'test'].flatMap((op) => [
    `${op}32.rr`, `${op}32.ri`, `${op}32.rm`, `${op}32.mr`, `${op}32.mi`,
  ]),
  ...['cmp', 'test', 'and', 'or', 'xor'].flatMap((op) => [`${op}8.rr`, `${op}8.ri`, `${op}8.mi`, `${op}8.rm`]),
  'adc32.rr', 'sbb32.rr', 'cmp8.mr', 'add8.rr', 'add8.ri',
  'inc32.r', 'dec32.r', 'inc32.m', 'dec32.m', 'neg32.r', 'not32.r',
  'mov32.rr', 'mov32.ri', 'mov32.rm', 'mov32.mr', 'mov32.mi', 'mov8.rm', 'mov8.mr', 'mov8.ri', 'mov8.mi', 'mov8.rr',
  'mov16.rm', 'mov16.mr', 'mov16.mi',
  'movzx32.rr.8', 'movzx32.rm.8', 'movzx32.rr.16', 'movzx32.rm.16', 'movsx32.rr.8', 'movsx32.rm.8', 'movsx32.rm.16',
  'lea32.rm', 'xchg32.rr', 'imul32.rr', 'imul32.rm', 'imul32.rri', 'mul32.r',
  'shl32.ri', 'shr32.ri', 'sar32.ri', 'shl32.rc', 'shr32.rc', 'rol32.ri', 'ror32.ri', 'shrd32.rri', 'cwd32', 'nop8',
  'push32.r.f', 'push32.i.f', 'push32.m.f', 'pop32.r.f', 'call32.j.f', 'call32.r.f', 'call32.m.f', 'ret32.f', 'ret32.i.f',
  'leave32.f', 'jmp8.j', 'jmp32.j', 'jmp32.r.f', 'jmp32.m.f',
  'sete8.r', 'setne8.r', 'setb8.r', 'seta8.r', 'setl8.r', 'setg8.r', 'cmove32.rr', 'cmovne32.rr', 'bt32.rr',
]);
