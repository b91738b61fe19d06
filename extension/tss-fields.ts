/** What stands where in a task state segment (SDM vol. 3, 7.2.1 and 7.6). */
export interface TssField {
  readonly name: string;
  readonly offset: number;
  readonly size: 2 | 4;
}

/** Names in the order of memory, each `size` bytes, from `offset` on, `stride` bytes apart. */
function run(names: string, offset: number, size: 2 | 4, stride: number): TssField[] {
  return names.split(' ').map((name, i) => ({ name, offset: offset + i * stride, size }));
}

export const TSS32_FIELDS: readonly TssField[] = [
  { name: 'link', offset: 0, size: 2 as const },
  ...run('esp0 esp1 esp2', 4, 4, 8),
  ...run('ss0 ss1 ss2', 8, 2, 8),
  ...run('cr3 eip eflags eax ecx edx ebx esp ebp esi edi', 28, 4, 4),
  ...run('es cs ss ds fs gs ldt', 72, 2, 4),
  { name: 'trap', offset: 100, size: 2 as const },
  { name: 'io_map', offset: 102, size: 2 as const },
].sort((a, b) => a.offset - b.offset);

export const TSS16_FIELDS: readonly TssField[] = run(
  'link sp0 ss0 sp1 ss1 sp2 ss2 ip flags ax cx dx bx sp bp si di es cs ss ds ldt',
  0,
  2,
  2,
);
