import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Host } from '../../../src/core/host.ts';
import { fail, ok } from '../../../src/core/problem.ts';
import type { PhaseEvent } from '../../../src/core/recorder.ts';
import { Secret } from '../../../src/core/secret.ts';
import type { Prepared } from '../../../src/phases/enforce/prepare.ts';
import { rollOut } from '../../../src/phases/enforce/roll-out.ts';
import type { Plan, Step } from '../../../src/plan/plan.ts';
import { targetOf } from '../../remote/target.ts';
import { settings } from '../../render/settings.ts';
import { bare, desiredOf } from '../../plan/host.ts';

/** The hosts of a fleet, what each was told, and how many were at work at once. */
interface Fleet {
  readonly prepared: readonly Prepared[];
  /** `hx1 prepare`, in the order in which they began. */
  readonly begun: string[];
  readonly events: PhaseEvent[];
  readonly most: Map<string, number>;
  readonly roll: (serial: number, forks?: number) => ReturnType<typeof rollOut>;
}

const step = (id: string, stage: Step['stage']): Step => ({
  id,
  title: id,
  detail: '',
  stage,
  verb: 'change',
  actions: [{ kind: 'command', argv: ['true'] }],
});

/** Makes a fleet. `broken` fails in this part; a later host is faster than an earlier one. */
function fleetOf(
  count: number,
  broken: Readonly<Record<string, 'prepare' | 'switch'>> = {},
  idle: readonly string[] = [],
): Fleet {
  const [begun, events, most]: [string[], PhaseEvent[], Map<string, number>] = [[], [], new Map()];
  let working = 0;
  const hostOf = (name: string, turns: number): Host => ({
    name,
    address: name,
    run: async ({ stdin }) => {
      const script = typeof stdin === 'string' ? stdin : '';
      const nonce = /^nonce=(\S+) /m.exec(script)?.[1] ?? '';
      const part = script.includes('kept=\n') ? '' : script.includes("trap '' HUP") ? 'switch' : 'prepare';
      begun.push(`${name} ${part}`);
      working += 1;
      most.set(part, Math.max(most.get(part) ?? 0, working));
      for (let turn = 0; turn < turns; turn += 1) await setImmediate();
      working -= 1;
      const end = broken[name] === part ? 'failed' : 'done';
      return ok({ exitCode: 0, stdout: `${nonce} ${end} 0 1 \n`, stderr: '', durationMs: 1 });
    },
    forward: () => Promise.resolve(fail({ code: 'x', summary: '', detail: '', fix: '' })),
    tryPort: () => Promise.resolve({ state: 'indirect', why: '' }),
    tls: () => Promise.resolve(fail({ code: 'x', summary: '', detail: '', fix: '' })),
    close: () => Promise.resolve(),
  });
  const prepared = Array.from({ length: count }, (_, index): Prepared => {
    const name = `hx${String(index + 1)}`;
    const plan: Plan = {
      command: 'hxllm enforce',
      steps: idle.includes(name) ? [] : [step('folders', 'prepare'), step('service.start', 'switch')],
      recover: { before: [], after: [] },
      hasPrevious: true,
      keepFolder: '/kept',
    };
    return {
      config: { target: targetOf({ name }), become: 'none', settings: settings(), origins: {} },
      host: hostOf(name, 2 + (count - index) * 2),
      record: { file: '/record', id: 'a'.repeat(32) },
      desired: desiredOf(),
      actual: bare(),
      plan,
      warnings: [],
      identity: { known: true, value: new Secret('0'.repeat(32)) },
    };
  });
  return {
    prepared,
    begun,
    events,
    most,
    roll: (serial, forks = 10) =>
      rollOut(
        prepared,
        serial,
        {
          connect: () => Promise.reject(new Error('connected')),
          recorder: { event: (event) => events.push(event), file: () => undefined },
          confirm: () => Promise.resolve(true),
          signal: new AbortController().signal,
          nowMs: () => 0,
          forks,
        },
        { changed: () => undefined },
      ),
  };
}

/** The hosts of the steps that were reported as done, in order. */
function reported({ events }: Fleet): readonly string[] {
  return events.flatMap((event) =>
    event.kind === 'step' && event.state === 'done' ? [`${event.host} ${event.id}`] : [],
  );
}

const names = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `hx${String(index + 1)}`);

test('all hosts are prepared at once, up to forks, and then switched one after the other in the order of the inventory', async () => {
  const fleet = fleetOf(7);
  const { problems, done } = await fleet.roll(1, 3);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    fleet.begun.slice(7),
    names(7).map((name) => `${name} switch`),
  );
  assert.deepEqual([fleet.most.get('prepare'), fleet.most.get('switch')], [3, 1]);
  assert.deepEqual(
    [...done.values()],
    names(7).map(() => ['folders', 'service.start']),
  );
  // A later host that ends earlier is still reported after the earlier one.
  assert.deepEqual(reported(fleet), [
    ...names(7).map((name) => `${name} folders`),
    ...names(7).map((name) => `${name} service.start`),
  ]);
});

test('with serial, that many hosts are switched at once, and reported in order', async () => {
  const fleet = fleetOf(5);
  await fleet.roll(2);
  assert.equal(fleet.most.get('switch'), 2);
  assert.deepEqual(
    reported(fleet).slice(5),
    names(5).map((name) => `${name} service.start`),
  );
});

test('the first host that does not become healthy is the last: later ones keep what they have', async () => {
  const fleet = fleetOf(4, { hx2: 'switch' });
  const { problems, done } = await fleet.roll(1);
  assert.deepEqual(
    problems.map(({ where }) => where?.host),
    ['hx2'],
  );
  assert.deepEqual(
    fleet.begun.filter((line) => line.endsWith('switch')),
    ['hx1 switch', 'hx2 switch'],
  );
  assert.deepEqual(
    [...done].map(([one, steps]) => [one.host.name, steps.includes('service.start')]),
    [
      ['hx1', true],
      ['hx2', false],
      ['hx3', false],
      ['hx4', false],
    ],
  );
});

test('a host that cannot be prepared keeps every host from its switch', async () => {
  const fleet = fleetOf(4, { hx3: 'prepare' });
  const { problems } = await fleet.roll(4);
  assert.deepEqual(
    problems.map(({ where }) => where?.host),
    ['hx3'],
  );
  assert.deepEqual(
    fleet.begun.filter((line) => line.endsWith('switch')),
    [],
  );
});

test('a host without changes is left alone', async () => {
  const fleet = fleetOf(3, {}, ['hx2']);
  await fleet.roll(1);
  assert.deepEqual(
    fleet.begun.filter((line) => line.startsWith('hx2')),
    [],
  );
});
