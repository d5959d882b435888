import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { showReplay } from '../../../src/cli/actions/fleet-replay.ts';
import { fakeTerminal } from '../fake-terminal.ts';
import { replayDocumentSchema } from '../../../src/cli/views/answer-schemas.ts';
import { assertValid } from '../../json-schema.ts';

const BACKENDS = [{ url: 'a', managed: true, slots: 1 }];
const DEPLOYMENTS = [{ id: 'm@a', backend: 'a', weight: 1, model: 'm', runnerKey: '[]', single: false }];
const POLICY = { strategy: 'fleet', longestQueue: 9, allowedFails: 3, cooldownMs: 1 };
const HEADER = {
  trace: 'hxllm.route',
  version: 1,
  policy: POLICY,
  spec: { backends: BACKENDS, deployments: DEPLOYMENTS },
};
const ARRIVED = { request: '1', queue: 'm', deployments: ['m@a'], tried: [], isRetry: false, sinceMs: 10, loadedMs: 0 };
const STEPS = [
  {
    t: 10,
    event: { kind: 'arrived', ...ARRIVED, maxWaitMs: 60_000, untilMs: 'Infinity' },
    decisions: [{ load: 'a#m', deployment: 'm@a' }],
  },
  {
    t: 1010,
    event: { kind: 'loaded', replica: 'a#m', result: 'answered' },
    decisions: [{ assign: '1', to: 'm@a', reason: 'x', loadMs: 1 }],
  },
  { t: 1210, event: { kind: 'started', lease: '1' } },
  { t: 1410, event: { kind: 'released', lease: '1', result: 'answered' } },
];
const text = [HEADER, ...STEPS].map((line) => `${JSON.stringify(line)}\n`).join('');

test('a replay prints what happened and what more would have done, as text and as a document', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'hxllm-replay-'));
  t.after(async () => rm(folder, { recursive: true }));
  const file = join(folder, 'route.ndjson');
  await writeFile(file, text);
  const terminal = fakeTerminal();
  assert.equal(await showReplay(terminal, file, { strategy: 'least-busy' }, false), 0);
  assert.match(terminal.written.out, /^1 request in 1\.4 s; the trace is cut off/);
  assert.match(terminal.written.out, /as it happened +100\.0 +100\.0 +1\.20 +1\.2 +1$/m);
  for (const row of ['simulated', 'servers \\+1', 'slots \\+2', 'strategy least-busy'])
    assert.match(terminal.written.out, new RegExp(`^${row} +100\\.0`, 'm'));
  const other = fakeTerminal();
  assert.equal(await showReplay(other, file, { servers: 2, slots: 1 }, true), 0);
  const document: unknown = JSON.parse(other.written.out);
  assertValid(replayDocumentSchema(), document);
  assert.partialDeepStrictEqual(document, {
    schemaVersion: 1,
    rows: [{ title: 'as it happened' }, {}, { title: 'servers +2' }],
  });
});

test('a trace that is damaged, missing or of another program ends with 78, the file and the line', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'hxllm-replay-'));
  t.after(async () => rm(folder, { recursive: true }));
  const file = join(folder, 'route.ndjson');
  for (const [written, found] of [
    [text.replace('"t":1010', '"t":x'), 'route.ndjson:3'],
    ['{"hello":1}\n', 'route.ndjson:1'],
    [undefined, 'missing.ndjson'],
  ] as const) {
    if (written !== undefined) await writeFile(file, written);
    const terminal = fakeTerminal();
    const path = written === undefined ? join(folder, 'missing.ndjson') : file;
    assert.equal(await showReplay(terminal, path, {}, false), 78);
    assert.ok(terminal.written.err.includes(found), terminal.written.err);
    assert.equal(terminal.written.out, '');
  }
});

test('a trace without requests says that nothing can be compared, instead of a table of targets met', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'hxllm-replay-'));
  t.after(async () => rm(folder, { recursive: true }));
  const file = join(folder, 'route.ndjson');
  await writeFile(file, `${JSON.stringify(HEADER)}\n{"end":"stopped"}\n`);
  const terminal = fakeTerminal();
  assert.equal(await showReplay(terminal, file, {}, false), 0);
  assert.equal(
    terminal.written.out,
    '0 requests in 0.0 s\nno request came while it was recorded: nothing can be compared\n',
  );
});
