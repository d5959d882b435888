import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathsOf } from '../../src/config/config.ts';
import { Secret } from '../../src/core/secret.ts';
import { planHost } from '../../src/plan/host-plan.ts';
import { contentText } from '../../src/render/content.ts';
import type { Desired } from '../../src/render/desired.ts';
import { operationsOf } from './fake/fake-host.ts';
import { lookSystemd } from './fake/look-systemd.ts';
import { desiredWith, randomOf } from './fake/random.ts';
import { SystemdHost } from './fake/systemd-host.ts';
import { idsOf } from './plan-stage.ts';
import { IN_JOB } from '../job.ts';

const STATES = IN_JOB ? 60 : 200;
/** States in which the power goes after every single operation. */
const WHOLLY = 12;

function desiredBy(random: () => number): Desired {
  const one = <T>(...of: readonly [T, ...T[]]): T => of[Math.floor(random() * of.length)] ?? of[0];
  return desiredWith(
    {
      serviceManager: 'systemd',
      prefix: '',
      port: one(4000, 4000, 4000, 4001),
      routingStrategy: one('least-busy', 'simple-shuffle'),
      masterKey: { state: 'set', key: new Secret(`sk-${one('a1', 'b2').repeat(32)}`), where: {} },
    },
    one('gateway', 'a later gateway', 'the latest gateway'),
  );
}

const PATHS = pathsOf(desiredBy(randomOf(0)).settings);

/** Carries out a whole plan, or its first operations. */
function apply(host: SystemdHost, desired: Desired, operations = Number.POSITIVE_INFINITY): void {
  const plan = planHost(desired, lookSystemd(host, desired));
  for (const { run, step } of operationsOf(plan).slice(0, operations))
    try {
      run(host);
    } catch (error) {
      throw new Error(`${step} of ${idsOf(plan).join(' ')}`, { cause: error });
    }
}

const DAMAGES: readonly ((host: SystemdHost, random: () => number) => void)[] = [
  (host, random) => host.removeTree(pick(host, random)),
  (host, random) => {
    const path = pick(host, random);
    const node = host.nodes.get(path);
    if (node?.kind === 'file' && !path.endsWith('/.hxllm'))
      host.nodes.set(path, { ...node, text: `${node.text}# by hand\n` });
  },
  (host) => {
    host.active = false;
    host.instances.clear();
  },
  (host) => {
    host.enabled = false;
  },
  // A crash from which it does not come back.
  (host) => {
    for (const [number, { state }] of host.instances) if (state === 'serving') host.instances.delete(number);
  },
  (host) => {
    host.reboot();
  },
  (host) => {
    for (const [number, { state }] of host.instances) if (state === 'draining') host.instances.delete(number);
  },
];

function pick(host: SystemdHost, random: () => number): string {
  const { installDir, configDir, instanceLinks, serviceUnit, socketUnit, instanceUnit } = host.paths;
  const own = [installDir, configDir, instanceLinks, serviceUnit, socketUnit, instanceUnit];
  const paths = [...host.nodes.keys()].filter((path) =>
    own.some((each) => path === each || path.startsWith(`${each}/`)),
  );
  return paths[Math.floor(random() * paths.length)] ?? '/nothing';
}

function randomHost(random: () => number): SystemdHost {
  const host = new SystemdHost(PATHS);
  const deployments = Math.floor(random() * 4);
  for (let count = 0; count < deployments; count += 1) {
    apply(host, desiredBy(random), random() < 0.4 ? Math.floor(random() * 40) : undefined);
    const damages = Math.floor(random() * 3);
    for (let damage = 0; damage < damages; damage += 1) DAMAGES[Math.floor(random() * DAMAGES.length)]?.(host, random);
  }
  return host;
}

