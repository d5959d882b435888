import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deployTable, judge, type Row } from './report.ts';

function row(setting: string, task: Row['task'], tool: string, wallS: number, roundTrips = 0): Row {
  const traffic = { connections: 1, sentBytes: 2048, receivedBytes: 1024, roundTrips };
  return { setting, task, tool, cost: { wallS, toolCpuS: 1, hostCpuS: 2, traffic, load: 0.5 } };
}

const ROWS = [
  row('1 host, 20 ms', 'no change', 'hxllm', 2),
  row('1 host, 20 ms', 'no change', 'Ansible', 50),
  row('1 host, 20 ms', 'no change', 'Ansible, pipelining', 18),
  row('1 host, 100 ms', 'no change', 'hxllm', 3, 12),
  row('10 hosts, 100 ms', 'no change', 'hxllm', 8),
];

test('the ratio compares with hxllm for the same task in the same setting', () => {
  const table = deployTable(ROWS);
  assert.match(table, /\| 1 host, 20 ms \| no change \| Ansible \| 50\.0 \| 25\.0 \|/);
  assert.match(table, /\| 10 hosts, 100 ms \| no change \| hxllm \| 8\.0 \| 1\.0 \|/);
});

test('each target says whether it is met, and one that was not measured says so', () => {
  assert.deepEqual(
    judge(ROWS, 7).map(({ isMet }) => isMet),
    [true, false, undefined, true, true],
  );
  assert.deepEqual(
    judge(ROWS, 6)
      .map(({ isMet }) => isMet)
      .at(-1),
    false,
  );
  assert.equal(judge(ROWS, undefined).at(-1)?.isMet, undefined);
});
