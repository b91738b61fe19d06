import { describe, expect, it } from 'vitest';
import { ReverseMap } from '../../../core/vmm/reverse-map.ts';
import { seeded } from '../../seeded.ts';

function members(map: ReverseMap, frame: number): number[] {
  const ids: number[] = [];
  for (let id = map.first(frame); id >= 0; id = map.next(id)) ids.push(id);
  return ids.sort((a, b) => a - b);
}

describe('reverse map', () => {
  it('agrees with sets under random linking and unlinking', () => {
    const rng = seeded(5);
    const map = new ReverseMap(8, 2);
    const sets = Array.from({ length: 8 }, () => new Set<number>());
    const owner = new Map<number, number>();
    for (let i = 0; i < 4000; i++) {
      const id = (Math.floor(rng() * 2) << 20) | ((Math.floor(rng() * 20) * 0xd00d) % 0x100000);
      const frame = owner.get(id);
      if (frame === undefined) {
        const chosen = Math.floor(rng() * 8);
        map.link(id, chosen);
        owner.set(id, chosen);
        sets[chosen].add(id);
      } else {
        map.unlink(id);
        owner.delete(id);
        sets[frame].delete(id);
      }
      expect(map.has(id)).toBe(owner.has(id));
    }
    for (let frame = 0; frame < 8; frame++) {
      expect(members(map, frame)).toEqual([...sets[frame]].sort((a, b) => a - b));
    }
  });
});
