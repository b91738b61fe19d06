/** Framing: what survives any splitting, and what a damaged or endless packet does. */
import { describe, expect, it } from 'vitest';
import { bytesToHex } from '../../../core/util/hex.ts';
import { frame } from '../../../server/gdb/frame.ts';
import { fromLatin1, latin1, MAX_PACKET, PacketReader } from '../../../server/gdb/packet.ts';
import { decodeReplies, request } from './rsp-client.ts';

function packets(reader: PacketReader, bytes: Uint8Array): string[] {
  return reader.feed(bytes).map((item) => (item.kind === 'packet' ? fromLatin1(item.data) : `<${item.kind}>`));
}

describe('PacketReader', () => {
  it('reads the same packets wherever the stream is cut', () => {
    const stream = [...latin1('+'), ...request('g'), ...request('m100,4'), 3, ...request('X10,3:a}#')];
    const whole = packets(new PacketReader(), Uint8Array.from(stream));
    expect(whole).toEqual(['<ack>', 'g', 'm100,4', '<interrupt>', 'X10,3:a}#']);
    for (let cut = 0; cut <= stream.length; cut++) {
      const reader = new PacketReader();
      const first = packets(reader, Uint8Array.from(stream.slice(0, cut)));
      expect([...first, ...packets(reader, Uint8Array.from(stream.slice(cut)))]).toEqual(whole);
    }
    const reader = new PacketReader();
    expect(stream.flatMap((byte) => packets(reader, Uint8Array.of(byte)))).toEqual(whole);
  });

  it('tells a damaged packet from a good one', () => {
    expect(packets(new PacketReader(), latin1('$g#68$g#zz$g#67'))).toEqual(['<damaged>', '<damaged>', 'g']);
  });

  it('starts over at a dollar sign, because the sender did', () => {
    expect(packets(new PacketReader(), latin1('noise$m10$g#67'))).toEqual(['g']);
  });

  it('drops the escape that nothing follows', () => {
    const body = 'g}';
    const sum = latin1(body).reduce((total, byte) => total + byte, 0) & 0xff;
    expect(packets(new PacketReader(), latin1(`$${body}#${sum.toString(16)}`))).toEqual(['g']);
  });

  it('takes a packet of the advertised size and reports a longer one without keeping it', () => {
    expect(packets(new PacketReader(), request('m'.repeat(MAX_PACKET)))[0]).toHaveLength(MAX_PACKET);
    const reader = new PacketReader();
    expect(packets(reader, request('m'.repeat(MAX_PACKET + 1)))).toEqual(['<oversized>']);
    expect(packets(reader, request('m'.repeat(3 * MAX_PACKET)))).toEqual(['<oversized>']);
    expect(packets(reader, request('g'))).toEqual(['g']);
  });

  it('does not mistake a count character: requests are never run-length encoded', () => {
    expect(packets(new PacketReader(), request('X0,2:**'))).toEqual(['X0,2:**']);
  });
});

describe('frame', () => {
  it('frames an empty reply as gdb expects it', () => {
    expect(fromLatin1(frame(''))).toBe('$#00');
  });

  it('comes back unchanged through escapes and runs of every length', () => {
    for (let run = 1; run < 220; run++) {
      const text = `a${'0'.repeat(run)}b${'#'.repeat(run % 5)}${'*'.repeat(run % 3)}\u00ff}`;
      expect(decodeReplies(fromLatin1(frame(text)))).toEqual([text]);
    }
  });

  it('writes bytes as hex digits, and zeros at the cost of a few', () => {
    for (let run = 1; run < 220; run++) {
      const bytes = Uint8Array.from([0x12, ...Array.from({ length: run }, () => (run % 16) * 0x11), 0x11, 0x23, 0x2a]);
      expect(decodeReplies(fromLatin1(frame(bytes, true)))).toEqual([bytesToHex(bytes)]);
      expect(fromLatin1(frame(bytes)).slice(1, -3)).not.toMatch(/[#$]/);
    }
    expect(frame(new Uint8Array(4096)).length).toBeLessThan(300);
    expect(fromLatin1(frame(new Uint8Array(0), true))).toBe('+$#00');
  });

  it('never writes a bare # or $ inside, which would end or restart the packet', () => {
    for (let run = 1; run < 220; run++) {
      expect(fromLatin1(frame('x'.repeat(run))).slice(1, -3)).not.toMatch(/[#$]/);
    }
  });
});
