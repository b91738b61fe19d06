/** `--stats`: what trapped and why, as a table. */
import type { StatisticsRow } from '../core/index.ts';

export function statisticsText(rows: readonly StatisticsRow[], steps: number): string {
  const traps = rows.reduce((sum, row) => sum + row.count, 0);
  const width = Math.max(12, ...rows.map(({ name }) => name.length));
  const lines = rows.map(
    (row) => `${row.name.padEnd(width)}  ${row.class.padEnd(10)}  ${String(row.count).padStart(12)}`,
  );
  const share = steps === 0 ? 0 : (100 * traps) / steps;
  return [
    `${'trapped'.padEnd(width)}  ${'class'.padEnd(10)}  ${'count'.padStart(12)}`,
    ...lines,
    `${steps} instructions, ${traps} trapped (${share.toFixed(3)} %)`,
  ].join('\n');
}
