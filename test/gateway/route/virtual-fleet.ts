import assert from 'node:assert/strict';
import type { Lease } from '../../../src/gateway/route/fleet.ts';
import type { FleetSpec } from '../../../src/gateway/route/fleet.ts';
import { Stage } from './stage.ts';

const STEP_MS = 50;

/** A fleet in virtual time: room is the number of models that a server holds. */
export interface Setting {
  readonly servers: readonly { readonly room: number; readonly slots: number; readonly loadMs: number }[];
  readonly aliases: readonly {
    /** Indexes of servers. */
    readonly servers: readonly number[];
    readonly clients: number;
    readonly answerMs: number;
    /** Pause of a client between two requests. */
    readonly pauseMs: number;
  }[];
}

interface Server {
  readonly url: string;
  readonly room: number;
  readonly loadMs: number;
  /** Models in memory, with the requests that each of them answers. */
  readonly memory: Map<string, Set<string>>;
  load: { readonly model: string; victim: string | undefined; endMs: number | undefined } | undefined;
  loads: number;
}

interface Wait {
  readonly sinceMs: number;
  /** By server: loads before the wait, and aliases that have waited there meanwhile. */
  readonly bounds: readonly { readonly server: Server; readonly loads: number; readonly aliases: Set<number> }[];
}

/**
 * Clients, the gateway's `route()`, and servers that evict as Ollama does: an idle model at once, else they wait for the first one
 * that is busy. It checks at every step that each alias is served within as many loads as aliases wait on its server, and that no
 * request is sent to a server that has not its model.
 */
export class VirtualFleet {
  readonly stage: Stage;
  readonly served: number[];
  readonly #servers: readonly Server[];
  readonly #setting: Setting;
  readonly #free: { readonly alias: number; readonly atMs: number }[] = [];
  readonly #asked = new Map<string, number>();
  readonly #running = new Map<string, { readonly lease: Lease; readonly endMs: number; started: boolean }>();
  readonly #waits = new Map<number, Wait>();

