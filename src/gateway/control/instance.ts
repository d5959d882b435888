import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import type { ListenAddress } from '../../schema/gateway-config.ts';
import type { Gateway } from '../gateway.ts';
import type { Log } from '../log.ts';
import { askInstance } from './control-request.ts';
import { openControlSocket } from './control-server.ts';
import { runGate, type GateRequest } from './gate.ts';
import type { InstancePlace } from './instance-id.ts';
import { acceptLink, openLinkSocket } from './link-socket.ts';
import { Links } from './links.ts';
import { sharedLimits } from './shared-limits.ts';
import { noListener, wrongState } from './instance-problems.ts';
import type { InstanceState, InstanceStatus } from './instance-status.ts';
import { neighboursIn, servingBeside } from './neighbours.ts';

/** The parts that an instance needs. */
export interface InstanceOptions {
  readonly place: InstancePlace;
  readonly gateway: Gateway;
  /** The sockets that systemd has passed. */
  readonly fds: readonly number[];
  readonly version: string | undefined;
  readonly log: Log;
  /** Begins to accept connections. */
  readonly accept: () => Promise<Result<readonly ListenAddress[]>>;
}

/** Most instances that are alive at a time: the one that serves, and two that drain. */
const MOST_INSTANCES = 3;
/** Time for an instance to hand over, ms. */
const HAND_OVER_MS = 5000;
const PEER_MS = 700;
/** Time for another instance that has just been started to find out whether it serves, ms. */
const START_MS = 5000;

/** The end of an instance that another one has replaced. */
export interface Replacement {
  readonly by: string;
}

/** One of several gateways on one listener: it stands by, serves, and drains when another one takes over. */
export class Instance {
  readonly #options: InstanceOptions;
  readonly #started = new Date();
  #state: InstanceState = 'starting';
  #since = this.#started;
  #drainEndsAt: Date | undefined;
  #control: Server | undefined;
  /** A repeated take-over has the same result. */
  #taking: Promise<Result<readonly ListenAddress[]>> | undefined;
  readonly #serving = Promise.withResolvers<Result<readonly ListenAddress[]>>();
  readonly #replaced = Promise.withResolvers<Replacement>();
  readonly #cut = new AbortController();
  readonly #links: Links;

