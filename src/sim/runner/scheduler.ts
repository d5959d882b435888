import type { Model } from '../models/model.ts';
import { Gone, Refusal } from '../wire/refusal.ts';
import { wait } from '../wire/wait.ts';
import type { KeepAlive } from './keep-alive.ts';
import { residency, type Memory } from './memory.ts';
import type { Options } from './options.ts';
import { Runner } from './runner.ts';

/** What a request wants of the scheduler. */
export interface Wish {
  readonly model: Model;
  readonly options: Options;
  /** `undefined` keeps the runner's present value. */
  readonly keepAlive: KeepAlive | undefined;
  /** Nothing but the load is wanted. */
  readonly loadOnly: boolean;
  readonly loadMs: number;
  readonly signal: AbortSignal;
}

interface Pending {
  readonly wish: Wish;
  readonly give: (runner: Runner) => void;
  readonly fail: (error: Error) => void;
}

/** The server's own limits. */
export interface Limits {
  readonly numParallel: number;
  readonly maxQueue: number;
  readonly maxLoadedModels: number;
  readonly keepAlive: KeepAlive;
  readonly memory: Memory;
}

/**
 * Who has which model, as in server/sched.go. A model in memory is given at once. What needs a load waits in one
 * queue, and a load, or the wait for an eviction, holds up every other load. The load lives in its first requester's
 * connection: if that leaves, it is given up, and who waits for the same model starts from nothing (llama engine) or
 * fails too (Ollama engine).
 */
export class Scheduler {
  readonly #limits: Limits;
  readonly #loaded = new Map<string, Runner>();
  readonly #queue: Pending[] = [];
  #working = false;
  #loading: { readonly runner: Runner; readonly over: Promise<void> } | undefined;
  #unloaded = Promise.withResolvers<void>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** What is in memory, by what remains of its time, the longest first; of the Ollama engine also what is being loaded. */
  list(): readonly Runner[] {
    const loading = this.#loading?.runner.model.engine === 'ollama' ? [this.#loading.runner] : [];
    return [...this.#loaded.values(), ...loading].toSorted((a, b) => b.expiresAt.getTime() - a.expiresAt.getTime());
  }

  /** How many loads wait behind the one in work. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Gives a runner; whoever gets it calls {@link release}. Refuses with 503 when too many loads wait. */
  async acquire(wish: Wish): Promise<Runner> {
    const runner = this.#loaded.get(wish.model.weights);
    if (runner !== undefined && isUsable(runner, wish)) return this.#use(runner, wish);
    if (this.#queue.length >= this.#limits.maxQueue)
      throw new Refusal(503, 'server busy, please try again.  maximum pending requests exceeded');
    const { promise, resolve, reject } = Promise.withResolvers<Runner>();
    this.#queue.push({ wish, give: resolve, fail: reject });
    void this.#work();
    // A waiter whose client has left is answered only when it is reached, and counts until then.
    return promise;
  }

  /** Ends one use of a runner: the idle time begins, or it goes at once. */
  release(runner: Runner): void {
    runner.users -= 1;
    if (runner.users > 0) return;
    if (runner.keepAlive <= 0) {
      this.#unload(runner);
      return;
    }
    runner.expiresAt = expiry(runner.keepAlive);
    if (runner.keepAlive < 2 ** 31) runner.timer = setTimeout(() => this.#unload(runner), runner.keepAlive).unref();
  }

  /** Unloads a model as soon as it is idle. During its load the Ollama engine waits for that, the llama engine knows nothing of it. */
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
        next.fail(error instanceof Error ? error : new Error(String(error)));
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
      // The eviction happens whether or not its waiter stays. An explicit keep_alive meanwhile revives the victim, and all wait.
      if (this.#loaded.has(victim.model.weights)) await this.#unloaded.promise;
    }
    candidate.users = 1;
    await this.#load(candidate, wish);
    return candidate;
  }

  async #load(runner: Runner, wish: Wish): Promise<void> {
    const over = Promise.withResolvers<void>();
    this.#loading = { runner, over: over.promise };
    try {
      await wait(wish.loadMs, wish.signal);
      this.#loaded.set(wish.model.weights, runner);
    } catch (error) {
      if (wish.model.engine === 'ollama') this.#failWaiters(runner);
      throw error;
    } finally {
      this.#loading = undefined;
      over.resolve();
    }
  }

  // They were promised this very runner, which will never be; one that asked for nothing but the load is told that it is there.
  #failWaiters(runner: Runner): void {
    for (const waiter of this.#queue.filter(({ wish }) => wish.model.weights === runner.model.weights)) {
      this.#queue.splice(this.#queue.indexOf(waiter), 1);
      runner.users += 1;
      if (waiter.wish.loadOnly) waiter.give(runner);
      else waiter.fail(new Refusal(500, 'unexpected server status: llm server loading model'));
    }
  }

  #use(runner: Runner, wish: Wish): Runner {
    runner.users += 1;
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

  // An idle one before a busy one; then the shortest keep_alive, then the name of the weights.
  #victim(): Runner | undefined {
    const [first] = [...this.#loaded.values()].toSorted(
      (a, b) =>
        Number(a.users > 0) - Number(b.users > 0) ||
        compare(a.keepAlive, b.keepAlive) ||
        compare(a.model.weights, b.model.weights),
    );
    return first;
  }

  #evict(runner: Runner): void {
    clearTimeout(runner.timer);
    runner.keepAlive = 0;
    if (runner.users <= 0) this.#unload(runner);
  }

  #unload(runner: Runner): void {
    clearTimeout(runner.timer);
    if (this.#loaded.get(runner.model.weights) !== runner) return;
    this.#loaded.delete(runner.model.weights);
    this.#unloaded.resolve();
    this.#unloaded = Promise.withResolvers();
  }
}

// A runner that died stays in the list until the next request finds out.
function isUsable(runner: Runner, wish: Wish): boolean {
  return runner.options.runner === wish.options.runner && !runner.death.signal.aborted;
}

function compare(a: number | string, b: number | string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

// For ever is the longest duration that Go has, some 292 years.
function expiry(keepAlive: KeepAlive): Date {
  return new Date(Date.now() + Math.min(keepAlive, 9_223_372_036_854));
}
