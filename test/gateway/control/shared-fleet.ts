import assert from 'node:assert/strict';
import { Limiter } from '../../../src/gateway/limits/limiter.ts';
import { Links } from '../../../src/gateway/control/links.ts';
import type { LinkConnection, LinkRole } from '../../../src/gateway/control/links-options.ts';
import type { InstanceState } from '../../../src/gateway/control/instance-status.ts';
import type { FleetSpec } from '../../../src/gateway/route/fleet-spec.ts';
import { createFleet } from '../../../src/gateway/route/reconfigure.ts';
import { policyFor } from '../../../src/gateway/route/policies.ts';
import { Scheduler } from '../../../src/gateway/scheduler/scheduler.ts';
import { SimulatedServer, VirtualTime, type Client, type SharedInstance } from './shared-instance.ts';
import { VirtualNetwork } from './virtual-network.ts';

const LOAD_MS = 200;

/** Instances that share servers, as processes on one host do. */
export class SharedFleet {
  readonly time = new VirtualTime();
  readonly servers = new Map<string, SimulatedServer>();
  readonly clients: Client[] = [];
  readonly instances: SharedInstance[] = [];
  readonly #spec: FleetSpec;
  /** Errors of links, which end a link and not the process. */
  readonly failures: unknown[] = [];
  readonly #network: VirtualNetwork;

  constructor(spec: FleetSpec, delayMs: () => number) {
    this.#spec = spec;
    this.#network = new VirtualNetwork(this.time, delayMs);
    for (const { url, slots } of spec.backends) this.servers.set(url, new SimulatedServer(slots ?? 1));
  }

  /** Starts a process; it stands by. */
  start(id: string, spec = this.#spec): SharedInstance {
    const scheduler = new Scheduler(
      createFleet({ backends: [], deployments: [] }),
      policyFor('fleet', { longestQueue: 1000, allowedFails: 3, cooldownMs: 5000, random: () => 0.5 }),
      () => this.time.nowMs,
    );
    scheduler.reconfigure(
      spec,
      policyFor('fleet', { longestQueue: 1000, allowedFails: 3, cooldownMs: 5000, random: () => 0.5 }),
    );
    scheduler.delegation.delegate({ decider: undefined });
    const limiter = new Limiter();
    const started = new Date(this.time.nowMs * 1000 + this.instances.length).toISOString();
    const links = new Links({
      place: { id, folder: '/run' },
      connect: async (peer, role) => this.#connect(instance, peer, role),
      peers: async () =>
        this.instances
          .filter((one) => one !== instance && one.state !== 'dead' && !one.isFrozen)
          .map((one) => ({ instance: one.id, state: one.state as InstanceState, started: one.started })),
      started,
      now: () => this.time.nowMs,
      scheduler,
      leases: () =>
        this.clients.flatMap((client) =>
          client.instance === instance && client.lease !== undefined ? [client.lease] : [],
        ),
      load: (replica, deployment) => {
        this.#load(instance, replica, deployment);
      },
      mayDecide: () => instance.state === 'serving' || instance.state === 'draining',
      limits: {
        used: () => limiter.used(this.time.nowMs),
        usedSince: () => limiter.usedSince(this.time.nowMs),
        adopt: (peer, used) => {
          limiter.adopt(peer, used, this.time.nowMs);
        },
        adoptMore: (used) => limiter.adoptMore(used, this.time.nowMs),
        open: () => limiter.openRequests(),
        adoptOpen: (peer, open) => {
          limiter.adoptOpen(peer, open);
        },
      },
      log: (entry) => {
        if (entry['event'] === 'link_failed') this.failures.push(entry);
      },
    });
    const instance: SharedInstance = { id, started, scheduler, links, limiter, state: 'starting', isFrozen: false };
    scheduler.connect({
      onDown() {},
      onUp() {},
      onDoubt() {},
      onLoad: (replica, deployment) => {
        if (instance.state === 'dead') return;
        const isOwn = spec.deployments.some((one) => one.id === deployment);
        if (isOwn || !links.load(replica, deployment)) this.#load(instance, replica, deployment);
      },
      onUnload() {},
      onTest() {},
    });
    this.instances.push(instance);
    return instance;
  }

  /** As {@link Instance} does it: the new one claims all that have work, decides, accepts, and the others drain. */
  async takeOver(instance: SharedInstance): Promise<void> {
    const others = this.instances.filter(
      (one) => one !== instance && (one.state === 'serving' || one.state === 'draining'),
    );
    const claims = Promise.all(others.map(({ id }) => instance.links.claim(id)));
    await this.#until(claims);
    if (instance.state === 'dead') return;
    instance.scheduler.delegation.delegate(undefined);
    instance.state = 'serving';
    for (const one of others) if (one.state === 'serving') one.state = 'draining';
  }