  constructor(options: InstanceOptions) {
    this.#options = options;
    const { place, gateway, log } = options;
    const { scheduler } = gateway.service();
    // Until it is clear that no other instance decides.
    scheduler.delegation.delegate({ decider: undefined });
    this.#links = new Links({
      place,
      connect: (peer, role) => openLinkSocket({ id: peer, folder: place.folder }, { self: place.id, role }),
      peers: async () => (await neighboursIn(place.folder, place.id, PEER_MS)).instances,
      started: this.#started.toISOString(),
      now: () => performance.now(),
      scheduler,
      log,
      leases: () => gateway.leases(),
      load: (replica, deployment) => {
        gateway.service().load(replica, deployment);
      },
      limits: sharedLimits(gateway),
      mayDecide: () => this.#state === 'serving' || this.#state === 'draining',
    });
    gateway.onForeignLoad((replica, deployment) => this.#links.load(replica, deployment));
  }

  /** Resolves when another instance has taken over: from then on this one is to drain. */
  get replaced(): Promise<Replacement> {
    return this.#replaced.promise;
  }

  /** Aborts when running responses are to be cut: a newer instance needs the place. */
  get cut(): AbortSignal {
    return this.#cut.signal;
  }

  /**
   * Opens the control socket, and serves: at once if no other instance serves, else when it is told to take over. `undefined`: `stopped`
   * came before.
   */
  async serve(stopped: Promise<void>): Promise<Result<readonly ListenAddress[]> | undefined> {
    const { place, gateway, log } = this.#options;
    const control = await openControlSocket(place, {
      routes: {
        'GET /status': async () => ok(this.#status()),
        'POST /gate': async (body) => this.#gate(body),
        'POST /take-over': async () => this.#takeOver(),
        'POST /hand-over': async ({ to }) => this.#handOver(String(to)),
        'POST /cut': async () => this.#cutNow(),
        'GET /backends': async () => ok({ backends: gateway.service().backendDrains.list() }),
        'POST /drain': async (body) => this.#drain(body),
      },
      upgrade: (incoming, socket, head) => {
        acceptLink(this.#links, incoming, socket, head);
      },
    });
    if (!control.ok) return control;
    this.#control = control.value;
    const serving = await servingBeside(place, this.#status(), START_MS);
    if (serving === undefined) {
      const { instances } = await neighboursIn(place.folder, place.id);
      this.#taking = this.#begin(instances.filter(({ state }) => state === 'draining'));
      return this.#taking;
    }
    this.#enter('standby');
    log({ event: 'standby', serving });
    return Promise.race([this.#serving.promise, stopped.then(() => undefined)]);
  }

  /** This instance drains from now on; at the given time it cuts its responses. */
  drainsUntil(at: Date): void {
    this.#drainEndsAt = at;
    this.#enter('draining');
  }

  /** Closes the control socket. */
  close(): void {
    this.#links.close();
    this.#control?.close();
    this.#control?.closeAllConnections();
  }

  #enter(state: InstanceState): void {
    this.#state = state;
    this.#since = new Date();
  }

  #status(): InstanceStatus {
    const { place, gateway, version } = this.#options;
    const { connections, requests, begun } = gateway.counts();
    return {
      instance: place.id,
      pid: process.pid,
      state: this.#state,
      since: this.#since.toISOString(),
      started: this.#started.toISOString(),
      version,
      open_requests: requests,
      streams: begun,
      waiting: gateway.service().scheduler.waiting,
      connections,
      drain_ends_at: this.#drainEndsAt?.toISOString(),
    };
  }

  async #drain({ url, drained, since }: Readonly<Record<string, unknown>>): Promise<Result<object>> {
    const { gateway, log } = this.#options;
    const changed = await gateway.service().backendDrains.set(String(url), drained === true, String(since));
    log({ event: drained === true ? 'backend-drained' : 'backend-undrained', backend: String(url), kept: changed.ok });
    return changed;
  }

  /** Decides from now on, also for the others, and accepts. */
  async #begin(others: readonly InstanceStatus[]): Promise<Result<readonly ListenAddress[]>> {
    const { gateway, accept, log } = this.#options;
    // It may have started before a backend was drained.
    gateway.service().backendDrains.reread();
    // The instance that serves has the minutes of those from which it has taken over.
    const isServed = others.some(({ state }) => state === 'serving');
    const claims = await Promise.all(
      others.map(({ instance, state }) => this.#links.claim(instance, isServed && state !== 'serving')),
    );
    for (const problem of claims) if (problem !== undefined) log({ event: 'not_shared', reason: problem.detail });
    gateway.service().scheduler.delegation.delegate(undefined);
    const accepted = await accept();
    if (accepted.ok) this.#enter('serving');
    else this.#links.release();
    return accepted;
  }

  async #gate({ model, timeoutMs }: Readonly<Record<string, unknown>>): Promise<Result<object>> {
    const { gateway, fds, place } = this.#options;
    const request: GateRequest = {
      model: typeof model === 'string' ? model : undefined,
      timeoutMs: typeof timeoutMs === 'number' ? timeoutMs : 0,
    };
    const subject = { gateway, fds, place, state: () => this.#state, borrowSlots: () => this.#borrowSlots() };
    return ok(await runGate(subject, request));
  }

  // An instance that stands by decides nothing: its one request waits for a slot of the instance that serves.
  async #borrowSlots(): Promise<() => void> {
    const { id, folder } = this.#options.place;
    const { instances } = await neighboursIn(folder, id);
    const serving = instances.find(({ state }) => state === 'serving');
    return this.#state === 'standby' && serving !== undefined ? this.#links.askFrom(serving.instance) : () => {};
  }

  async #takeOver(): Promise<Result<object>> {
    const { place, log, fds } = this.#options;
    const { id, folder } = place;
    if (this.#state === 'draining') return fail(wrongState(id, 'draining'));
    if (fds.length === 0) return fail(noListener(id));
    const before = await neighboursIn(folder, id);
    const others = before.instances.filter(({ state }) => state === 'serving' || state === 'draining');
    this.#taking ??= this.#begin(others);
    const accepted = await this.#taking;
    // An instance that cannot serve ends; the others never stopped.
    this.#serving.resolve(accepted);
    if (!accepted.ok) return accepted;
    const problems: Problem[] = [...before.problems];
    const serving = others.filter(({ state }) => state === 'serving');
    for (const { instance } of serving) {
      const answer = await askInstance(
        { id: instance, folder },
        { method: 'POST', path: '/hand-over', body: { to: id }, timeoutMs: HAND_OVER_MS },
      );
      if (!answer.ok) problems.push(...answer.problems);
    }
    const surplus = others.slice(0, Math.max(0, others.length + 1 - MOST_INSTANCES));
    for (const { instance } of surplus)
      await askInstance({ id: instance, folder }, { method: 'POST', path: '/cut', timeoutMs: HAND_OVER_MS });
    const from = serving.map(({ instance }) => instance);
    const cut = surplus.map(({ instance }) => instance);
    const draining = others.map(({ instance }) => instance).filter((other) => !cut.includes(other));
    if (from.length > 0 || cut.length > 0) log({ event: 'take_over', from, draining, cut });
    return ok({ instance: id, state: this.#state, from, draining, cut, problems });
  }

  async #handOver(to: string): Promise<Result<object>> {
    if (this.#state !== 'serving') return fail(wrongState(this.#options.place.id, this.#state));
    this.#replaced.resolve({ by: to });
    // The process stops accepting in that turn.
    await sleep(0);
    return ok({ state: this.#state });
  }

  async #cutNow(): Promise<Result<object>> {
    if (this.#state !== 'draining') return fail(wrongState(this.#options.place.id, this.#state));
    this.#cut.abort();
    return ok({ state: this.#state });
  }
}
