import assert from 'node:assert/strict';
import fc from 'fast-check';
import { limitQueue, limitQueueLength } from '../../../src/gateway/route/admission.ts';
import type { AttemptResult, Observation } from '../../../src/gateway/route/event.ts';
import { runnerKey } from '../../../src/gateway/route/residency.ts';
import { queueLength } from '../../../src/gateway/route/queue.ts';
import type { Policy } from '../../../src/gateway/route/policy.ts';
import type { PrefixLink, Work } from '../../../src/gateway/route/work.ts';
import { managedFleet, RATES, Stage } from './stage.ts';

const ENDINGS: readonly AttemptResult[] = [
  'answered',
  'cancelled',
  'refused',
  'busy',
  'deployment-failed',
  'backend-failed',
];

export const BACKENDS = ['a', 'b'] as const;
const MODELS = ['m', 'n', 'o'] as const;

const PREFIXES: readonly (readonly PrefixLink[])[] = [
  [],
  [{ hash: 1, tokens: 400 }],
  [
    { hash: 1, tokens: 400 },
    { hash: 2, tokens: 3000 },
  ],
  [{ hash: 3, tokens: 6000 }],
];

/** The work of a request: callers, sizes, conversations and batches. */
const WORK: fc.Arbitrary<Work | undefined> = fc.option(
  fc.record({
    promptTokens: fc.constantFrom(1, 300, 3000, 20_000),
    maxTokens: fc.constantFrom(undefined, 1, 4096),
    prefix: fc.constantFrom(...PREFIXES),
    key: fc.constantFrom('x', 'y'),
    user: fc.constantFrom(undefined, 'u', 'v'),
    batch: fc.constantFrom(false, false, false, true),
    startsWhenRead: fc.boolean(),
  }),
  { nil: undefined },
);

export const STEP = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('arrive' as const),
      model: fc.constantFrom(...MODELS),
      work: WORK,
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
      models: fc.subarray(['m:latest', 'n:latest', 'o', 'x']),
      context: fc.constantFrom(undefined, 4096),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('resize' as const),
      model: fc.constantFrom(...MODELS),
      backend: fc.constantFrom(...BACKENDS),
      numCtx: fc.constantFrom(undefined, 4096, 8192),
      load: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('reconfigure' as const),
      slots: fc.constantFrom(1, 2, undefined),
      backends: fc.subarray([...BACKENDS], { minLength: 1 }),
      models: fc.subarray([...MODELS], { minLength: 1 }),
    }),
  },
);

export type Step = typeof STEP extends fc.Arbitrary<infer T> ? T : never;

/** A stage with random events, and the invariants that always hold. */
export class RandomRun {
  readonly stage: Stage;
  readonly arrived: string[] = [];
  readonly left = new Set<string>();
  readonly held: string[] = [];
  /** Replicas whose loads have been sent. */
  readonly #loading = new Set<string>();

  constructor(slots: number | undefined, policy: Policy, room?: number) {
    const { backends, deployments } = managedFleet(slots, BACKENDS, MODELS);
    const spec = { deployments, backends: backends.map((backend) => ({ ...backend, room })) };
    const admit = policy.strategy.name === 'fleet' ? limitQueueLength(6) : limitQueue(6);
    this.stage = new Stage(spec, { ...policy, admit }, true);
    // Where the speed is known, first tokens are overdue.
    for (const { rates } of this.stage.fleet.replicas.values()) Object.assign(rates, RATES);
  }

  get waiting(): readonly string[] {
    return this.arrived.filter((request) => !this.left.has(request) && this.stage.decisionFor(request) === undefined);
  }