  /** A process is killed: its connections are closed, and its requests end on the servers. */
  kill(instance: SharedInstance): void {
    instance.state = 'dead';
    instance.scheduler.close();
    for (const client of this.clients)
      if (client.instance === instance && (client.state === 'running' || client.state === 'waiting')) {
        this.#leaveServer(client);
        client.state = 'gone';
        client.lease = undefined;
      }
    for (const server of this.servers.values()) server.loading = server.loading.filter((one) => one !== instance);
    for (const connection of this.#network.open) if (connection.ends.includes(instance)) connection.close();
  }

  ask(instance: SharedInstance, alias: string, key = 'k'): Client {
    const client: Client = {
      number: this.clients.length,
      instance,
      alias,
      ticket: undefined,
      lease: undefined,
      state: 'waiting',
    };
    this.clients.push(client);
    const deployments = this.#spec.deployments.filter(({ id }) => id.startsWith(`${alias}@`)).map(({ id }) => id);
    const work = { promptTokens: 100, maxTokens: 100, prefix: [], key, user: undefined, batch: false };
    const ticket = instance.scheduler.acquire(
      {
        queue: alias,
        deployments,
        tried: [],
        isRetry: false,
        sinceMs: this.time.nowMs,
        maxWaitMs: Infinity,
        untilMs: Infinity,
        loadedMs: 0,
        work,
      },
      (decision) => {
        client.ticket = undefined;
        if (instance.state === 'dead') return;
        if (decision.kind === 'reject') client.state = 'rejected';
        else if (decision.kind === 'assign') {
          client.lease = decision.lease;
          client.state = 'running';
          this.servers.get(decision.lease.backend.url)?.add(client, decision.lease.replica.model);
        }
      },
    );
    if (ticket !== undefined && client.state === 'waiting') client.ticket = ticket;
    return client;
  }

  /** The server begins to answer. */
  begin(client: Client): void {
    if (client.lease !== undefined) client.instance.scheduler.started(client.lease);
  }

  end(client: Client, result: 'answered' | 'cancelled' = 'answered'): void {
    const { lease, ticket, instance } = client;
    if (client.state === 'running' && lease !== undefined) {
      this.#leaveServer(client);
      client.lease = undefined;
      client.state = result === 'answered' ? 'answered' : 'gone';
      instance.scheduler.release(lease, result);
    } else if (client.state === 'waiting' && ticket !== undefined) {
      client.state = 'gone';
      instance.scheduler.cancel(ticket);
    }
  }

  running(): readonly Client[] {
    return this.clients.filter(({ state }) => state === 'running');
  }

  waiting(): readonly Client[] {
    return this.clients.filter(({ state }) => state === 'waiting');
  }

  alive(): readonly SharedInstance[] {
    return this.instances.filter(({ state }) => state !== 'dead');
  }

  /** No server runs more than its slots. */
  check(): void {
    assert.deepEqual(this.failures, []);
    for (const [url, { running, slots }] of this.servers)
      for (const [model, { size }] of running)
        assert.ok(size <= slots, `${url} runs ${String(size)} requests of ${model} on ${String(slots)} slots`);
  }

  close(): void {
    for (const one of this.instances) {
      one.state = 'dead';
      one.scheduler.close();
      one.links.close();
    }
  }

  #leaveServer(client: Client): void {
    for (const server of this.servers.values()) server.remove(client);
  }

  #load(instance: SharedInstance, replica: string, deployment: string): void {
    const { backend } = this.#spec.deployments.find(({ id }) => id === deployment) ?? { backend: '' };
    const server = this.servers.get(backend);
    if (server === undefined) return;
    server.loading.push(instance);
    assert.equal(server.loading.length, 1, `${backend} loads two models at once`);
    setTimeout(() => {
      if (instance.state === 'dead') return;
      server.loading.splice(server.loading.indexOf(instance), 1);
      instance.scheduler.loaded(replica, 'answered', undefined);
    }, LOAD_MS);
  }

  async #until(promise: Promise<unknown>): Promise<void> {
    const done = new AbortController();
    void promise.finally(() => {
      done.abort();
    });
    await this.time.settle();
    for (let turn = 0; turn < 1000 && !done.signal.aborted; turn += 1) await this.time.pass(5, 5);
    assert.ok(done.signal.aborted, 'a take-over ends');
  }

  #connect(
    from: SharedInstance,
    peer: string,
    role: LinkRole,
  ):
    | { readonly ok: true; readonly value: LinkConnection }
    | { readonly ok: false; readonly problems: readonly [never] } {
    const to = this.instances.find(({ id, state }) => id === peer && state !== 'dead');
    const problem = { code: 'instance.dead', summary: '', detail: 'dead', fix: '' };
    if (to === undefined || from.state === 'dead') return { ok: false, problems: [problem as never] };
    const [here, there] = this.#network.pair(from, to);
    to.links.accept(from.id, role, there);
    return { ok: true, value: here };
  }
}
