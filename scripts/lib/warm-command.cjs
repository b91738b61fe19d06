/** Runs the demo on the built command and writes the bytecode of what was loaded: `node warm-command.cjs DIST`. */
const { writeFileSync } = require('node:fs');
const path = require('node:path');

const dist = process.argv[2];
const entry = path.join(dist, 'trapgate.js');
process.argv = [process.argv[0], entry, 'run', path.join(dist, 'demo.elf'), '--max-instructions', '5000000'];
const { scripts } = require(entry);
process.on('exit', () => {
  for (const [file, script] of scripts) writeFileSync(`${file}.bytecode`, script.createCachedData());
});