  step(step: Step): void {
    const { stage } = this;
    const decisionsBefore = stage.decisions.length;
    if (step.kind === 'arrive')
      this.arrived.push(
        stage.arrive({
          queue: step.model,
          deployments: BACKENDS.map((backend) => `${step.model}@${backend}`),
          tried: step.tried.map((backend) => `${step.model}@${backend}`),
          isRetry: step.tried.length > 0,
          maxWaitMs: step.maxWaitMs,
          ...(step.work === undefined ? {} : { work: step.work }),
        }),
      );
    else if (step.kind === 'pass') stage.pass(step.ms);
    else if (step.kind === 'loaded') this.#endLoads(step.result);
    else if (step.kind === 'probe') stage.apply({ kind: 'probed', backend: step.backend, alive: step.alive });
    else if (step.kind === 'list')
      stage.apply({
        kind: 'listed',
        backend: step.backend,
        listing: {
          models: step.models.map((name) => ({ name, context: step.context, family: undefined })),
          askedMs: stage.nowMs,
        },
      });
    else if (step.kind === 'reconfigure')
      stage.apply({ kind: 'reconfigured', spec: managedFleet(step.slots, step.backends, step.models) });
    else if (step.kind === 'resize') {
      const key = runnerKey(step.numCtx === undefined ? {} : { num_ctx: step.numCtx });
      const runnerKeys = new Map([[`${step.model}@${step.backend}`, key]]);
      stage.apply({ kind: 'resized', runnerKeys, load: step.load });
    } else if (step.kind === 'leave') this.#leave(step.which);
    else this.#touch(step);
    this.#take(decisionsBefore);
  }

  // A held load has not been sent, and does not end.
  #endLoads(result: AttemptResult): void {
    for (const replica of this.#loading) {
      this.#loading.delete(replica);
      this.stage.apply({ kind: 'loaded', replica, result });
    }
  }

  #leave(which: number): void {
    const request = this.waiting[which % Math.max(1, this.waiting.length)];
    if (request === undefined) return;
    this.left.add(request);
    this.stage.apply({ kind: 'left', request });
  }

  #touch(step: Extract<Step, { kind: 'release' | 'start' }>): void {
    const request = this.held[step.which % Math.max(1, this.held.length)];
    if (request === undefined) return;
    if (step.kind === 'start') this.stage.start(request);
    else {
      const { result, abandoned, promptBytes } = step;
      this.#end(request, result, { promptBytes, abandoned, prefillMs: 20, insideMs: 0 });
    }
  }

  #take(decisionsBefore: number): void {
    for (const decision of this.stage.decisions.slice(decisionsBefore)) {
      if (decision.kind === 'load') this.#loading.add(decision.replica);
      // It may be told so at each tick until it is done.
      if (decision.kind === 'recall' && this.held.includes(decision.trial)) {
        const before = this.stage.decisions.length;
        this.#end(decision.trial, 'recalled', { promptBytes: 0 });
        this.#take(before);
      }
      if (!('request' in decision)) continue;
      assert.ok(
        this.arrived.includes(decision.request) && !this.left.has(decision.request),
        'no other request is answered',
      );
      if (decision.kind === 'assign') {
        this.held.push(decision.request);
      } else assert.ok(decision.retryAfterMs > 0 && decision.retryAfterMs <= 60_000);
    }
  }

  #end(request: string, result: AttemptResult, observation: Observation): void {
    this.held.splice(this.held.indexOf(request), 1);
    this.stage.release(request, result, observation);
  }

  /** Counters equal assigned less released, slots are kept, and each request is answered at most once. */
  check(): void {
    const { fleet, decisions } = this.stage;
    const answered = decisions.flatMap((decision) => ('request' in decision ? [decision.request] : []));
    assert.equal(new Set(answered).size, answered.length, 'answered once');
    const leases = this.held.map((request) => this.stage.leaseOf(request));
    for (const replica of fleet.replicas.values()) {
      const here = leases.filter((lease) => lease.replica === replica);
      assert.equal(replica.inFlight, here.length);
      assert.equal(replica.started, here.filter(({ started }) => started).length);
      assert.ok(
        replica.load === undefined || fleet.backends.get(replica.backend)?.loading === replica.id,
        'one load at a time on a backend',
      );
      assert.ok(
        replica.speed.bytesPerMs === undefined ||
          (replica.speed.bytesPerMs > 0 && Number.isFinite(replica.speed.bytesPerMs)),
      );
    }
    for (const backend of fleet.backends.values())
      assert.equal(backend.inFlight, leases.filter((lease) => lease.backend === backend).length);
    for (const deployment of fleet.deployments.values())
      assert.equal(deployment.inFlight, leases.filter((lease) => lease.deployment === deployment).length);
    assert.deepEqual([...fleet.waiting.keys()].toSorted(), [...this.waiting].toSorted());
    assert.equal(
      [...fleet.queues.values()].reduce((sum, queue) => sum + queueLength(queue), 0),
      this.waiting.length,
    );
  }
}
