import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Foreign, ForeignUnit } from '../../src/facts/foreign.ts';
import { planHost } from '../../src/plan/host-plan.ts';
import { putBackScript } from '../../src/plan/put-back.ts';
import { bare, desiredOf } from './host.ts';
import { commandsOf } from './plan-stage.ts';

test('units that systemd stops together with a replaced one run again, and none that would start the replaced one', () => {
  const named = (name: string, followers: readonly string[]): ForeignUnit => ({
    name,
    active: true,
    starting: false,
    fragment: '',
    followers,
    links: [],
  });
  const foreign: readonly Foreign[] = [
    {
      kind: 'unit',
      path: '/etc/systemd/system/litellm.service',
      looksLike: 'a LiteLLM unit',
      runs: [named('litellm.service', ['exporter.service', 'basic.target', 'litellm.socket', 'both.service'])],
    },
    {
      kind: 'process',
      path: '/usr/bin/python3',
      looksLike: 'litellm (pid 7, litellm-proxy.service) holds the port',
      pid: 7,
      unit: 'litellm-proxy.service',
      runs: [named('litellm-proxy.service', ['both.service', 'old.service'])],
    },
  ];
  const plan = planHost(desiredOf(), bare(foreign));
  assert.deepEqual(commandsOf(plan, 'service.start').slice(-2), [
    'systemctl --no-ask-password start --no-block --job-mode=ignore-dependencies basic.target',
    'systemctl --no-ask-password start --no-block exporter.service',
  ]);
  assert.deepEqual(
    plan.recover.after
      .slice(-2)
      .map((action) => (action.kind === 'command' ? action.argv.slice(2).join(' ') : action.kind)),
    [
      'start --no-block --job-mode=ignore-dependencies basic.target',
      'start --no-block exporter.service both.service old.service',
    ],
  );
  assert.match(putBackScript(desiredOf(), bare(foreign)), /^follow exporter\.service\nfollow basic\.target\n/m);
});
