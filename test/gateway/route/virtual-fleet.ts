import assert from 'node:assert/strict';
import type { Lease } from '../../../src/gateway/route/fleet.ts';
import type { Policy } from '../../../src/gateway/route/policy.ts';
import { POLICY, Stage } from './stage.ts';
import { VirtualServer, type Runner, type Wanted } from './virtual-server.ts';
import { aliasOfDeployment, specOf, type Setting } from './virtual-setting.ts';

const STEP_MS = 50;

interface Running {
  readonly lease: Lease;
  readonly startMs: number;
  readonly endMs: number;
  state: 'sent' | 'arrived' | 'started';
}

interface Wait {
  readonly sinceMs: number;
  /** By server: loads before the wait, and aliases that have waited there meanwhile. */
  readonly bounds: readonly { readonly server: VirtualServer; readonly loads: number; readonly aliases: Set<number> }[];
}

const DEFAULT_CTX = 4096;

/**
 * Clients, the gateway's `route()`, and servers that evict as Ollama does: an idle model at once, else they wait for the first one
 * that is busy; the same weights with another context are loaded anew. A request reaches its server a moment after its decision, and
 * must find its model there. It checks at every step that each alias is served within as many loads as aliases wait on its server, and
 * that no request is sent to a server that has not its model.
 */
export class VirtualFleet {
  readonly stage: Stage;
  readonly served: number[];
  readonly #servers: readonly VirtualServer[];
  readonly #setting: Setting;
  readonly #free: { readonly alias: number; readonly atMs: number }[] = [];
  readonly #asked = new Map<string, number>();
  readonly #running = new Map<string, Running>();
  readonly #waits = new Map<number, Wait>();

  constructor(setting: Setting, policy: Policy = POLICY) {
    this.#setting = setting;
    this.#servers = setting.servers.map((server, index) => new VirtualServer(`s${String(index)}`, server));
    this.stage = new Stage(specOf(setting), policy, true);
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

  get loads(): number {
    return this.#servers.reduce((sum, { loads }) => sum + loads, 0);
  }

  /** The longest time for which an alias has waited without a slot for any of its requests, ms. */
  get longestWaitMs(): number {
    return Math.max(0, ...[...this.#waits.values()].map(({ sinceMs }) => this.stage.nowMs - sinceMs));
  }

  #endAnswers(): void {
    const { stage } = this;
    for (const [request, running] of this.#running) {
      const { lease } = running;
      if (running.state === 'sent') {
        running.state = 'arrived';
        const runner = this.#runnerOf(lease);
        assert.ok(runner !== undefined, `a request becomes a load of ${lease.deployment.id} inside its server`);
        runner.requests.add(request);
      } else if (running.state === 'arrived' && running.startMs <= stage.nowMs) {
        running.state = 'started';
        stage.start(request);
        this.#carryOut();
      }
      if (running.endMs > stage.nowMs) continue;
      this.#running.delete(request);
      const alias = this.#aliasOf(request);
      this.served[alias] = (this.served[alias] ?? 0) + 1;
      const server = this.#serverOf(running.lease.backend.url);
      server.memory.get(this.#wantedBy(alias).weights)?.requests.delete(request);
      this.#free.push({ alias, atMs: stage.nowMs + (this.#setting.aliases[alias]?.pauseMs ?? 0) });
      // The server sees the end first.
      this.#work(server);
      stage.release(request);
      this.#carryOut();
      if ([...stage.fleet.queues.values()].some(({ name }) => name === `m${String(alias)}`)) this.#waitBegins(alias);
    }
  }

  // The runner of a request, if it is in memory.
  #runnerOf({ backend, deployment }: Lease): Runner | undefined {
    return this.#serverOf(backend.url).runnerFor(this.#wantedBy(aliasOfDeployment(deployment.id)));
  }

  #work(server: VirtualServer): void {
    const loaded = server.work(this.stage.nowMs);
    if (loaded === undefined) return;
    this.stage.apply({ kind: 'loaded', replica: `${server.url}#${loaded.name}`, result: 'answered' });
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
        const [alias = '', url = ''] = decision.deployment.split('@');
        const server = this.#serverOf(url);
        assert.equal(server.load, undefined, 'one load at a time');
        server.load = {
          wanted: this.#wantedBy(aliasOfDeployment(decision.deployment)),
          victim: undefined,
          endMs: undefined,
        };
        server.loads += 1;
        this.#checkLoads(server, alias);
        this.#work(server);
      } else if (decision.kind === 'assign') {
        const { request, lease } = decision;
        const alias = this.#aliasOf(request);
        assert.ok(
          this.#runnerOf(lease) !== undefined,
          `${lease.deployment.id} is sent to a server that has evicted its model`,
        );
        const { answerMs = 0 } = this.#setting.aliases[alias] ?? {};
        const startMs = stage.nowMs + STEP_MS + answerMs / 2;
        this.#running.set(request, { lease, startMs, endMs: startMs + answerMs / 2, state: 'sent' });
        this.#waits.delete(alias);
      } else if (decision.kind === 'unload') this.#serverOf(decision.backend).unload(decision.model);
      else assert.fail(`${decision.kind} is not expected`);
    }
  }

  // An alias waits while none of its requests has a slot.
  #waitBegins(alias: number): void {
    if (this.#waits.has(alias) || [...this.#running.keys()].some((request) => this.#aliasOf(request) === alias)) return;
    this.#waits.set(alias, {
      sinceMs: this.stage.nowMs,
      bounds: this.#serversOf(alias).map((server) => ({
        server,
        // A load that was decided before counts as before, sent or not.
        loads: server.loads + (this.#isHeld(server) ? 1 : 0),
        aliases: new Set([...this.#waits.keys(), alias].filter((other) => this.#serversOf(other).includes(server))),
      })),
    });
    for (const { bounds } of this.#waits.values())
      for (const { server, aliases } of bounds) if (this.#serversOf(alias).includes(server)) aliases.add(alias);
  }

  #isHeld({ url, load }: VirtualServer): boolean {
    const backend = this.stage.fleet.backends.get(url);
    return load === undefined && (backend?.loading ?? backend?.makingRoom) !== undefined;
  }

  #checkLoads(server: VirtualServer, model: string): void {
    for (const [alias, { bounds }] of this.#waits)
      assert.ok(
        bounds.some(({ server: one, loads, aliases }) => one.loads - loads <= aliases.size),
        `m${String(alias)} has waited for more loads than aliases waited; now ${model} is loaded on ${server.url}`,
      );
  }

  #list(server: VirtualServer): void {
    this.stage.apply({
      kind: 'listed',
      backend: server.url,
      listing: {
        models: [...server.memory.values()].map(({ name, numCtx }) => ({ name, context: numCtx, family: undefined })),
        askedMs: this.stage.nowMs,
      },
    });
  }

  #wantedBy(alias: number): Wanted {
    const { model = `m${String(alias)}`, weights = model, numCtx = DEFAULT_CTX } = this.#setting.aliases[alias] ?? {};
    return { name: model, weights, numCtx };
  }

  #serversOf(alias: number): readonly VirtualServer[] {
    return (this.#setting.aliases[alias]?.servers ?? []).flatMap((index) => this.#servers[index] ?? []);
  }

  #serverOf(url: string): VirtualServer {
    const server = this.#servers.find((one) => one.url === url);
    assert.ok(server !== undefined);
    return server;
  }

  #aliasOf(request: string): number {
    return this.#asked.get(request) ?? aliasOfDeployment(this.stage.leaseOf(request).deployment.id);
  }
}
