/**
 * Rows of the x87 escapes D8–DF (SDM vol. 2, appendix A.5), with the aliases that every processor executes
 * though only some manuals list them. The notation is that of opcodes.ts.
 */
const ARITHMETIC = ['fadd', 'fmul', 'fcom', 'fcomp', 'fsub', 'fsubr', 'fdiv', 'fdivr'];
/** DC and DE write ST(i): there the encodings of FSUB and FSUBR, FDIV and FDIVR are swapped. */
const TO_REGISTER = ['fadd', 'fmul', '', '', 'fsubr', 'fsub', 'fdivr', 'fdiv'];
const CONDITIONS = ['b', 'e', 'be', 'u'];

const lines: string[] = [];
const registers = (digit: number) => `${(0xc0 + digit * 8).toString(16)}+`;
ARITHMETIC.forEach((name, digit) => {
  lines.push(
    `d8/${digit} ${name} Md`,
    `dc/${digit} ${name} Mq`,
    `da/${digit} fi${name.slice(1)} Md`,
    `de/${digit} fi${name.slice(1)} Mw`,
    `d8/${registers(digit)} ${name} X`,
  );
});
TO_REGISTER.forEach((name, digit) => {
  if (name === '') return;
  lines.push(`dc/${registers(digit)} ${name} Y`, `de/${registers(digit)} ${name}p Y`);
});
CONDITIONS.forEach((condition, digit) => {
  lines.push(`da/${registers(digit)} fcmov${condition} X`, `db/${registers(digit)} fcmovn${condition} X`);
});
['fld1', 'fldl2t', 'fldl2e', 'fldpi', 'fldlg2', 'fldln2', 'fldz'].forEach((name, at) => {
  lines.push(`d9/${(0xe8 + at).toString(16)} ${name}`);
});
lines.push(
  ...`d9/0 fld Md|d9/2 fst Md|d9/3 fstp Md|d9/4 fldenv Me|d9/5 fldcw Mw|d9/6 fnstenv Me|d9/7 fnstcw Mw
d9/c0+ fld X|d9/c8+ fxch X|d9/d0 fnop|d9/d8+ fstpnce X|d9/e0 fchs|d9/e1 fabs|d9/e4 ftst|d9/e5 fxam
d9/f0 f2xm1 ?|d9/f1 fyl2x ?|d9/f2 fptan ?|d9/f3 fpatan ?|d9/f4 fxtract|d9/f5 fprem1|d9/f6 fdecstp|d9/f7 fincstp
d9/f8 fprem|d9/f9 fyl2xp1 ?|d9/fa fsqrt|d9/fb fsincos ?|d9/fc frndint|d9/fd fscale|d9/fe fsin ?|d9/ff fcos ?
da/e9 fucompp|db/0 fild Md|db/2 fist Md|db/3 fistp Md|db/5 fld Mt|db/7 fstp Mt
db/e0 fneni|db/e1 fndisi|db/e2 fnclex|db/e3 fninit|db/e4 fnsetpm|db/e8+ fucomi X|db/f0+ fcomi X
dc/d0+ fcom X|dc/d8+ fcomp X
dd/0 fld Mq|dd/2 fst Mq|dd/3 fstp Mq|dd/4 frstor Mf|dd/6 fnsave Mf|dd/7 fnstsw Mw
dd/c0+ ffree X|dd/c8+ fxch X|dd/d0+ fst X|dd/d8+ fstp X|dd/e0+ fucom X|dd/e8+ fucomp X
de/d0+ fcomp X|de/d9 fcompp
df/0 fild Mw|df/2 fist Mw|df/3 fistp Mw|df/4 fbld Mt|df/5 fild Mq|df/6 fbstp Mt|df/7 fistp Mq
df/c0+ ffreep X|df/c8+ fxch X|df/d0+ fstp X|df/d8+ fstp X|df/e0 fnstsw_ax|df/e8+ fucomip X|df/f0+ fcomip X`.split(
    /[|\n]/,
  ),
);

export const X87_LINES: readonly string[] = lines;

/** True for opcodes of the x87 escapes. */
export function isX87(opcode: number): boolean {
  return opcode >= 0xd8 && opcode <= 0xdf;
}

/** The mnemonics of x87 instructions but WAIT begin with F, and no others do. */
export function isX87Mnemonic(mnemonic: string): boolean {
  return mnemonic.startsWith('f');
}
