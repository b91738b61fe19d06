/** `npm run vectors -- FILE|DIR [--tier N] [--fpu]`; scripts/vectors.mjs bundles and runs this. */
import { parseArgs } from 'node:util';
import { UserError } from '../../../core/util/errors.ts';
import { INTEGER_CLASSES } from './hwvec.ts';
import { runVectors } from './report.ts';
import { vectorsIn } from './sources.ts';

const USAGE = `npm run vectors -- FILE|DIR [--tier 0|1] [--fpu] [--class LETTERS]
  --tier 0|1       interpreter (0) or translation (1)
  --fpu            also the x87 forms of hwvec files (class f)
  --class LETTERS  exactly these hwvec classes: i integer, s string, d division and BCD, f x87, m MMX, x SSE`;

function main(): number {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      tier: { type: 'string', default: '0' },
      fpu: { type: 'boolean', default: false },
      class: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help || positionals.length === 0) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  if (values.tier !== '0' && values.tier !== '1') throw new UserError('tier', `no such tier: ${values.tier}`, '0 or 1');
  const classes = values.class ?? (values.fpu ? `${INTEGER_CLASSES}f` : INTEGER_CLASSES);
  let total = 0;
  let different = 0;
  for (const place of positionals) {
    const report = runVectors(vectorsIn(place, classes), values.tier === '0' ? 0 : 1, console.log);
    total += report.total;
    different += report.different;
    if (values.tier === '1') console.log(`translated ${report.translated} of ${report.total}`);
    for (const [reason, count] of report.excepted) console.log(`left out ${count}: ${reason}`);
  }
  if (total === 0) throw new UserError('vectors-none', `no vectors of class ${classes} found`);
  console.log(`different ${different} of ${total}`);
  return different === 0 ? 0 : 1;
}

try {
  process.exitCode = main();
} catch (error) {
  const parse = error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  if (error instanceof UserError) console.error(error.line);
  else if (parse) console.error(error.message);
  else throw error;
  process.exitCode = 2;
}
