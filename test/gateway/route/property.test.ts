import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { limitQueue } from '../../../src/gateway/route/admission.ts';
import type { AttemptResult } from '../../../src/gateway/route/event.ts';
import { queueLength } from '../../../src/gateway/route/queue.ts';
import { managedPlan, planOf, POLICY, Stage } from './stage.ts';

const ENDINGS: readonly AttemptResult[] = [
  'answered',
  'cancelled',
  'refused',
  'busy',
  'deployment-failed',
  'backend-failed',
];
const BACKENDS = ['a', 'b'] as const;

const STEP = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('arrive' as const),
      model: fc.constantFrom('m', 'n'),
      maxWaitMs: fc.constantFrom(0, 500, 60_000),
      tried: fc.subarray([...BACKENDS]),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('release' as const),
      which: fc.nat(),
      result: fc.constantFrom(...ENDINGS),
      abandoned: fc.boolean(),
      promptBytes: fc.nat(100_000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('start' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('leave' as const), which: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.nat(5000) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('loaded' as const), result: fc.constantFrom(...ENDINGS) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('probe' as const),
      backend: fc.constantFrom(...BACKENDS),
      alive: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('list' as const),
      backend: fc.constantFrom(...BACKENDS),
      models: fc.subarray(['m:latest', 'n:latest', 'x']),
      context: fc.constantFrom(undefined, 4096),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('replan' as const),
      slots: fc.constantFrom(1, 2, undefined),
      backends: fc.subarray([...BACKENDS], { minLength: 1 }),
      models: fc.subarray(['m', 'n'], { minLength: 1 }),
    }),
  },
);
type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never;

/** A stage and what must hold of it, whatever happens. */
class Trial {
  readonly stage: Stage;
  readonly arrived: string[] = [];
  readonly left = new Set<string>();
  readonly held: string[] = [];

  constructor(slots: number | undefined) {
    this.stage = new Stage(managedPlan(slots, BACKENDS, ['m', 'n']), { ...POLICY, admit: limitQueue(6) });
  }

  get waiting(): readonly string[] {
    return this.arrived.filter((request) => !this.left.has(request) && this.stage.decisionFor(request) === undefined);
  }

  step(step: Step): void {
    const { stage } = this;
    const observation = stage.decisions.length;
    if (step.kind === 'arrive')
      this.arrived.push(
        stage.arrive({
          queue: step.model,
          deployments: BACKENDS.map((backend) => `${step.model}@${backend}`),
          tried: step.tried.map((backend) => `${step.model}@${backend}`),
          isRetry: step.tried.length > 0,
          maxWaitMs: step.maxWaitMs,
        }),
      );
    else if (step.kind === 'pass') stage.pass(step.ms);
    else if (step.kind === 'loaded') stage.load(step.result);
    else if (step.kind === 'probe') stage.tell({ kind: 'probed', backend: step.backend, alive: step.alive });
    else if (step.kind === 'list')
      stage.tell({
        kind: 'listed',
        backend: step.backend,
        listing: {
          models: step.models.map((name) => ({ name, context: step.context, family: undefined })),
          askedMs: stage.nowMs,
        },
      });
    else if (step.kind === 'replan')
      stage.tell({ kind: 'reconfigured', spec: managedPlan(step.slots, step.backends, step.models) });
    else if (step.kind === 'leave') this.#leave(step.which);
    else this.#touch(step);
    this.#take(observation);
  }

