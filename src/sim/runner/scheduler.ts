import { asError } from '../../core/error.ts';
import type { Model } from '../models/model.ts';
import { Gone, Refusal } from '../wire/refusal.ts';
import { wait } from '../wire/wait.ts';
import type { Journal, JournalEntry } from './journal.ts';
import type { KeepAlive } from './keep-alive.ts';
import { residency, type Memory } from './memory.ts';
import type { Options } from './options.ts';
import { Runner } from './runner.ts';

/** A request for a runner. */
export interface Wish {
  readonly model: Model;
  readonly options: Options;
  /** `undefined` keeps the runner's current value. */
  readonly keepAlive: KeepAlive | undefined;
  /** The request asks only for the load. */
  readonly loadOnly: boolean;
  readonly loadMs: number;
  /** The failure that a load ends with. */
  readonly failure: Refusal | undefined;
  /** The path of the request. */
  readonly path: string;
  readonly signal: AbortSignal;
}

interface Pending {
  readonly wish: Wish;
  readonly give: (runner: Runner) => void;
  readonly fail: (error: Error) => void;
}

/** Limits of the server. */
export interface Limits {
  readonly numParallel: number;
  readonly maxQueue: number;
  readonly maxLoadedModels: number;
  readonly keepAlive: KeepAlive;
  readonly memory: Memory;
}

/**
 * Decides which models are in memory, as server/sched.go does. A request for a model in memory gets its runner at once.
 * Requests that need a load wait in one queue; a load, or the wait for an eviction, blocks every other load. A load
 * depends on its first requester's connection: if that closes, the load is aborted, and requests that wait for the same
 * model start a new load (llama engine) or fail too (Ollama engine).
 */
export class Scheduler {
  readonly #limits: Limits;
  readonly #journal: Journal;
  readonly #loaded = new Map<string, Runner>();
  readonly #queue: Pending[] = [];
  #working = false;
  #loading: { readonly runner: Runner; readonly over: Promise<void> } | undefined;
  #unloaded = Promise.withResolvers<void>();

  constructor(limits: Limits, journal: Journal) {
    this.#limits = limits;
    this.#journal = journal;
  }

