/**
 * `npm start`: the demo guest from power-on to power-off, what trapped on the way, and how to attach a
 * debugger. Needs nothing but Node and npm.
 */
import { ensureDependencies } from './lib/dependencies.mjs';
import { root, run } from './lib/root.mjs';

ensureDependencies();
if (run(process.execPath, ['scripts/build.mjs']) !== 0) process.exit(1);
const status = run(process.execPath, ['dist/trapgate.js', 'run', 'dist/demo.elf', '--stats']);
if (status !== 0) {
  console.error(`the demo ended with status ${status}`);
  process.exit(status);
}
console.log(`
Attach gdb (the guest waits before its first instruction):
  node dist/trapgate.js run dist/demo.elf --gdb :1234
  gdb dist/demo.elf -ex 'target remote :1234'

Attach VS Code: open this folder (${root}), choose "Run Extension" (F5), then in the new
window add a launch configuration { "type": "trapgate", "request": "launch", "name": "Demo",
"program": "\${workspaceFolder}/dist/demo.elf" } and press F5. Or join a machine that runs:
  node dist/trapgate.js run dist/demo.elf --dap 4711
with { "type": "trapgate", "request": "attach", "name": "Demo", "target": "localhost:4711" }.`);
