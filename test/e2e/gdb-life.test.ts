/**
 * The life of a debugged run: ^C, detaching and coming back, clients that vanish or come twice, guests that
 * end, and what the process then says. With real gdb; where QEMU can play too, it does.
 */
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { guestPath } from '../guests/build.ts';
import { trapgate } from './command.ts';
import { debuggeePath, gdb, onBoth, onStub, qemuStub, type Stub, trapgateStub } from './gdb-tools.ts';

async function withStub<T>(image: string, options: readonly string[], use: (stub: Stub) => Promise<T>): Promise<T> {
  const stub = await trapgateStub(image, options);
  try {
    return await use(stub);
  } finally {
    stub.kill();
  }
}

describe('^C', () => {
  it('stops a guest that loops with interrupts off, as on QEMU', async () => {
    const begun = Date.now();
    const script = [
      '@CONNECT',
      'break busy',
      'continue',
      'delete',
      'p $eax == 0',
      'continue',
      'p $eax > 100',
      'p $eflags & 0x200',
      'info symbol $pc',
    ];
    const { ours, qemu } = await onBoth(guestPath('busy-loop'), script, '$1 = 1');
    for (const text of [ours, qemu]) {
      expect(text).toMatch(/Program received signal SIGINT, Interrupt\./);
      expect(text).toMatch(/\$2 = 1\n\$3 = 0\nbusy/);
    }
    expect(Date.now() - begun).toBeLessThan(30_000);
  });

  it('is answered within two seconds while the guest loops or trips over a false condition', async () => {
    await withStub(guestPath('busy-loop'), [], async (stub) => {
      for (const prepare of [[], ['break busy if $ebx == 1 && $eax == 0']]) {
        const run = await gdb(
          stub,
          guestPath('busy-loop'),
          [
            '@CONNECT',
            ...prepare,
            'python import time',
            'echo go\\n',
            'python began = time.time()',
            'continue',
            'python print("answered", time.time() - began < 2.3)',
          ],
          'go\n',
        );
        expect(run.output).toMatch(/SIGINT/);
        expect(run.output).toMatch(/answered True/);
      }
    });
  });
});

