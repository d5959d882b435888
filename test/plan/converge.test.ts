import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planHost } from '../../src/plan/host-plan.ts';
import type { Action, Plan } from '../../src/plan/plan.ts';
import { stagedPaths } from '../../src/plan/staged.ts';
import { contentText } from '../../src/render/content.ts';
import type { Desired } from '../../src/render/desired.ts';
import { operationsOf, type FakeHost } from './fake/fake-host.ts';
import { look } from './fake/look.ts';
import { randomDesired, randomHost, randomOf } from './fake/random.ts';
import { idsOf } from './plan-stage.ts';
import { sha256 } from '../../src/core/hash.ts';
import { IN_JOB } from '../job.ts';

const STATES = IN_JOB ? 60 : 200;
/** States in which the power goes after every single operation. */
const WHOLLY = 40;

function run(host: FakeHost, plan: Plan, operations = Number.POSITIVE_INFINITY): void {
  for (const { run: operation } of operationsOf(plan).slice(0, operations)) operation(host);
}

/** The paths that the actions of a plan name. */
function pathsIn(plan: Plan): readonly string[] {
  const of = (action: Action): readonly string[] => {
    switch (action.kind) {
      case 'remove':
        return action.paths.flatMap((path) => [path, `${path}.hxllm-new`]);
      case 'upload':
        return [action.path, action.path.slice(0, action.path.lastIndexOf('/')), action.manifest ?? ''];
      case 'start-process':
      case 'stop-process':
        return [action.pidFile];
      case 'write':
        return [action.path, `${action.path}.hxllm-new`];
      case 'folder':
      case 'link':
      case 'remove-tree':
      case 'remove-empty':
        return [action.path];
      case 'check':
      case 'command':
      case 'copy':
      case 'health':
      case 'use-instance':
      case 'start-instance':
      case 'gate':
      case 'take-over':
      case 'replace-process':
      case 'return-to':
        return [];
    }
  };
  return [...plan.steps.flatMap(({ actions }) => actions.flatMap(of)), plan.keepFolder];
}

/** The desired state, whole: every file with its text and mode, the release, and a process that runs exactly this. */
function assertReached(host: FakeHost, desired: Desired, about: string): void {
  for (const file of desired.files) {
    const node = host.nodes.get(file.path);
    assert.deepEqual(node, { kind: 'file', mode: file.mode, text: contentText(file.content) }, `${about} ${file.path}`);
  }
  assert.deepEqual(
    host.running,
    {
      release: desired.release.files.find(({ name }) => name === 'gateway')?.sha256,
      config: host.text(desired.paths.configFile),
      environment: host.text(desired.paths.envFile),
    },
    `${about} the process`,
  );
  const left = [`${desired.paths.installDir}/.previous`, ...stagedPaths(desired.paths)];
  assert.deepEqual(
    left.filter((path) => host.nodes.has(path)),
    [],
    `${about} left over`,
  );
  assert.deepEqual(idsOf(planHost(desired, look(host, desired))), [], `${about} the next plan`);
}

/** A host without the things that tell its past: its deployments, and the releases and runtimes that they keep. */
function lasting(host: FakeHost, { paths }: Desired): readonly unknown[] {
  const { deployments, marker, releases, runtimes } = paths;
  return [...host.nodes]
    .filter(
      ([path]) => path !== marker && ![deployments, releases, runtimes].some((past) => path.startsWith(`${past}/`)),
    )
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

test(`from ${String(STATES)} random states a plan does what it says, and the next plan is empty`, () => {
  let steps = 0;
  for (let seed = 0; seed < STATES; seed += 1) {
    const random = randomOf(seed);
    const [host, desired] = [randomHost(random), randomDesired(random)];
    const before = host.clone();
    const plan = planHost(desired, look(host, desired));
    steps += plan.steps.length;
    run(host, plan);
    assertReached(host, desired, `seed ${String(seed)}:`);
    const named = pathsIn(plan);
    const within = (path: string): boolean =>
      named.some((each) => each === path || path.startsWith(`${each}/`) || each.startsWith(`${path}/`));
    for (const path of new Set([...before.nodes.keys(), ...host.nodes.keys()]))
      if (JSON.stringify(before.nodes.get(path)) !== JSON.stringify(host.nodes.get(path)))
        assert.ok(within(path), `seed ${String(seed)}: ${path} changed, and no step names it`);
    if (plan.steps.length === 0) assert.deepEqual(host, before, `seed ${String(seed)}`);
  }
  assert.ok(steps > STATES * 3, `only ${String(steps)} steps`);
});

test('a power cut after any operation is completed by the next run, to the same end', () => {
  let cuts = 0;
  for (let seed = 0; seed < STATES; seed += 1) {
    const random = randomOf(seed);
    const [before, desired] = [randomHost(random), randomDesired(random)];
    const plan = planHost(desired, look(before, desired));
    const whole = before.clone();
    run(whole, plan);
    const end = sha256(JSON.stringify(lasting(whole, desired)));
    const operations = operationsOf(plan).length;
    // The first states after each operation, the others after some.
    const cutsHere = Array.from({ length: operations }, (_, index) => index).filter(
      () => seed < WHOLLY || random() < 0.1,
    );
    for (const cut of cutsHere) {
      const host = before.clone();
      run(host, plan, cut);
      const about = `seed ${String(seed)}, cut after ${String(cut)} of ${String(operations)}:`;
      run(host, planHost(desired, look(host, desired)));
      assertReached(host, desired, about);
      assert.equal(sha256(JSON.stringify(lasting(host, desired))), end, `${about} another end`);
      cuts += 1;
    }
  }
  assert.ok(cuts > 1000, `only ${String(cuts)} cuts`);
});