  #leave(which: number): void {
    const request = this.waiting[which % Math.max(1, this.waiting.length)];
    if (request === undefined) return;
    this.left.add(request);
    this.stage.tell({ kind: 'left', request });
  }

  #touch(step: Extract<Step, { kind: 'release' | 'start' }>): void {
    const request = this.held[step.which % Math.max(1, this.held.length)];
    if (request === undefined) return;
    if (step.kind === 'start') this.stage.start(request);
    else {
      this.held.splice(this.held.indexOf(request), 1);
      this.stage.release(request, step.result, {
        promptBytes: step.promptBytes,
        abandoned: step.abandoned,
        prefillMs: 20,
        insideMs: 0,
      });
    }
  }

  #take(observation: number): void {
    for (const decision of this.stage.decisions.slice(observation)) {
      if (!('request' in decision)) continue;
      assert.ok(this.arrived.includes(decision.request) && !this.left.has(decision.request), 'nobody else is answered');
      if (decision.kind === 'assign') {
        this.held.push(decision.request);
      } else assert.ok(decision.retryAfterMs > 0 && decision.retryAfterMs < 60_000);
    }
  }

  /** Counters are what was given and not given back, slots are kept, and each request is answered at most once. */
  check(): void {
    const { fleet, decisions } = this.stage;
    const answered = decisions.flatMap((decision) => ('request' in decision ? [decision.request] : []));
    assert.equal(new Set(answered).size, answered.length, 'answered once');
    const flights = this.held.map((request) => this.stage.flightOf(request));
    for (const replica of fleet.replicas.values()) {
      const here = flights.filter((lease) => lease.replica === replica);
      assert.equal(replica.inFlight, here.length);
      assert.equal(replica.started, here.filter(({ started }) => started).length);
      assert.ok(
        replica.load === undefined || fleet.backends.get(replica.backend)?.loading === replica.id,
        'one load on a server',
      );
      assert.ok(
        replica.speed.bytesPerMs === undefined ||
          (replica.speed.bytesPerMs > 0 && Number.isFinite(replica.speed.bytesPerMs)),
      );
    }
    for (const backend of fleet.backends.values())
      assert.equal(backend.inFlight, flights.filter((lease) => lease.backend === backend).length);
    for (const deployment of fleet.deployments.values())
      assert.equal(deployment.inFlight, flights.filter((lease) => lease.deployment === deployment).length);
    assert.deepEqual([...fleet.waiting.keys()].toSorted(), [...this.waiting].toSorted());
    assert.equal(
      [...fleet.queues.values()].reduce((sum, queue) => sum + queueLength(queue), 0),
      this.waiting.length,
    );
  }
}

test('whatever happens, counters are exact, each request is answered once, and nothing is left when all has ended', () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 2, undefined), fc.array(STEP, { maxLength: 80, size: 'max' }), (slots, steps) => {
      const trial = new Trial(slots);
      for (const step of steps) {
        trial.step(step);
        trial.check();
      }
      // The storm is over: servers live, loads end, and what has a place ends in time.
      trial.step({ kind: 'replan', slots: 2, backends: [...BACKENDS], models: ['m', 'n'] });
      for (let turn = 0; turn < 200 && trial.waiting.length + trial.held.length > 0; turn += 1) {
        for (const backend of BACKENDS) trial.step({ kind: 'probe', backend, alive: true });
        trial.step({ kind: 'loaded', result: 'answered' });
        while (trial.held.length > 0)
          trial.step({ kind: 'release', which: 0, result: 'answered', abandoned: false, promptBytes: 1000 });
        trial.step({ kind: 'pass', ms: 1000 });
        trial.check();
      }
      assert.deepEqual([trial.waiting, trial.held], [[], []], 'nobody starves');
      for (const backend of trial.stage.fleet.backends.values()) assert.equal(backend.inFlight, 0);
    }),
    { numRuns: 300 },
  );
});

test('where slots are stated, no more than those are ever in use, abandoned prompts included', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(STEP, { maxLength: 80, size: 'max' }), (slots, steps) => {
      const trial = new Trial(slots);
      for (const step of steps) {
        if (step.kind === 'replan') continue;
        const before = new Map([...trial.stage.fleet.replicas.values()].map((replica) => [replica, replica.inFlight]));
        trial.step(step);
        for (const replica of trial.stage.fleet.replicas.values())
          assert.ok(
            replica.inFlight <= (before.get(replica) ?? 0) ||
              replica.inFlight + replica.abandonedPrefills.length <= slots,
          );
      }
    }),
    { numRuns: 300 },
  );
});

test('a late request never overtakes one of its line that is on time, and nobody overtakes among those on time', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.constant('arrive' as const), fc.constant('release' as const), fc.nat(1500)), {
        maxLength: 60,
        size: 'max',
      }),
      (steps) => {
        const stage = new Stage(planOf('a'));
        stage.fleet.replicas.forEach((replica) => (replica.slots.count = 1));
        const arrivedMs = new Map<string, number>();
        const ended = new Set<string>();
        for (const step of steps) {
          const observation = stage.decisions.length;
          if (step === 'arrive') arrivedMs.set(stage.arrive(), stage.nowMs);
          else if (step === 'release') {
            const running = [...arrivedMs.keys()].find(
              (request) => stage.placeOf(request) === 'm@a' && !ended.has(request),
            );
            if (running !== undefined) {
              ended.add(running);
              stage.release(running);
            }
          } else stage.nowMs += step;
          for (const decision of stage.decisions.slice(observation)) {
            if (decision.kind !== 'assign') continue;
            const mineMs = arrivedMs.get(decision.request) ?? stage.nowMs;
            const others = [...stage.fleet.waiting.keys()]
              .map((request) => arrivedMs.get(request) ?? 0)
              .filter((sinceMs) => stage.nowMs - sinceMs <= 2000);
            if (others.length > 0)
              assert.ok(stage.nowMs - mineMs <= 2000 && others.every((sinceMs) => sinceMs >= mineMs));
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});
