import type { Decision, RouteEvent } from '../../../src/gateway/route/event.ts';
import type { Fleet, Lease } from '../../../src/gateway/route/fleet.ts';
import { policyFor } from '../../../src/gateway/route/policies.ts';
import type { Policy } from '../../../src/gateway/route/policy.ts';
import { createFleet } from '../../../src/gateway/route/reconfigure.ts';
import { route } from '../../../src/gateway/route/router.ts';

/** A fleet on which every alias may run on every server, and requests that wait. */
export interface DecisionSetting {
  readonly servers: number;
  readonly aliases: number;
  readonly waiting: number;
  /** `reading`: servers read prompts, and requests leave free slots to others; `full`: all slots are used, and a load needs a victim. */
  readonly state: 'reading' | 'full';
  /** Each request asks with one of so many keys; without it, all with one key for fifty users. */
  readonly keys?: number;
}

/** The kinds of events of which the cost is looked at. */
export const EVENT_KINDS = ['started', 'released', 'arrived', 'left', 'ticked', 'listed', 'probed', 'loaded'] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** Aliases that a server has in memory, with four slots each. */
const RESIDENT = 2;
/** Requests that have a slot, at least. */
const RUNNING = 100;
const OBSERVATION = { promptBytes: 2000, promptTokens: 500, outTokens: 100, prefillMs: 100, decodeMs: 1000 };

/** Routing under `fleet` with requests that wait, and the events that come next. */
export class DecisionFleet {
  readonly #fleet: Fleet;
  readonly #policy: Policy;
  readonly #urls: readonly string[];
  readonly #names: readonly string[];
  readonly #lists: readonly (readonly string[])[];
  readonly #leases: Lease[] = [];
  readonly #keys: number | undefined;
  #nowMs = 0;
  #asked = 0;

  constructor({ servers, aliases, waiting, state, keys }: DecisionSetting) {
    this.#keys = keys;
    const urls = Array.from({ length: servers }, (_, index) => `s${String(index)}`);
    const names = Array.from({ length: aliases }, (_, index) => `m${String(index)}`);
    [this.#urls, this.#names] = [urls, names];
    this.#lists = names.map((name) => urls.map((url) => `${name}@${url}`));
    this.#fleet = createFleet({
      backends: urls.map((url) => ({ url, managed: true, slots: 4, room: state === 'full' ? RESIDENT : undefined })),
      deployments: names.flatMap((model) =>
        urls.map((url) => ({ id: `${model}@${url}`, backend: url, weight: 1, model, runnerKey: '[]', single: false })),
      ),
    });
    const random = (): number => 0.5;
    this.#policy = policyFor('fleet', { longestQueue: Infinity, allowedFails: 3, cooldownMs: 5000, random });
    for (let index = 0; index < servers; index += 1) this.apply(this.#listing(index));
    for (let index = 0; index < RUNNING; index += 1) this.#fill();
    while (this.#fleet.waiting.size < waiting) this.#fill();
    if (state !== 'full') return;
    // Each start lets the next prompt be sent, until all slots are used.
    for (let index = 0; index < this.#leases.length; index += 1) {
      const lease = this.#leases[index];
      if (lease !== undefined) this.apply({ kind: 'started', lease });
    }
    while (this.#fleet.waiting.size < waiting) this.#fill();
  }

  /** Applies an event. */
  apply(event: RouteEvent): void {
    for (const decision of route(this.#fleet, this.#policy, event, this.#nowMs)) this.#take(decision);
  }

  /** The next event of a kind, a millisecond later. */
  next(kind: EventKind, time: number): RouteEvent {
    this.#nowMs += 1;
    const backend = this.#urls[time % this.#urls.length] ?? '';
    if (kind === 'arrived') return this.#arrival();
    if (kind === 'ticked') return { kind };
    if (kind === 'listed') return this.#listing(time);
    if (kind === 'probed') return { kind, backend, alive: true };
    if (kind === 'loaded')
      return { kind, replica: `${backend}#${this.#names[time % this.#names.length] ?? ''}`, result: 'answered' };
    if (kind === 'left') return { kind, request: [...this.#fleet.waiting.keys()][time * 7] ?? '' };
    const lease = this.#leases[kind === 'started' ? (time * 7) % this.#leases.length : 0];
    if (lease === undefined) throw new Error('Expected a lease, found none.');
    if (kind === 'started') return { kind, lease };
    this.#leases.shift();
    return { kind, lease, result: 'answered', observation: OBSERVATION };
  }

  #fill(): void {
    this.#nowMs += 0.05;
    this.apply(this.#arrival());
  }

  #take(decision: Decision): void {
    if (decision.kind === 'assign') this.#leases.push(decision.lease);
  }

  #arrival(): RouteEvent {
    this.#asked += 1;
    const index = this.#asked % this.#names.length;
    return {
      kind: 'arrived',
      request: String(this.#asked),
      queue: this.#names[index] ?? '',
      deployments: this.#lists[index] ?? [],
      tried: [],
      isRetry: false,
      sinceMs: this.#nowMs,
      maxWaitMs: 1e9,
      untilMs: Infinity,
      loadedMs: 0,
      work: {
        promptTokens: 500,
        maxTokens: 200,
        prefix: [],
        ...(this.#keys === undefined
          ? { key: 'k', user: `u${String(this.#asked % 50)}` }
          : { key: `k${String(this.#asked % this.#keys)}`, user: undefined }),
        batch: false,
      },
    };
  }

  #listing(index: number): RouteEvent {
    const at = index % this.#urls.length;
    const names = this.#names;
    return {
      kind: 'listed',
      backend: this.#urls[at] ?? '',
      listing: {
        models: Array.from({ length: Math.min(RESIDENT, names.length) }, (_, slot) => ({
          name: names[(at * RESIDENT + slot) % names.length] ?? '',
          context: 4096,
          family: undefined,
        })),
        askedMs: this.#nowMs,
      },
    };
  }
}
