import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { MONITORING_FILES, writeMonitoringFiles } from '../../../src/cli/actions/monitoring-templates.ts';
import { fakeTerminal } from '../fake-terminal.ts';

const OWN = join(import.meta.dirname, '../../../templates');
const BOARD = 'grafana/hxllm.json';

function folder(context: TestContext): string {
  const cwd = mkdtempSync(join(tmpdir(), 'hxllm-monitoring-'));
  context.after(() => {
    rmSync(cwd, { recursive: true });
  });
  return cwd;
}

test('the board and the alerts are written once, and again without a change', async (context) => {
  const cwd = folder(context);
  for (const how of ['wrote', 'unchanged']) {
    const terminal = fakeTerminal({ cwd });
    assert.equal(await writeMonitoringFiles(terminal, { write: 'my monitoring' }), 0);
    for (const name of MONITORING_FILES) {
      assert.ok(terminal.written.out.includes(`${how} ${join(cwd, 'my monitoring', name)}\n`), terminal.written.out);
      assert.equal(readFileSync(join(cwd, 'my monitoring', name), 'utf8'), readFileSync(join(OWN, name), 'utf8'));
    }
  }
});

test('an edited file is named and kept, and nothing else is written; --replace keeps a copy of it', async (context) => {
  const cwd = folder(context);
  mkdirSync(join(cwd, 'm/grafana'), { recursive: true });
  writeFileSync(join(cwd, 'm', BOARD), 'mine\n');
  const first = fakeTerminal({ cwd });
  assert.equal(await writeMonitoringFiles(first, { write: 'm' }), 1);
  assert.match(first.written.err, /hxllm\.json[\s\S]*Nothing was written[\s\S]*hxllm templates --write m --replace/);
  assert.equal(readFileSync(join(cwd, 'm', BOARD), 'utf8'), 'mine\n');
  assert.deepEqual(readdirSync(join(cwd, 'm')), ['grafana']);
  const second = fakeTerminal({ cwd });
  assert.equal(await writeMonitoringFiles(second, { write: 'm', replace: true }), 0);
  assert.equal(readFileSync(join(cwd, 'm', BOARD), 'utf8'), readFileSync(join(OWN, BOARD), 'utf8'));
  const copy = readdirSync(join(cwd, 'm/grafana')).find((name) => name.endsWith('.bak')) ?? '';
  assert.equal(readFileSync(join(cwd, 'm/grafana', copy), 'utf8'), 'mine\n');
  assert.ok(second.written.out.includes(copy), 'the copy is named');
  assert.match(second.written.out, /wrote .*alerts\.yml/);
});

test('a place that takes no file is an error with its path, and nothing is written', async (context) => {
  const cwd = folder(context);
  mkdirSync(join(cwd, 'm', BOARD), { recursive: true });
  writeFileSync(join(cwd, 'file'), '');
  for (const [write, code] of [
    ['m', 1],
    ['file', 1],
    ['', 64],
    ['  ', 64],
  ] as const) {
    const terminal = fakeTerminal({ cwd });
    assert.equal(await writeMonitoringFiles(terminal, { write }), code, write);
    assert.equal(terminal.written.out, '');
  }
  assert.deepEqual(readdirSync(join(cwd, 'm')), ['grafana']);
});