/** The desired state, whole: every file, both units, and the one instance in use, which serves and runs exactly this. */
function assertReached(host: SystemdHost, desired: Desired, about: string): void {
  for (const file of desired.files)
    assert.equal(host.text(file.path), contentText(file.content), `${about} ${file.path}`);
  assert.deepEqual([host.active, host.enabled, host.read === host.written()], [true, true, true], `${about} the units`);
  const number = host.inUse();
  assert.deepEqual(
    number === undefined ? undefined : host.instances.get(number),
    {
      state: 'serving',
      running: {
        release: desired.release.files.find(({ name }) => name === 'gateway')?.sha256,
        config: host.text(desired.paths.configFile),
        environment: host.text(desired.paths.envFile),
      },
    },
    `${about} the instance in use`,
  );
  const others = [...host.instances].filter(([each, { state }]) => each !== number && state !== 'draining');
  assert.deepEqual(others, [], `${about} other instances`);
  assert.deepEqual(idsOf(planHost(desired, lookSystemd(host, desired))), [], `${about} the next plan`);
}

test(`with systemd, from ${String(STATES)} random states a plan leads to the desired state, and the next plan is empty`, () => {
  for (let seed = 0; seed < STATES; seed += 1) {
    const random = randomOf(seed);
    const [host, desired] = [randomHost(random), desiredBy(random)];
    apply(host, desired);
    assertReached(host, desired, `seed ${String(seed)}:`);
  }
});

for (const [event, cutAt] of [
  ['cut connection', () => undefined],
  ['power cut', (host: SystemdHost) => host.reboot()],
] as const)
  test(`with systemd, a ${event} after any operation is completed by the next run`, () => {
    let cuts = 0;
    for (let seed = 0; seed < STATES; seed += 1) {
      const random = randomOf(seed);
      const [before, desired] = [randomHost(random), desiredBy(random)];
      const operations = operationsOf(planHost(desired, lookSystemd(before, desired)));
      for (let cut = 0; cut < operations.length; cut += 1) {
        if (seed >= WHOLLY && random() >= 0.04) continue;
        const host = before.clone();
        for (const { run } of operations.slice(0, cut)) run(host);
        cutAt(host);
        apply(host, desired);
        assertReached(host, desired, `seed ${String(seed)}, cut after ${String(cut)} of ${String(operations.length)}:`);
        cuts += 1;
      }
    }
    assert.ok(cuts > 200, `only ${String(cuts)} cuts`);
  });

const keyed = (digits: string): Secret => new Secret(`sk-${digits.repeat(32)}`);
const from = (bundle: string, strategy: 'least-busy' | 'simple-shuffle', digits: string): Desired =>
  desiredWith(
    {
      serviceManager: 'systemd',
      prefix: '',
      routingStrategy: strategy,
      masterKey: { state: 'set', key: keyed(digits), where: {} },
    },
    bundle,
  );

test('with systemd, a gateway that serves goes on serving after any operation of a deployment, and after a power cut', () => {
  const start = new SystemdHost(PATHS);
  apply(start, from('gateway', 'least-busy', 'a1'));
  assert.notEqual(start.serving(), undefined);
  for (const desired of [
    from('a later gateway', 'least-busy', 'a1'),
    from('gateway', 'simple-shuffle', 'a1'),
    from('gateway', 'least-busy', 'b2'),
    from('a later gateway', 'simple-shuffle', 'b2'),
  ]) {
    const operations = operationsOf(planHost(desired, lookSystemd(start, desired)));
    for (let cut = 0; cut <= operations.length; cut += 1) {
      const host = start.clone();
      for (const { run } of operations.slice(0, cut)) run(host);
      const about = `${operations[cut]?.step ?? 'the end'}, after ${String(cut)} of ${String(operations.length)}`;
      assert.notEqual(host.serving(), undefined, about);
      host.reboot();
      assert.notEqual(host.serving(), undefined, `${about}, a boot`);
    }
  }
});

test('with systemd, an instance in use that was stopped starts again, also while an elder one ends its streams', () => {
  const host = new SystemdHost(PATHS);
  const desired = from('a later gateway', 'least-busy', 'a1');
  for (const each of [from('gateway', 'least-busy', 'a1'), desired]) apply(host, each);
  assert.equal(host.instances.get(1)?.state, 'draining');
  host.instances.delete(2);
  apply(host, desired);
  assertReached(host, desired, 'stopped by hand:');
});
