import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEntry } from '../../../src/core/audit-entry.ts';
import { sha256 } from '../../../src/core/hash.ts';
import type { ChainLink } from '../../../src/evidence/chain/link.ts';
import { compareAuditLog } from '../../../src/evidence/verify/audit-log.ts';

const link = (number: number, phase = 'enforce'): ChainLink => ({
  phase,
  run: `20261130T00000${String(number)}Z`,
  sha256: sha256(`${phase}${String(number)}`),
});
const place = ({ phase, run }: ChainLink): string => `${phase}/${run}`;

/** The two lines of a run: it follows a head, and its manifest is the new one. */
function lines(run: ChainLink, before: ChainLink | null): string {
  const both: readonly AuditEntry[] = [
    {
      event: 'switch',
      command: 'hxllm enforce',
      run: place(run),
      record: run.sha256,
      by: 'ada@desk',
      deployment: 1,
      plan: sha256('plan'),
      before: before?.sha256 ?? null,
    },
    { event: 'closed', run: place(run), record: run.sha256, manifest: run.sha256 },
  ];
  return both.map((entry) => `${JSON.stringify({ at: '2026-11-30T00:00:00Z', login: 'root', ...entry })}\n`).join('');
}

const [one, two, three, four] = [link(1), link(2, 'preflight'), link(3), link(4)];
const LOG = lines(one, null) + lines(three, two) + lines(four, three);

test('an audit log confirms the runs that it names, up to the newest', () => {
  const { findings, confirmed, last, others } = compareAuditLog('h1', LOG, [one, two, three, four]);
  assert.deepEqual([findings, confirmed, last, others], [[], 3, four, []]);
});

test('a removed newest run is found, and so are those that were removed together with it', () => {
  const found = (links: readonly ChainLink[]): readonly string[] =>
    compareAuditLog('h1', LOG, links).findings.map(({ kind, path }) => `${kind} ${path}`);
  assert.deepEqual(found([one, two, three]), [`missing ${place(four)}`]);
  assert.deepEqual(found([one, two]), [`missing ${place(three)}`, `missing ${place(four)}`]);
});

test('a chain that was written again, without a run or in another order, is found', () => {
  const found = (links: readonly ChainLink[]): string =>
    compareAuditLog('h1', LOG, links)
      .findings.map(({ kind, path }) => `${kind} ${path}`)
      .join();
  assert.match(found([one, three, four]), new RegExp(`missing the run before ${place(three)}`));
  assert.match(found([one, two, { ...three, sha256: sha256('forged') }, four]), new RegExp(`changed ${place(three)}/`));
  assert.match(found([three, two, one, four]), /moved/);
});

test('runs of other evidence folders, lines that a full disk cut off and runs without evidence are no findings', () => {
  const other = lines(link(7), link(6)) + lines({ ...link(8), sha256: sha256('x') }, null);
  const text = `${LOG}{"at":"2026\n${other}${lines(link(9), four).split('\n')[0] ?? ''}\n`;
  const { findings, others } = compareAuditLog('h1', text, [one, two, three, four]);
  assert.deepEqual([findings, others], [[], [place(link(7)), place(link(8))]]);
});