describe('a client', () => {
  it('detaches and leaves the guest running; the next one finds it further on', async () => {
    await withStub(debuggeePath(), [], async (stub) => {
      const first = await gdb(stub, debuggeePath(), [
        '@CONNECT',
        'break spin',
        'continue',
        'delete',
        'p counter',
        'detach',
      ]);
      expect(first.output).toMatch(/Breakpoint 1, spin/);
      await new Promise((resolve) => setTimeout(resolve, 300));
      const second = await gdb(stub, debuggeePath(), ['@CONNECT', 'p counter', 'bt', 'p $steps > 1000000', 'kill']);
      const [, before] = /\$1 = (\d+)/.exec(first.output) ?? [];
      const [, after] = /\$1 = (\d+)/.exec(second.output) ?? [];
      expect(after).not.toBe(before);
      expect(second.output).toMatch(/#0 .* spin \(\) at debuggee.c:3\d\n#1 .* start_c/);
      expect(second.output).toMatch(/\$2 = 1/);
      expect(await stub.ended).toBe(0);
    });
  });

  it('that vanishes leaves nothing behind, and the next one works', async () => {
    await withStub(debuggeePath(), [], async (stub) => {
      const rude = connect(stub.socket);
      let heard = '';
      rude.write('+$Z0,100000,1#34$vCont;c#a8$m0,');
      // Both packets acknowledged: the guest runs. Then it is left without a word, in the middle of a packet.
      await new Promise<void>((resolve) => {
        rude.on('data', (bytes) => {
          heard += bytes.toString('latin1');
          if (/\+\$OK#9a\+/.test(heard)) resolve();
        });
      });
      await new Promise((resolve) => setTimeout(resolve, 500));
      rude.destroy();
      await new Promise((resolve) => setTimeout(resolve, 200));
      const { output } = await gdb(stub, debuggeePath(), ['@CONNECT', 'bt', 'info symbol $pc']);
      expect(output).toMatch(/spin/);
    });
  });

  it('that comes second is told why it cannot have the machine', async () => {
    await withStub(debuggeePath(), [], async (stub) => {
      const holder = connect(stub.socket);
      holder.write('+$?#3f');
      await new Promise((resolve) => holder.once('data', resolve));
      const { output } = await gdb(stub, debuggeePath(), ['@CONNECT', 'p $eip']);
      expect(output).toMatch(/controlled by gdb client 1/);
      holder.destroy();
      const next = await gdb(stub, debuggeePath(), ['@CONNECT', 'p $eip', 'kill']);
      expect(next.output).toMatch(/_start/);
    });
  });

  it('restarts the guest in extended mode', async () => {
    await withStub(debuggeePath(), [], async (stub) => {
      const script = [`target extended-remote ${stub.socket}`, 'break touch', 'continue', 'run', 'kill'];
      const { output } = await gdb(stub, debuggeePath(), script);
      expect(output.match(/Breakpoint 1, touch/g)).toHaveLength(2);
    });
  });
});

describe('a guest that', () => {
  it('has its breakpoint in a high half that is not mapped yet stops there, as on QEMU', async () => {
    const script = [
      '@CONNECT',
      'break high_main',
      'continue',
      'info symbol $pc',
      'p/x $pc',
      'p (int)printed',
      'watch *(int *)&printed',
      'continue',
      'p (int)printed',
    ];
    const { ours, qemu } = await onBoth(guestPath('high-half'), script);
    for (const text of [ours, qemu]) {
      expect(text).toMatch(/Breakpoint 1, (0x\w+ in )?high_main/);
      expect(text).toMatch(/\$1 = 0xc01\w+\n\$2 = 0\n/);
      expect(text).toMatch(/Old value = 0\nNew value = 1\n/);
    }
  });

  it('shuts down by a triple fault stays as it was and says why', async () => {
    const script = ['@CONNECT', 'continue', 'p/x $eax', 'p/x $ebx', 'info symbol $pc'];
    const image = guestPath('triple-fault');
    const qemu = await onStub(qemuStub(image), image, script);
    // Going on from there answers the same again; QEMU would wait for ever.
    const ours = await onStub(trapgateStub(image), image, [...script, 'continue', 'stepi', 'x/i $pc']);
    expect(ours).toMatch(/Triple fault: the guest has shut down/);
    expect(ours).toMatch(/1\. #UD at 0008:\w+ cpl 0: /);
    expect(ours).toMatch(/2\. .*\n {2}3\. /);
    expect(ours).toMatch(/Program received signal SIGSEGV/);
    // QEMU keeps the state too (-no-shutdown), under another signal and without a word about the faults.
    expect(qemu).toMatch(/Program received signal SIGQUIT/);
    for (const text of [ours, qemu]) expect(text).toMatch(/\$1 = 0x11111111\n\$2 = 0x22222222\nfatal in section/);
    expect(ours.match(/SIGSEGV/g)).toHaveLength(3);
  });

  it('powers off or exits ends the session and the process with its status', async () => {
    await withStub(guestPath('high-half'), [], async (stub) => {
      const { output } = await gdb(stub, guestPath('high-half'), ['@CONNECT', 'continue']);
      expect(output).toMatch(/\[Inferior 1 \(Remote target\) exited normally\]/);
      expect(await stub.ended).toBe(0);
      expect(stub.output()).toMatch(/high half/);
    });
  });

  it('shuts down after its client left ends the run with the fault chain', async () => {
    const stub = await trapgateStub(guestPath('triple-fault'));
    await gdb(stub, guestPath('triple-fault'), ['@CONNECT', 'detach']);
    expect(await stub.ended).toBe(125);
    expect(stub.output()).toMatch(/triple fault:\n {2}#UD/);
  });
});

describe('the command', () => {
  it('says in one line that the port is taken', async () => {
    await withStub(debuggeePath(), [], async (stub) => {
      const { status, stderr } = await trapgate(['run', debuggeePath(), '--gdb', stub.socket]);
      expect(status).toBe(2);
      expect(stderr).toMatch(/^trapgate: .* is in use \(.*\)\n$/);
    });
  });

  it('starts at once with --no-wait and obeys its limits', async () => {
    const { status, stderr } = await trapgate([
      'run',
      debuggeePath(),
      '--gdb',
      ':0',
      '--no-wait',
      '--max-instructions',
      '5000000',
    ]);
    expect(status).toBe(124);
    expect(stderr).toMatch(/gdb: target remote 127.0.0.1:\d+\n.*stopped after 5000000 instructions/s);
    expect((await trapgate(['run', debuggeePath(), '--gdb', ':0', '--timeout', '0.3'])).status).toBe(124);
  });
});
