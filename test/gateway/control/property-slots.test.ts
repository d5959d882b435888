import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import fc from 'fast-check';
import type { FleetSpec } from '../../../src/gateway/route/fleet-spec.ts';
import { SharedFleet } from './shared-fleet.ts';
import type { SharedInstance } from './shared-instance.ts';

const ALIASES = ['m', 'n'] as const;
const BACKENDS = ['a', 'b'] as const;

/** Servers with two slots each, whose models need no load. */
const SPEC: FleetSpec = {
  backends: BACKENDS.map((url) => ({ url, managed: false, slots: 2 })),
  deployments: BACKENDS.map((backend) => ({
    id: `m@${backend}`,
    backend,
    weight: 1,
    model: 'm',
    runnerKey: '[]',
    single: false,
  })),
};

/** Servers of the gateway with one slot for each model, which has to be loaded. */
const LOADED: FleetSpec = {
  backends: BACKENDS.map((url) => ({ url, managed: true, slots: 1 })),
  deployments: BACKENDS.flatMap((backend) =>
    ALIASES.map((model) => ({
      id: `${model}@${backend}`,
      backend,
      weight: 1,
      model,
      runnerKey: '[]',
      single: true,
    })),
  ),
};

const STEP = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('ask' as const), which: fc.nat(), alias: fc.nat(1) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('end' as const), which: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('begin' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('abort' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('take-over' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('kill' as const),
      which: fc.nat(),
      restartMs: fc.constantFrom(30, 1500, 4000),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(1, 5, 30, 300, 1500) }) },
);

type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never;

class History {
  readonly fleet: SharedFleet;
  readonly #aliases: readonly string[];
  #number = 0;

  constructor(spec: FleetSpec, delays: readonly number[]) {
    let at = 0;
    this.fleet = new SharedFleet(spec, () => delays[(at += 1) % delays.length] ?? 0);
    this.#aliases = [...new Set(spec.deployments.map(({ id }) => id.split('@')[0] ?? ''))];
  }

  async begin(): Promise<void> {
    await this.#startNext();
  }

  async step(step: Step): Promise<void> {
    const { fleet } = this;
    switch (step.kind) {
      case 'ask': {
        // Kept connections bring requests to an instance that drains, too.
        const open = fleet.alive().filter(({ state }) => state === 'serving' || state === 'draining');
        const instance = open[step.which % Math.max(1, open.length)];
        const alias = this.#aliases[step.alias % this.#aliases.length];
        if (instance !== undefined && alias !== undefined) fleet.ask(instance, alias);
        break;
      }
      case 'end':
      case 'begin': {
        const running = fleet.running();
        const client = running[step.which % Math.max(1, running.length)];
        if (client !== undefined && step.kind === 'begin') fleet.begin(client);
        else if (client !== undefined) fleet.end(client);
        break;
      }
      case 'abort': {
        const all = [...fleet.running(), ...fleet.waiting()];
        const client = all[step.which % Math.max(1, all.length)];
        if (client !== undefined) fleet.end(client, 'cancelled');
        break;
      }
      case 'take-over':
        if (fleet.alive().length < 4) await this.#startNext();
        break;
      case 'kill': {
        const alive = fleet.alive();
        const instance = alive[step.which % Math.max(1, alive.length)];
        if (instance === undefined) break;
        const wasServing = instance.state === 'serving';
        fleet.kill(instance);
        // systemd starts it again, as the same instance.
        if (wasServing) await this.#restart(instance, step.restartMs);
        break;
      }
      case 'pass':
        await fleet.time.pass(step.ms, step.ms > 100 ? 50 : 10);
        break;
    }
    await fleet.time.settle();
    fleet.check();
  }

  /** Nothing new comes: every request gets its slot, ends, and all counters are zero. */
  async finish(): Promise<void> {
    const { fleet } = this;
    await fleet.time.pass(6000, 50);
    fleet.check();
    const decider = fleet.alive().find(({ state }) => state === 'serving');
    assert.ok(decider !== undefined);
    assert.equal(decider.scheduler.inFlight, fleet.running().length, 'the deciding instance counts all that run');
    for (let turn = 0; turn < 500 && fleet.running().length + fleet.waiting().length > 0; turn += 1) {
      const [first] = fleet.running();
      if (first !== undefined) fleet.end(first);
      await fleet.time.pass(100, 50);
      fleet.check();
    }
    assert.deepEqual(
      fleet.waiting().map(({ number, instance }) => `${String(number)} on ${instance.id}`),
      [],
      'every request gets a slot',
    );
    for (const { id, scheduler } of fleet.alive()) assert.equal(scheduler.inFlight, 0, `instance ${id}`);
    assert.deepEqual(
      fleet.clients.filter(({ state }) => state === 'rejected').map(({ number }) => number),
      [],
    );
  }

  async #startNext(): Promise<void> {
    this.#number += 1;
    await this.fleet.takeOver(this.fleet.start(String(this.#number)));
  }

  async #restart({ id }: SharedInstance, afterMs: number): Promise<void> {
    await this.fleet.time.pass(afterMs, 30);
    this.fleet.check();
    const fresh = this.fleet.start(id);
    await this.fleet.takeOver(fresh);
  }
}

for (const [name, spec] of [
  ['servers with two slots', SPEC],
  ['models that are loaded, with one slot each', LOADED],
] as const)
  test(`${name}: no server has more requests than slots, whatever instances take over and are killed, and none is lost`, async (t) => {
    mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
    t.after(() => {
      mock.timers.reset();
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(STEP, { minLength: 10, maxLength: 60 }),
        fc.array(fc.constantFrom(0, 1, 5, 20), { minLength: 1, maxLength: 7 }),
        async (steps, delays) => {
          const history = new History(spec, delays);
          await history.begin();
          try {
            for (const step of steps) await history.step(step);
            await history.finish();
          } finally {
            history.fleet.close();
            await history.fleet.time.settle();
          }
        },
      ),
      { numRuns: Number(process.env['HXLLM_RUNS'] ?? 60) },
    );
  });
