import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  diffRuns,
  listRuns,
  openReport,
  showRun,
  type RunsOptions,
} from '../../../../src/cli/actions/evidence/runs.ts';
import type { CheckResult } from '../../../../src/core/verdict.ts';
import type { Terminal } from '../../../../src/cli/terminal/terminal.ts';
import { closedRun, openPhase, root } from '../../../evidence/evidence-tree.ts';
import { CLOSING, here } from '../../../evidence/open-run.ts';
import { fakeTerminal } from '../../fake-terminal.ts';
import { evidenceDocumentSchema } from '../../../../src/cli/views/evidence-document.ts';
import { assertValid } from '../../../json-schema.ts';

async function run(act: (terminal: Terminal) => number | Promise<number>) {
  const terminal = fakeTerminal({ cwd: here.root, columns: 100 });
  const code = await act(terminal);
  return { code, ...terminal.written };
}

const check = (outcome: CheckResult['outcome'], seen: string): CheckResult => ({
  host: 'h1',
  id: 'dns.name',
  title: 'the name resolves',
  severity: 'error',
  outcome,
  seen,
});

test('the list has every run, the newest last, and says which are open', async () => {
  const first = closedRun('preflight');
  const open = openPhase('enforce');
  const { code, out } = await run((terminal) => listRuns(terminal, undefined, {}));
  assert.deepEqual([code, out], [0, `${first}  passed    0.0 s  h1\n${open.name}    open      0.0 s\n`]);
  const listed = await run((terminal) => listRuns(terminal, 'enforce', { json: true }));
  assertValid(evidenceDocumentSchema(), JSON.parse(listed.out));
  const { runs } = JSON.parse(listed.out) as { readonly runs: readonly Record<string, unknown>[] };
  assert.deepEqual([runs.length, runs[0]?.['run'], runs[0]?.['ending']], [1, open.name, null]);
  for (const phase of ['smoke', 'rollback', 'uninstall', 'prune'])
    assert.equal((await run((terminal) => listRuns(terminal, phase, {}))).code, 0, `${phase}, without a run`);
  const misspelt = await run((terminal) => listRuns(terminal, 'preflght', {}));
  assert.equal(misspelt.code, 64);
  assert.match(misspelt.err, /there is no phase preflght[^]*hxllm evidence list preflight\n/);
});

test('a run is named by its place, its time, its phase or as the latest', async () => {
  const [first, second] = [closedRun('preflight'), closedRun('smoke')];
  const show = async (name: string | undefined, options: RunsOptions = {}): Promise<string> => {
    const { code, out } = await run((terminal) => showRun(terminal, name, options));
    assert.equal(code, 0, name);
    return out;
  };
  for (const name of [first, `evidence/${first}/`, first.split('/')[1], 'preflight', 'evidence/preflight/'])
    assert.match(await show(name), /^hxllm 0 preflight: passed/);
  for (const name of [undefined, 'latest', second]) assert.match(await show(name), /^hxllm 0 smoke: passed/);
  assert.equal((JSON.parse(await show('smoke', { json: true })) as { readonly phase: string }).phase, 'smoke');
  const { code, err } = await run((terminal) => showRun(terminal, 'enforce', {}));
  assert.equal(code, 64);
  assert.match(err, /there is no run enforce[\s\S]*preflight\/\S+, smoke\/[\s\S]*hxllm evidence list/);
  const open = openPhase('smoke');
  assert.match((await run((terminal) => showRun(terminal, open.name, {}))).err, /is not closed/);
});

test('the difference of two runs is in checks, plans and latencies', async () => {
  const keep = (result: CheckResult, step: string, totalMs: number): string => {
    const it = openPhase('smoke');
    it.recorder.file('hosts/h1/plan.json', [{ id: 'files.a', title: 'write a', detail: step }]);
    const exchange = { asked: { method: 'GET', url: 'http://h1:4000/v1/models' }, reply: { firstByteMs: 1, totalMs } };
    it.recorder.file('report.json', { targets: [{ name: 'h1', exchanges: [exchange] }] });
    it.close({ ...CLOSING, results: [result] });
    return it.name;
  };
  const a = keep(check('pass', '192.0.2.1'), 'mode 0640', 7);
  const b = keep(check('fail', 'no answer'), 'mode 0600', 9);
  const same = await run((terminal) => diffRuns(terminal, a, a, {}));
  assert.deepEqual([same.code, same.out.split('\n').at(-2)], [0, '  no difference']);
  const { code, out } = await run((terminal) => diffRuns(terminal, a, b, {}));
  assert.equal(code, 2);
  const document = await run((terminal) => diffRuns(terminal, a, b, { json: true }));
  assertValid(evidenceDocumentSchema(), JSON.parse(document.out));
  assert.equal(
    out,
    `- ${a}\n+ ${b}\ncheck h1 dns.name\n  - pass: 192.0.2.1\n  + fail: no answer\nplan h1 files.a\n  - write a: mode 0640\n  + write a: mode 0600\nlatency h1 GET /v1/models\n  - 1 ms, whole 7 ms\n  + 1 ms, whole 9 ms\n`,
  );
});

test('without a screen, open prints the path of the report', async () => {
  const place = closedRun('preflight');
  const { code, out } = await run((terminal) => openReport(terminal, undefined, {}));
  assert.equal(code, 0);
  assert.equal(out.startsWith(join(root(), place)), true);
});