  constructor(setting: Setting) {
    this.#setting = setting;
    this.#servers = setting.servers.map(({ room, loadMs }, index) => ({
      url: `s${String(index)}`,
      room,
      loadMs,
      memory: new Map(),
      load: undefined,
      loads: 0,
    }));
    this.stage = new Stage(specOf(setting));
    this.served = setting.aliases.map(() => 0);
    for (const [alias, { clients }] of setting.aliases.entries())
      for (let client = 0; client < clients; client += 1) this.#free.push({ alias, atMs: client * STEP_MS });
  }

  run(ms: number): void {
    const { stage } = this;
    for (const endMs = stage.nowMs + ms; stage.nowMs < endMs;) {
      stage.nowMs += STEP_MS;
      this.#endAnswers();
      for (const server of this.#servers) this.#work(server);
      this.#arrive();
      for (const server of this.#servers)
        if (stage.nowMs % (server.load === undefined ? 2000 : 250) === 0) this.#list(server);
      if (stage.nowMs % 100 === 0) stage.apply({ kind: 'ticked' });
      this.#carryOut();
    }
  }

  /** The longest time for which an alias has waited without a slot for any of its requests, ms. */
  get longestWaitMs(): number {
    return Math.max(0, ...[...this.#waits.values()].map(({ sinceMs }) => this.stage.nowMs - sinceMs));
  }

  #endAnswers(): void {
    const { stage } = this;
    for (const [request, running] of this.#running) {
      if (!running.started) {
        running.started = true;
        stage.start(request);
      }
      if (running.endMs > stage.nowMs) continue;
      this.#running.delete(request);
      const alias = this.#aliasOf(request);
      this.served[alias] = (this.served[alias] ?? 0) + 1;
      const server = this.#serverOf(running.lease.backend.url);
      server.memory.get(running.lease.replica.model)?.delete(request);
      this.#free.push({ alias, atMs: stage.nowMs + (this.#setting.aliases[alias]?.pauseMs ?? 0) });
      // The server sees the end first.
      this.#work(server);
      stage.release(request);
      this.#carryOut();
      if ([...stage.fleet.queues.values()].some(({ name }) => name === `m${String(alias)}`)) this.#waitBegins(alias);
    }
  }

  #work(server: Server): void {
    const { load, memory, room, loadMs } = server;
    if (load === undefined) return;
    if (load.endMs === undefined) {
      if (!memory.has(load.model) && memory.size >= room) {
        load.victim ??= [...memory].toSorted(([a, one], [b, two]) => one.size - two.size || (a < b ? -1 : 1))[0]?.[0];
        if ((memory.get(load.victim ?? '')?.size ?? 0) > 0) return;
        memory.delete(load.victim ?? '');
      }
      load.endMs = this.stage.nowMs + (memory.has(load.model) ? 0 : loadMs);
    }
    if (load.endMs > this.stage.nowMs) return;
    server.load = undefined;
    if (!memory.has(load.model)) memory.set(load.model, new Set());
    this.stage.apply({ kind: 'loaded', replica: `${server.url}#${load.model}`, result: 'answered' });
    this.#carryOut();
    this.#list(server);
    this.#carryOut();
  }

  #arrive(): void {
    const { stage } = this;
    for (const one of this.#free.splice(0)) {
      if (one.atMs > stage.nowMs) this.#free.push(one);
      else {
        const model = `m${String(one.alias)}`;
        const deployments = this.#serversOf(one.alias).map(({ url }) => `${model}@${url}`);
        const request = stage.arrive({ queue: model, deployments, maxWaitMs: Infinity });
        this.#asked.set(request, one.alias);
        if (stage.decisionFor(request) === undefined) this.#waitBegins(one.alias);
        this.#carryOut();
      }
    }
  }

  #carryOut(): void {
    const { stage } = this;
    for (const decision of stage.decisions.splice(0)) {
      if (decision.kind === 'load') {
        const [model = '', url = ''] = decision.deployment.split('@');
        const server = this.#serverOf(url);
        assert.equal(server.load, undefined, 'one load at a time');
        server.load = { model, victim: undefined, endMs: undefined };
        server.loads += 1;
        this.#checkLoads(server, model);
        this.#work(server);
      } else if (decision.kind === 'assign') {
        const { request, lease } = decision;
        const alias = this.#aliasOf(request);
        const atWork = this.#serverOf(lease.backend.url).memory.get(lease.replica.model);
        assert.ok(atWork !== undefined, `${lease.deployment.id} is sent to a server that has evicted its model`);
        atWork.add(request);
        const endMs = stage.nowMs + (this.#setting.aliases[alias]?.answerMs ?? 0);
        this.#running.set(request, { lease, endMs, started: false });
        this.#waits.delete(alias);
      } else assert.fail(`${decision.kind} is not expected`);
    }
  }

  // An alias waits while none of its requests has a slot.
  #waitBegins(alias: number): void {
    if (this.#waits.has(alias) || [...this.#running.keys()].some((request) => this.#aliasOf(request) === alias)) return;
    this.#waits.set(alias, {
      sinceMs: this.stage.nowMs,
      bounds: this.#serversOf(alias).map((server) => ({
        server,
        loads: server.loads,
        aliases: new Set([...this.#waits.keys(), alias].filter((other) => this.#serversOf(other).includes(server))),
      })),
    });
    for (const { bounds } of this.#waits.values())
      for (const { server, aliases } of bounds) if (this.#serversOf(alias).includes(server)) aliases.add(alias);
  }

  #checkLoads(server: Server, model: string): void {
    for (const [alias, { bounds }] of this.#waits)
      assert.ok(
        bounds.some(({ server: one, loads, aliases }) => one.loads - loads <= aliases.size),
        `m${String(alias)} has waited for more loads than aliases waited; now ${model} is loaded on ${server.url}`,
      );
  }

  #list(server: Server): void {
    this.stage.list(server.url, ...server.memory.keys());
  }

  #serversOf(alias: number): readonly Server[] {
    return (this.#setting.aliases[alias]?.servers ?? []).flatMap((index) => this.#servers[index] ?? []);
  }

  #serverOf(url: string): Server {
    const server = this.#servers.find((one) => one.url === url);
    assert.ok(server !== undefined);
    return server;
  }

  #aliasOf(request: string): number {
    return this.#asked.get(request) ?? Number(this.stage.leaseOf(request).replica.model.slice(1));
  }
}

function specOf({ servers, aliases }: Setting): FleetSpec {
  return {
    backends: servers.map(({ slots }, index) => ({ url: `s${String(index)}`, managed: true, slots })),
    deployments: aliases.flatMap((alias, index) =>
      alias.servers.map((server) => ({
        id: `m${String(index)}@s${String(server)}`,
        backend: `s${String(server)}`,
        weight: 1,
        model: `m${String(index)}`,
        runnerKey: '[]',
        single: false,
      })),
    ),
  };
}
