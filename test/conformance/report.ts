import type { Outcome, Row, Verdict } from './verdict.ts';

const MARKS: Readonly<Record<Outcome, string>> = {
  pass: 'pass',
  fail: 'FAIL',
  'not applicable': 'n/a',
  'not offered': 'none',
};

/** The table, client by client, and the score. */
export function verdictText({ target, clients, rows }: Verdict): string {
  const width = Math.max(4, ...rows.map((row) => placeOf(row).length));
  const lines = rows.map((row) =>
    `${row.client.padEnd(10)}${placeOf(row).padEnd(width)}  ${MARKS[row.outcome].padEnd(4)}  ${row.outcome === 'pass' ? '' : row.detail}`.trimEnd(),
  );
  const judges = Object.entries(clients).map(([name, version]) => `${name} ${version}`);
  return `${['CLIENT'.padEnd(10) + 'CASE', ...lines, '', `${target.url}, model ${target.model}: ${scoreText(rows)}`, `judged with ${judges.join(', ')}`].join('\n')}\n`;
}

/** `70 of 72 passed, 2 failed; 5 not applicable, 10 not offered`. */
export function scoreText(rows: readonly Row[]): string {
  const count = (outcome: Outcome): number => rows.filter((row) => row.outcome === outcome).length;
  return `${String(count('pass'))} of ${String(count('pass') + count('fail'))} passed, ${String(count('fail'))} failed; ${String(count('not applicable'))} not applicable, ${String(count('not offered'))} not offered`;
}

/** 0 only if a case was judged and none failed. */
export function exitCode({ rows }: Verdict): number {
  return rows.some(({ outcome }) => outcome === 'pass') && rows.every(({ outcome }) => outcome !== 'fail') ? 0 : 1;
}

function placeOf({ theme, id }: Row): string {
  return `${theme}/${id}`;
}