  /**
   * The runners in memory, the one that expires last first. For the Ollama engine also the one that is being loaded.
   */
  list(): readonly Runner[] {
    const loading = this.#loading?.runner.model.engine === 'ollama' ? [this.#loading.runner] : [];
    return [...this.#loaded.values(), ...loading].toSorted((a, b) => b.expiresAt.getTime() - a.expiresAt.getTime());
  }

  /** Number of loads behind the current one. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Returns a runner; the caller must {@link release} it. Refuses with 503 if too many loads wait. */
  async acquire(wish: Wish): Promise<Runner> {
    const runner = this.#loaded.get(wish.model.weights);
    if (runner !== undefined && isUsable(runner, wish)) return this.#use(runner, wish);
    if (this.#queue.length >= this.#limits.maxQueue)
      throw new Refusal(503, 'server busy, please try again.  maximum pending requests exceeded');
    const { promise, resolve, reject } = Promise.withResolvers<Runner>();
    this.#queue.push({ wish, give: resolve, fail: reject });
    void this.#work();
    // A waiter whose client has left stays in the queue, and counts, until its turn comes.
    return promise;
  }

  /** Ends one use of a runner: starts its idle time, or unloads it at once. */
  release(runner: Runner): void {
    runner.users -= 1;
    this.#note(runner, { event: 'release' });
    if (runner.users > 0) return;
    if (runner.keepAlive <= 0) {
      this.#unload(runner);
      return;
    }
    runner.expiresAt = expiry(runner.keepAlive);
    if (runner.keepAlive < 2 ** 31) runner.timer = setTimeout(() => this.#unload(runner), runner.keepAlive).unref();
  }

  /**
   * Unloads a model as soon as it is idle. If it is being loaded, the Ollama engine waits for the load; the llama
   * engine ignores it.
   */
  async expire(model: Model): Promise<void> {
    if (this.#loading?.runner.model === model && model.engine === 'ollama') await this.#loading.over;
    const runner = this.#loaded.get(model.weights);
    if (runner === undefined) return;
    runner.expiresAt = new Date();
    this.#evict(runner);
  }

  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      try {
        next.give(await this.#obtain(next.wish));
      } catch (error) {
        next.fail(asError(error));
      }
    }
    this.#working = false;
  }

  async #obtain(wish: Wish): Promise<Runner> {
    const candidate = new Runner(
      wish.model,
      wish.options,
      this.#limits.numParallel,
      wish.keepAlive ?? this.#limits.keepAlive,
    );
    for (;;) {
      if (wish.signal.aborted) throw new Gone();
      const runner = this.#loaded.get(wish.model.weights);
      if (runner !== undefined && isUsable(runner, wish)) return this.#use(runner, wish);
      const victim = runner ?? (this.#fits(candidate) ? undefined : this.#victim());
      if (victim === undefined) break;
      this.#evict(victim);
      // The eviction happens even if its waiter leaves. A request with an explicit keep_alive revives the victim, and
      // all wait.
      if (this.#loaded.has(victim.model.weights)) await this.#unloaded.promise;
    }
    candidate.users = 1;
    await this.#load(candidate, wish);
    this.#note(candidate, { event: 'use', only: wish.loadOnly });
    return candidate;
  }

  async #load(runner: Runner, wish: Wish): Promise<void> {
    const over = Promise.withResolvers<void>();
    this.#loading = { runner, over: over.promise };
    this.#note(runner, { event: 'load', path: wish.path, only: wish.loadOnly });
    try {
      await wait(wish.loadMs, wish.signal);
      if (wish.failure !== undefined) throw wish.failure;
      this.#loaded.set(wish.model.weights, runner);
      this.#note(runner, { event: 'loaded' });
    } catch (error) {
      this.#note(runner, { event: 'aborted' });
      if (wish.model.engine === 'ollama') this.#failWaiters(runner);
      throw error;
    } finally {
      this.#loading = undefined;
      over.resolve();
    }
  }

  // The waiters were promised this runner, and its load was aborted: they fail. A request that asked only for the load
  // is told that it succeeded.
  #failWaiters(runner: Runner): void {
    for (const waiter of this.#queue.filter(({ wish }) => wish.model.weights === runner.model.weights)) {
      this.#queue.splice(this.#queue.indexOf(waiter), 1);
      runner.users += 1;
      this.#note(runner, { event: 'use', only: true });
      if (waiter.wish.loadOnly) waiter.give(runner);
      else waiter.fail(new Refusal(500, 'unexpected server status: llm server loading model'));
    }
  }

  #use(runner: Runner, wish: Wish): Runner {
    runner.users += 1;
    this.#note(runner, { event: 'use', only: wish.loadOnly });
    clearTimeout(runner.timer);
    if (wish.keepAlive !== undefined) runner.keepAlive = wish.keepAlive;
    return runner;
  }

  #fits(candidate: Runner): boolean {
    const others = [...this.#loaded.values()];
    return (
      others.length === 0 ||
      (others.length < this.#limits.maxLoadedModels && residency(candidate, others, this.#limits.memory).whole)
    );
  }

  // Idle runners before busy ones, then the shortest keep_alive, then the digest of the weights.
  #victim(): Runner | undefined {
    const [first] = [...this.#loaded.values()].toSorted(
      (a, b) =>
        Number(a.users > 0) - Number(b.users > 0) ||
        compare(a.keepAlive, b.keepAlive) ||
        compare(a.model.weights, b.model.weights),
    );
    return first;
  }

  #note({ model }: Runner, what: Omit<JournalEntry, 'atMs' | 'model'>): void {
    this.#journal.add({ model: model.shortName, ...what });
  }

  #evict(runner: Runner): void {
    clearTimeout(runner.timer);
    if (runner.users > 0) this.#note(runner, { event: 'expire' });
    runner.keepAlive = 0;
    if (runner.users <= 0) this.#unload(runner);
  }

  #unload(runner: Runner): void {
    clearTimeout(runner.timer);
    if (this.#loaded.get(runner.model.weights) !== runner) return;
    this.#loaded.delete(runner.model.weights);
    this.#note(runner, { event: 'unloaded' });
    this.#unloaded.resolve();
    this.#unloaded = Promise.withResolvers();
  }
}

// A dead runner stays in the list until the next request for its model.
function isUsable(runner: Runner, wish: Wish): boolean {
  return runner.options.runner === wish.options.runner && !runner.death.signal.aborted;
}

function compare(a: number | string, b: number | string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

// "For ever" is Go's longest duration, about 292 years.
function expiry(keepAlive: KeepAlive): Date {
  return new Date(Date.now() + Math.min(keepAlive, 9_223_372_036_854));
}
