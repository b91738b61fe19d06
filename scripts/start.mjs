/**
 * `npm start`: the demo guest from power-on to power-off, what trapped on the way, the same guest from a disk,
 * and how to attach a debugger. Needs nothing but Node and npm.
 */
import { ensureDependencies } from './lib/dependencies.mjs';
import { root, run } from './lib/root.mjs';

ensureDependencies();
if (run(process.execPath, ['scripts/build.mjs']) !== 0) process.exit(1);

function demo(title, ...args) {
  console.log(`\n--- ${title}: trapgate run ${args.join(' ')}`);
  const status = run(process.execPath, ['dist/trapgate.js', 'run', ...args]);
  if (status === 0) return;
  console.error(`the demo ended with status ${status}`);
  process.exit(status);
}

demo('the demo kernel, loaded by the monitor', 'dist/demo.elf', '--stats');
demo('the same from a disk, by its own boot sector', 'dist/demo.img');
console.log(`
Attach gdb (the guest waits before its first instruction):
  node dist/trapgate.js run dist/demo.elf --gdb :1234
  gdb dist/demo.elf -ex 'target remote :1234'
Or follow it from the boot sector, in real mode, to user mode:
  node dist/trapgate.js run dist/demo.img --gdb :1234
  gdb dist/demo.elf -x dist/trapgate-gdb.py -ex 'add-symbol-file dist/loader.elf' -ex 'target remote :1234'

Attach VS Code: open this folder (${root}), choose "Run Extension" (F5), then in the new
window add a launch configuration { "type": "trapgate", "request": "launch", "name": "Demo",
"program": "\${workspaceFolder}/dist/demo.elf" } and press F5. Or join a machine that runs:
  node dist/trapgate.js run dist/demo.elf --dap 4711 --wait
with { "type": "trapgate", "request": "attach", "name": "Demo", "target": "localhost:4711" }.`);
