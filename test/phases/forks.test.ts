import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Config } from '../../src/config/config.ts';
import type { PhaseReport, PhaseTools } from '../../src/core/phase.ts';
import { fail, ok } from '../../src/core/problem.ts';
import { runEnforce } from '../../src/phases/enforce/run.ts';
import { runUninstall } from '../../src/phases/enforce/uninstall/run.ts';
import { runPreflight } from '../../src/phases/preflight/run.ts';
import { runValidate } from '../../src/phases/validate/run.ts';
import type { Shipping } from '../../src/render/release.ts';
import { KEY } from '../plan/host.ts';
import { backendsOf, configOf, hostOf, modelOf } from './preflight/host.ts';

const HOSTS = 100;

const shipping: Shipping = {
  bundle: () => Promise.resolve(ok({ version: '1.0.0', committedAt: undefined, content: 'x', sha256: '0'.repeat(64) })),
  runtime: () => Promise.reject(new Error('no host was reached')),
};

const PHASES: Readonly<Record<string, (config: Config, tools: PhaseTools) => Promise<PhaseReport>>> = {
  preflight: (config, tools) => runPreflight(config, tools),
  validate: (config, tools) => runValidate(config, shipping, tools),
  enforce: (config, tools) =>
    runEnforce(config, shipping, { dryRun: false, takeOver: false, allowDowngrade: false, verify: false }, tools),
  uninstall: (config, tools) => runUninstall(config, { dryRun: false }, tools),
};

for (const [name, phase] of Object.entries(PHASES))
  test(`${name} connects to no more hosts at once than forks, and its problems stand in the order of the inventory`, async () => {
    let [connecting, most, count] = [0, 0, 0];
    const config = configOf(
      Array.from({ length: HOSTS }, (_, index) =>
        hostOf(`hx${String(index)}`, {
          masterKey: { state: 'set', key: KEY, where: {} },
          backends: backendsOf('http://hx-llm:11434'),
          models: [modelOf('phi3', 'phi3:3.8b')],
        }),
      ),
    );
    for (const forks of [1, 7, undefined]) {
      [connecting, most, count] = [0, 0, 0];
      const report = await phase(config, {
        connect: async ({ name: host }) => {
          connecting += 1;
          count += 1;
          most = Math.max(most, connecting);
          // Later hosts answer sooner.
          for (let turn = 0; turn < (HOSTS - count) % 9; turn += 1) await setImmediate();
          connecting -= 1;
          return fail({ code: 'host.unreachable', summary: 'off', detail: '', fix: '', where: { host } });
        },
        recorder: { event: () => undefined, file: () => undefined },
        confirm: () => Promise.resolve(true),
        signal: new AbortController().signal,
        nowMs: () => 0,
        ...(forks === undefined ? {} : { forks }),
      });
      assert.deepEqual([most, count], [forks ?? 10, HOSTS]);
      assert.deepEqual(
        report.problems.filter(({ code }) => code === 'host.unreachable').map(({ where }) => where?.host),
        config.hosts.map(({ target }) => target.name),
      );
    }
  });
