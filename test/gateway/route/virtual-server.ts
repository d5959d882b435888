import assert from 'node:assert/strict';

/** A model in memory. */
export interface Runner {
  readonly name: string;
  readonly numCtx: number;
  /** The requests that it answers. */
  readonly requests: Set<string>;
}

/** An alias as a server sees it. */
export interface Wanted {
  readonly name: string;
  readonly weights: string;
  readonly numCtx: number;
}

/**
 * A server in virtual time that evicts as Ollama does: an idle model at once, else it waits for the first one that is busy; the same
 * weights with another context are loaded anew.
 */
export class VirtualServer {
  readonly url: string;
  readonly #room: number;
  readonly #loadMs: number;
  /** Runners by their weights. */
  readonly memory = new Map<string, Runner>();
  load: { readonly wanted: Wanted; victim: string | undefined; endMs: number | undefined } | undefined;
  loads = 0;

  constructor(url: string, { room, loadMs }: { readonly room: number; readonly loadMs: number }) {
    this.url = url;
    this.#room = room;
    this.#loadMs = loadMs;
  }

  /** The runner of an alias, if it is in memory. */
  runnerFor({ weights, numCtx }: Wanted): Runner | undefined {
    const runner = this.memory.get(weights);
    return runner?.numCtx === numCtx ? runner : undefined;
  }

  beginLoad(wanted: Wanted): void {
    this.load = { wanted, victim: undefined, endMs: undefined };
    this.loads += 1;
  }

  /** The gateway unloads a model, which nobody may be using. */
  unload(name: string): void {
    for (const [weights, runner] of this.memory) {
      if (runner.name !== name) continue;
      assert.equal(runner.requests.size, 0, `${name} is unloaded while it answers`);
      this.memory.delete(weights);
    }
  }

  /** Goes on with the load; returns the loaded alias when it has ended. */
  work(nowMs: number): Wanted | undefined {
    const { load, memory } = this;
    if (load === undefined) return undefined;
    const { wanted } = load;
    if (load.endMs === undefined) {
      const isThere = this.runnerFor(wanted) !== undefined;
      if (!isThere && !this.#makesRoom(wanted)) return undefined;
      load.endMs = nowMs + (isThere ? 0 : this.#loadMs);
    }
    if (load.endMs > nowMs) return undefined;
    this.load = undefined;
    if (!memory.has(wanted.weights))
      memory.set(wanted.weights, { name: wanted.name, numCtx: wanted.numCtx, requests: new Set() });
    return wanted;
  }

  #makesRoom({ weights }: Wanted): boolean {
    const { load, memory } = this;
    if (load === undefined || (!memory.has(weights) && memory.size < this.#room)) return true;
    load.victim ??= memory.has(weights)
      ? weights
      : [...memory].toSorted(([a, one], [b, two]) => one.requests.size - two.requests.size || (a < b ? -1 : 1))[0]?.[0];
    const victim = memory.get(load.victim ?? '');
    if ((victim?.requests.size ?? 0) > 0) return false;
    memory.delete(load.victim ?? '');
    return true;
  }
}
