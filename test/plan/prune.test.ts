import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Installation, KeptDeployment } from '../../src/facts/installation/installation.ts';
import { planHost } from '../../src/plan/host-plan.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { desiredOf, installed } from './host.ts';
import { idsOf } from './plan-stage.ts';

const RUNNING = desiredOf();
const CHANGED = desiredOf({ routingStrategy: 'simple-shuffle' });
const RUNTIME = 'node-24.21.0-abababababab';

function kept(number: number, release: string, healthy = true): KeptDeployment {
  return { number, healthy, release, record: undefined, format: undefined };
}

function planOf(over: Partial<Installation>, desired = CHANGED): Plan {
  const all = installed(RUNNING);
  const instanceUnits = all.installation.instanceUnits.map((unit) => ({ ...unit, number: 7 }));
  const notes = { made: [], used: [], confirmed: 'x', ...all.installation.notes, deployment: 7 };
  return planHost(desired, { ...all, installation: { ...all.installation, notes, inUse: 7, instanceUnits, ...over } });
}

function removed(plan: Plan, id: string): readonly string[] {
  return plan.steps
    .filter((step) => step.id === id)
    .flatMap((step) => step.actions)
    .flatMap((action) => (action.kind === 'remove-tree' ? [action.path.replace('/opt/litellm/', '')] : [action.kind]));
}

const ids = ['111111111111', '222222222222', '333333333333'] as const;
const SEVEN = [1, 2, 3, 4, 5, 6, 7].map((number) =>
  kept(number, number < 3 ? ids[0] : number === 3 ? ids[1] : RUNNING.release.id),
);
const RUNTIMES: Installation['runtimes'] = [
  { name: RUNTIME, sha256: 'ab'.repeat(32), intact: true },
  { name: 'node-22.0.0-cdcdcdcdcdcd', sha256: 'cd'.repeat(32), intact: true },
  { name: 'node-20.0.0-efefefefefef', sha256: 'ef'.repeat(32), intact: true },
];
const RUNTIME_OF = new Map<string, string>([
  [ids[0], 'node-20.0.0-efefefefefef'],
  [ids[1], 'node-22.0.0-cdcdcdcdcdcd'],
  [ids[2], RUNTIME],
  [RUNNING.release.id, RUNTIME],
]);

test('the last five deployments stay with the releases and runtimes that they need, after the new one is healthy', () => {
  const plan = planOf({ deployments: SEVEN, runtimes: RUNTIMES, runtimeOf: RUNTIME_OF });
  assert.deepEqual(removed(plan, 'prune'), [
    'deployments/1',
    'deployments/2',
    'deployments/3',
    ...ids.map((id) => `releases/${id}`),
    'runtimes/node-22.0.0-cdcdcdcdcdcd',
    'runtimes/node-20.0.0-efefefefefef',
  ]);
  const step = plan.steps.find(({ id }) => id === 'prune');
  assert.equal(step?.stage, 'clean');
  assert.match(step.title, /^remove deployments 1 2 3, releases 1{12} 2{12} 3{12}, runtimes node-22/);
  assert.ok(idsOf(plan).indexOf('prune') > idsOf(plan).indexOf('health'));
});

test('the deployment that a boot would start stays, also where it does not run', () => {
  assert.ok(!removed(planOf({ deployments: SEVEN, inUse: 1 }), 'prune').includes('deployments/1'));
});

test('a deployment that a process runs or drains from stays, with its release and runtime', () => {
  const instances = [
    { pid: 11, runtime: 'node-20.0.0-efefefefefef', deployment: 2 },
    { pid: 12, runtime: 'node-22.0.0-cdcdcdcdcdcd', deployment: undefined },
  ];
  const plan = planOf({ deployments: SEVEN, runtimes: RUNTIMES, runtimeOf: RUNTIME_OF, instances });
  assert.deepEqual(removed(plan, 'prune'), [
    'deployments/1',
    'deployments/3',
    `releases/${ids[1]}`,
    `releases/${ids[2]}`,
  ]);
});

test('failed attempts do not push healthy deployments out: all but the last one go before the next switch', () => {
  const deployments = [...SEVEN.slice(3), kept(8, ids[0], false), kept(9, ids[1], false), kept(10, ids[1], false)];
  const plan = planOf({ deployments, runtimes: RUNTIMES, runtimeOf: RUNTIME_OF });
  assert.deepEqual(removed(plan, 'prune.failed'), [
    'deployments/8',
    'deployments/9',
    `releases/${ids[0]}`,
    'runtimes/node-20.0.0-efefefefefef',
  ]);
  assert.equal(idsOf(plan)[0], 'prune.failed');
  // The last attempt goes when the new state is healthy.
  assert.deepEqual(removed(plan, 'prune'), [
    'deployments/10',
    `releases/${ids[1]}`,
    `releases/${ids[2]}`,
    'runtimes/node-22.0.0-cdcdcdcdcdcd',
  ]);
});

test('nothing is pruned without a new deployment, and nothing that hxllm has not named', () => {
  assert.deepEqual(idsOf(planOf({ deployments: SEVEN, notes: installed(RUNNING).installation.notes }, RUNNING)), []);
  const runtimes = [...RUNTIMES.slice(0, 1), { name: 'node-mine', sha256: '', intact: false }];
  const runtimeOf = new Map([...RUNTIME_OF, ['my-backup', '']]).set(ids[0], '');
  const plan = planOf({ deployments: SEVEN.slice(3), runtimes, runtimeOf });
  assert.deepEqual(
    removed(plan, 'prune'),
    ids.map((id) => `releases/${id}`),
  );
});
