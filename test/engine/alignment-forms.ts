/**
 * Instructions with a data operand at EBX = ESP = EBP = ESI = EDI, and what it has to be aligned to (SDM vol. 3, table
 * 6-7): 0 where no address will do. One of each kind of access; all were compared with a processor.
 */
import { readFileSync } from 'node:fs';
import { sourceFile, tool } from '../guests/build.ts';
import { CODE_SIZE } from '../oracle/host-ring3.ts';

const TEXT = `
1 mov al,[ebx]|1 xlatb|1 setz [ebx]|1 lea eax,[ebx]|1 nop dword ptr [ebx]|1 movsb|1 cmpxchg [ebx],cl
2 mov ax,[ebx]|2 mov [ebx],ax|2 add [ebx],ax|2 movzx eax,word ptr [ebx]|2 movsx eax,word ptr [ebx]|2 xchg [ebx],ax
4 mov eax,[ebx]|4 mov [ebx],eax|4 mov dword ptr [ebx],7|4 add [ebx],eax|4 cmp eax,[ebx]|4 test [ebx],eax|4 not dword ptr [ebx]
4 xchg [ebx],eax|4 cmpxchg [ebx],ecx|8 cmpxchg8b [ebx]|4 xadd [ebx],eax|4 imul eax,[ebx]|4 shl dword ptr [ebx],1|4 shld [ebx],eax,3
4 mul dword ptr [ebx]|4 cmovz eax,[ebx]|4 bsf eax,[ebx]|1 mov ax,ds:[0x20000fc2]|0 mov eax,ds:[0x20000fc2]
4 bt [ebx],eax|2 bt [ebx],ax|4 bts dword ptr [ebx],1|2 btc word ptr [ebx],1|4 bound eax,[ebx]|2 bound ax,[ebx]
4 push eax|2 push ax|4 push 5|2 pushw 5|4 pop eax|2 pop ax|4 push dword ptr [ebx]|4 pop dword ptr [ebx]|4 push ds|2 pushw ds|4 push fs
4 pop fs|2 popw gs|4 pushad|2 pushaw|4 popad|2 popaw|4 pushfd|2 pushfw|4 popfd|2 popfw|4 call .+8|4 leave|2 leavew
4 enter 8,0|0 enter 3,0|4 enter 4,2|4 enter 4,1|2 enterw 4,0|0 enterw 3,0|2 enterw 4,2
4 movsd|2 movsw|4 rep movsd|4 stosd|2 rep stosw|2 lodsw|4 cmpsd|2 repe cmpsw|4 scasd|4 repne scasd
4 lfs eax,[ebx]|2 lfs ax,[ebx]|4 les eax,[ebx]|2 mov fs,[ebx]|2 mov [ebx],ds|2 arpl [ebx],ax|2 lar eax,[ebx]|2 verr [ebx]
4 fld dword ptr [ebx]|8 fld qword ptr [ebx]|8 fld tbyte ptr [ebx]|2 fild word ptr [ebx]|4 fild dword ptr [ebx]|8 fild qword ptr [ebx]|8 fbld [ebx]
4 fst dword ptr [ebx]|8 fst qword ptr [ebx]|8 fstp tbyte ptr [ebx]|2 fist word ptr [ebx]|4 fistp dword ptr [ebx]|8 fistp qword ptr [ebx]|8 fbstp [ebx]
4 fadd dword ptr [ebx]|8 fmul qword ptr [ebx]|2 fiadd word ptr [ebx]|4 fisub dword ptr [ebx]|8 fcomp qword ptr [ebx]
2 fldcw [ebx]|2 fnstcw [ebx]|2 fnstsw [ebx]|4 fnstenv [ebx]|2 .byte 0x66; fnstenv [ebx]|4 fldenv [ebx]|2 .byte 0x66; fldenv [ebx]
4 fnsave [ebx]|2 .byte 0x66; fnsave [ebx]|4 frstor [ebx]|2 .byte 0x66; frstor [ebx]`;

export interface AlignmentForm {
  readonly text: string;
  readonly alignment: number;
  /** Bytes that INT3 follows. */
  readonly code: Uint8Array;
}

export function alignmentForms(): AlignmentForm[] {
  const entries = TEXT.trim().split(/[|\n]/);
  const texts = entries.map((entry) => entry.slice(2));
  const source = texts.map((text) => `.balign ${CODE_SIZE},0xcc\n${text}\n`).join('');
  const path = sourceFile('alignment.S', `.intel_syntax noprefix\n${source}.balign ${CODE_SIZE},0xcc\n`);
  tool('as', ['--32', '-o', `${path}.o`, path]);
  tool('objcopy', ['-O', 'binary', '-j', '.text', `${path}.o`, `${path}.bin`]);
  const bytes = new Uint8Array(readFileSync(`${path}.bin`));
  return entries.map((entry, i) => ({
    text: texts[i],
    alignment: Number(entry[0]),
    code: bytes.slice(i * CODE_SIZE, (i + 1) * CODE_SIZE),
  }));
}
