import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { startFake } from '../gateway/fake-upstream.ts';
import { startGateway } from '../gateway/running.ts';
import { findPromtool, PROMTOOL_LEFT_OUT } from '../run/prometheus.ts';

const RULES = join(import.meta.dirname, '../../templates/prometheus');
const promtool = findPromtool();
const options = { skip: promtool === undefined ? PROMTOOL_LEFT_OUT : false };

function check(args: readonly string[], input = ''): void {
  const { status, stdout, stderr } = spawnSync(promtool ?? '', args, { cwd: RULES, input, encoding: 'utf8' });
  assert.equal(status, 0, `${args.join(' ')}: ${stdout}${stderr}`);
  // It ends with 0 for complaints, too.
  if (args[1] === 'metrics') assert.equal(stdout + stderr, '');
}

test('promtool finds no fault in /metrics', options, async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  await (await gateway.chat()).text();
  check(['check', 'metrics'], await (await gateway.ask('/metrics')).text());
});

test('promtool finds no fault in the alerts, and their tests pass', options, () => {
  check(['check', 'rules', 'alerts.yml']);
  check(['test', 'rules', 'alerts.test.yml']);
});
