import type { FleetSpec } from '../gateway/route/fleet-spec.ts';
import type { Policy } from '../gateway/route/policy.ts';
import type { Work } from '../gateway/route/work.ts';
import { Clock } from './clock.ts';
import { SimGateway } from './gateway/gateway.ts';
import type { OnRouted } from './gateway/scheduler.ts';
import { patienceMs, type SimRequest } from './request.ts';
import type { Fault, Scenario } from './scenario.ts';
import type { SimLoad } from './server/memory.ts';
import { SimServer } from './server/server.ts';
import { Targets } from './target.ts';

/** The result of a request. `left`: its client left without a token. */
export interface SimRecord {
  readonly request: SimRequest;
  readonly sentMs: number;
  /** TTFT within which it meets its target, ms. */
  readonly targetMs: number;
  ttftMs: number | undefined;
  outcome: 'served' | 'refused' | 'left' | 'failed' | undefined;
  /** Number of times that its client was told about its end. */
  ends: number;
}

/** The slots that the gateway is told of: the true number, another one, or none. */
export type StatedSlots = 'true' | 'none' | number;

/** The result of a simulation. */
export interface SimResult {
  readonly records: readonly SimRecord[];
  readonly loads: readonly SimLoad[];
  /** Leases and waiters at the end. */
  readonly left: number;
  /** The most requests of one model that a server had beyond its slots. */
  readonly mostOver: number;
  readonly events: number;
}

/** A person reads for a moment before the next turn, at least, ms. */
export const LEAST_PAUSE_MS = 500;
/** Time after the last request in which everything must end, ms. */
const LONGEST_REST_MS = 3_600_000;

/**
 * Runs a scenario in virtual time until every request has ended; `known`: the gateway's knowledge of a request; `onRouted` sees every event.
 */
export function simulate(
  scenario: Scenario,
  policy: Policy,
  stated: StatedSlots = 'true',
  known: (work: Work) => Work = (work) => work,
  onRouted?: OnRouted,
): SimResult {
  return new Simulation(scenario, { policy, stated, known, onRouted }).run();
}

class Simulation {
  readonly #scenario: Scenario;
  readonly #clock = new Clock();
  readonly #servers: readonly SimServer[];
  readonly #models: ReadonlyMap<string, Scenario['models'][number]>;
  readonly #gateway: SimGateway;
  readonly #records: SimRecord[] = [];
  /** The request that follows each one, and the requests that have ended. */
  readonly #next = new Map<number, SimRequest>();
  readonly #ended = new Set<number>();
  readonly #held = new Set<number>();
  readonly #targets = new Targets();
  #open: number;

  constructor(
    scenario: Scenario,
    {
      policy,
      stated,
      known,
      onRouted,
    }: {
      policy: Policy;
      stated: StatedSlots;
      known: (work: Work) => Work;
      onRouted: OnRouted | undefined;
    },
  ) {
    this.#scenario = scenario;
    this.#open = scenario.requests.length;
    this.#servers = scenario.servers.map((spec, index) => new SimServer(`s${String(index)}`, spec, this.#clock));
    this.#models = new Map(scenario.models.map((model) => [model.name, model]));
    for (const request of scenario.requests)
      if (request.follows !== undefined) this.#next.set(request.follows, request);
    this.#gateway = new SimGateway({
      clock: this.#clock,
      servers: new Map(this.#servers.map((server) => [server.url, server])),
      models: this.#models,
      spec: simFleetSpec(scenario, stated),
      policy,
      known,
      onRouted,
      isNeedless: (model) =>
        this.#gateway.waitingFor(model) > 0 &&
        this.#servers.some(
          (server) =>
            !server.isLoading && !this.#gateway.scheduler.isLoading(server.url) && server.freeSlots(model) > 0,
        ),
    });
  }

  run(): SimResult {
    const { requests, faults } = this.#scenario;
    for (const request of requests) this.#clock.at(request.sentMs, () => this.#send(request));
    for (const fault of faults) this.#clock.at(fault.atMs, () => this.#apply(fault));
    const endMs = (requests.at(-1)?.sentMs ?? 0) + LONGEST_REST_MS;
    this.#clock.run(() => this.#open === 0 || this.#clock.nowMs > endMs);
    const { fleet, waiting } = this.#gateway.scheduler;
    let inFlight = 0;
    for (const backend of fleet.backends.values()) inFlight += backend.inFlight;
    return {
      records: this.#records,
      loads: this.#servers.flatMap(({ loads }) => loads),
      left: inFlight + waiting,
      mostOver: Math.max(...this.#servers.map(({ mostOver }) => mostOver)),
      events: this.#clock.events,
    };
  }

  #send(request: SimRequest): void {
    const { follows, direct } = request;
    if (follows !== undefined && !this.#ended.has(follows)) {
      this.#held.add(request.id);
      return;
    }
    if (direct === undefined) this.#ask(request);
    else this.#askDirectly(request, direct);
  }

  #ask(request: SimRequest): void {
    const { nowMs } = this.#clock;
    const record: SimRecord = {
      request,
      sentMs: nowMs,
      targetMs: this.#targets.sent(request, nowMs),
      ttftMs: undefined,
      outcome: undefined,
      ends: 0,
    };
    this.#records.push(record);
    const end = (outcome: SimRecord['outcome']): void => {
      record.outcome = outcome;
      record.ends += 1;
      this.#end(request);
    };
    this.#gateway.arrive(request, {
      onFirst: () => {
        record.ttftMs = this.#clock.nowMs - nowMs;
      },
      onEnd: end,
    });
    if (record.outcome === undefined)
      this.#clock.in(patienceMs(request), () => {
        if (record.ttftMs !== undefined || record.outcome !== undefined) return;
        this.#gateway.leave(request);
        end('left');
      });
  }

  #askDirectly(request: SimRequest, index: number): void {
    const server = this.#servers[index];
    const model = this.#models.get(request.model);
    if (server === undefined || model === undefined) throw new Error(`unknown server: ${String(index)}`);
    const onEnd = (): void => {
      this.#end(request);
    };
    server.send(model, request, { onFirst: () => undefined, onEnd, onFailed: onEnd });
  }

  #end(request: SimRequest): void {
    const { id } = request;
    this.#open -= 1;
    this.#ended.add(id);
    this.#targets.ended(request, this.#clock.nowMs);
    const next = this.#next.get(id);
    if (next === undefined || !this.#held.delete(next.id)) return;
    this.#clock.in(LEAST_PAUSE_MS, () => this.#send(next));
  }

  #apply({ server: index, change }: Fault): void {
    const server = this.#servers[index];
    if (server === undefined) throw new Error(`unknown server: ${String(index)}`);
    if (change === 'die') server.die();
    else if (change === 'start') server.start();
    else {
      server.setSlow(change.slow);
      if (server.isFrozen) this.#gateway.onFrozen(server);
    }
  }
}

/** The configuration of the gateway before the servers of a scenario. */
export function simFleetSpec({ servers, models, serves }: Scenario, stated: StatedSlots): FleetSpec {
  return {
    backends: servers.map(({ slots }, index) => ({
      url: `s${String(index)}`,
      managed: true,
      slots: stated === 'none' ? undefined : stated === 'true' ? slots : stated,
    })),
    deployments: models.flatMap(({ name }) =>
      (serves?.get(name) ?? [...servers.keys()]).map((index) => ({
        id: `${name}@s${String(index)}`,
        backend: `s${String(index)}`,
        weight: 1,
        model: name,
        runnerKey: '[]',
        single: false,
      })),
    ),
  };
}
