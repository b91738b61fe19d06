/** THE table of packets, grouped by capability. What is not here is answered with an empty reply. */
import type { Command } from './command.ts';
import { fileCommands } from './handlers/files.ts';
import { memoryCommands } from './handlers/memory.ts';
import { monitorCommands } from './handlers/monitor.ts';
import { pointCommands } from './handlers/points.ts';
import { queryCommands } from './handlers/query.ts';
import { registerCommands } from './handlers/registers.ts';
import { resumeCommands } from './handlers/resume.ts';
import { type Answer, EMPTY, type Stub } from './stub.ts';

const COMMANDS: readonly Command[] = [
  ...registerCommands,
  ...memoryCommands,
  ...pointCommands,
  ...resumeCommands,
  ...queryCommands,
  ...monitorCommands,
  ...fileCommands,
];

/** Multi-letter names begin with these; a single-letter row must not swallow them. */
const FAMILIES = new Set(['q', 'Q', 'v', 'j', '_', 'b']);

const single = new Map(COMMANDS.filter((row) => row.prefix.length === 1).map((row) => [row.prefix, row]));
/** Longest first, so that `qXfer:features:read:` is found before `qXfer:`. */
const named = COMMANDS.filter((row) => row.prefix.length > 1).sort((a, b) => b.prefix.length - a.prefix.length);

/** Does what `packet` (one character a byte) asks. */
export function execute(stub: Stub, packet: string): Promise<Answer> | Answer {
  const first = packet.slice(0, 1);
  if (!FAMILIES.has(first)) return single.get(first)?.execute(stub, packet.slice(1)) ?? EMPTY;
  const row = named.find(({ prefix }) => packet.startsWith(prefix) && endsName(prefix, packet));
  return row === undefined ? EMPTY : row.execute(stub, packet.slice(row.prefix.length));
}

/** `qC` is not the beginning of `qCRC`: a name ends where no letter follows. */
function endsName(prefix: string, packet: string): boolean {
  return !isLetter(prefix.charCodeAt(prefix.length - 1)) || !isLetter(packet.charCodeAt(prefix.length));
}

function isLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}
