/**
 * Whether a symbol file is that of the code in memory. It is asked where the guest stops, because boot loaders
 * bring code that is not there at launch. A kernel may patch an instruction here and there: only code that is
 * mostly another one is told of, and once.
 */
import { hex0x } from '../core/index.ts';
import type { DebugInfo } from './debug-info.ts';
import type { Debuggee } from './debuggee.ts';

const MOST_FRAMES = 4;
const COMPARED = 64;
/** Fewer bytes than this tell nothing. */
const LEAST = 8;

export class ImageCheck {
  private readonly told = new Set<DebugInfo>();

  /** A sentence for each symbol file that is found not to match. */
  async atStop(debuggee: Debuggee): Promise<string[]> {
    const sentences: string[] = [];
    for (const { at } of (await debuggee.callFrames()).slice(0, MOST_FRAMES)) {
      const linked = debuggee.linked(at);
      const image = debuggee.images.find((one) => one.lookup(linked) !== undefined);
      if (image?.codeAt === undefined || this.told.has(image)) continue;
      const start = debuggee.functionStart(at) ?? at;
      const expected = image.codeAt(debuggee.linked(start), Math.min(COMPARED, Math.max(at - start + 16, LEAST)));
      const found = await debuggee.readMemory(start, expected.length);
      if (found.length < expected.length || !differs(expected, found)) continue;
      this.told.add(image);
      sentences.push(
        `The code at ${hex0x(start)} is not that of ${image.name}: the symbol file is of another build, or its "offset" is wrong.`,
      );
    }
    return sentences;
  }
}

function differs(expected: Uint8Array, found: Uint8Array): boolean {
  if (expected.length < LEAST) return false;
  let same = 0;
  for (let i = 0; i < expected.length; i++) if (expected[i] === found[i]) same++;
  return same * 2 < expected.length;
}
