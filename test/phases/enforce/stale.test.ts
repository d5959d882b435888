import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from '../../../src/core/hash.ts';
import { Secret } from '../../../src/core/secret.ts';
import { sealPlan } from '../../../src/phases/enforce/saved/document.ts';
import { planDocument } from '../../../src/phases/enforce/saved/save.ts';
import { judgeHosts } from '../../../src/phases/enforce/saved/stale.ts';
import type { Prepared } from '../../../src/phases/enforce/prepare.ts';
import type { Actual } from '../../../src/plan/actual.ts';
import { planHost } from '../../../src/plan/host-plan.ts';
import { bare, desiredOf, entryOf, installed } from '../../plan/host.ts';
import { createAnsweringHost } from '../preflight/host.ts';
import { targetOf } from '../../remote/target.ts';
import { settings } from '../../render/settings.ts';

const desired = desiredOf();
const NOW_MS = Date.UTC(2026, 10, 30, 4);
const running = installed(desired);
const drifted: Actual = {
  ...running,
  installation: {
    ...running.installation,
    entries: new Map([
      ...running.installation.entries,
      [
        desired.paths.configFile,
        entryOf({ mode: 0o640, group: 'litellm', sha256: sha256('by hand'), text: 'by hand', writtenS: 240 }),
      ],
    ]),
  },
};

function prepared(states: Readonly<Record<string, Actual>>): readonly Prepared[] {
  return Object.entries(states).map(([name, actual]) => ({
    config: { target: targetOf({ name }), become: 'none', settings: settings(), origins: {} },
    host: createAnsweringHost(name, {}),
    record: { file: '/record', id: 'a'.repeat(32) },
    desired,
    actual,
    plan: planHost(desired, actual),
    warnings: [],
    identity: { known: true, value: new Secret(sha256(name)) },
  }));
}

/** Codes and hosts of the refusal of a plan that was made 20 minutes ago. */
function judged(then: Readonly<Record<string, Actual>>, now: Readonly<Record<string, Actual>>): readonly string[] {
  const bundle = { version: '1.0.0', committedAt: undefined, content: '', sha256: sha256('') };
  const plan = sealPlan(
    planDocument(prepared(then), {
      bundle,
      options: { takeOver: false, allowDowngrade: false },
      nowMs: NOW_MS - 1_200_000,
      by: 'ada@workstation',
      timestamp: '20261130T034000Z',
      salt: 'word',
    }),
  );
  return judgeHosts({ plan, file: 'plan.json' }, prepared(now), NOW_MS).map(
    ({ code, where, detail }) => `${code} ${where?.host ?? '-'} ${/was edited .*/.exec(detail)?.[0] ?? ''}`,
  );
}

test('a plan of several hosts names each host that changed, with its thing and its time', () => {
  const then = { one: bare(), two: running };
  assert.deepEqual(judged(then, then), []);
  assert.deepEqual(judged(then, { one: bare(), two: drifted }), ['plan.facts-changed two was edited 4 minutes ago']);
  assert.deepEqual(judged({ one: drifted, two: running }, { one: running, two: drifted }), [
    'plan.facts-changed one ',
    'plan.facts-changed two was edited 4 minutes ago',
  ]);
});

test('a plan has been applied only if no host needs a change', () => {
  const then = { one: bare(), two: running };
  assert.deepEqual(judged(then, { one: running, two: running }), ['plan.applied - ']);
  // The second host was not part of the changes, and somebody edited it since.
  assert.deepEqual(judged(then, { one: running, two: drifted }), [
    'plan.facts-changed one ',
    'plan.facts-changed two was edited 4 minutes ago',
  ]);
  assert.deepEqual(judged({ one: bare(), two: bare() }, { one: running, two: bare() }), ['plan.facts-changed one ']);
});
