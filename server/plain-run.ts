/**
 * `trapgate run IMAGE` and nothing more, known without the option parser: most runs are that, and the parser
 * takes a tenth of the time to the guest's first byte.
 */
import type { RunOptions } from './options.ts';

/** What `run IMAGE` means: every option as it is when it is not given. */
function plainOptions(image: string): RunOptions {
  return {
    image,
    disks: [],
    boot: undefined,
    append: '',
    modules: [],
    memory: 128,
    tier: 0,
    vga: 'std',
    gdb: undefined,
    dap: undefined,
    wait: false,
    serial: { kind: 'stdio' },
    serialOut: undefined,
    debugconOut: undefined,
    screenOut: undefined,
    shot: undefined,
    ppmOut: undefined,
    timeout: undefined,
    maxInstructions: undefined,
    scenario: undefined,
    onReset: 'reboot',
    stats: false,
    json: false,
  };
}

/** The options of a command line that is `run IMAGE`; undefined for any other. */
export function plainRun(args: readonly string[]): RunOptions | undefined {
  const [command, image] = args;
  return args.length === 2 && command === 'run' && /^[^-]/.test(image) ? plainOptions(image) : undefined;
}
