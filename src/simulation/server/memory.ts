import type { Clock } from '../clock.ts';
import type { Job } from './job.ts';
import { Runner } from './runner.ts';

/** Ollama's OLLAMA_MAX_QUEUE. */
const LONGEST_QUEUE = 512;
/** Ollama's OLLAMA_KEEP_ALIVE. */
const KEEP_ALIVE_MS = 300_000;
/** A load of a model that is in memory. */
const CONFIRM_MS = 4;

/** A load that a server has carried out, or begun. */
export interface SimLoad {
  readonly model: string;
  readonly atMs: number;
  readonly cause: 'gateway' | 'chat' | 'direct';
  /** Its copy left the memory before it answered a chat. */
  isUnused: boolean;
  /** A free slot could have served the request that waited for it. */
  readonly isNeedless: boolean;
}

/** The parts that the memory of a server needs. */
export interface MemoryOptions {
  readonly clock: Clock;
  /** Models that fit, and slots of each. */
  readonly room: number;
  readonly slots: number;
  readonly hasHostMemory: boolean;
  /** A job has its model in memory. */
  readonly onReady: (job: Job, runner: Runner) => void;
  /** Whether the machine stands still. */
  readonly isFrozen: () => boolean;
}

/**
 * The models in memory, after Ollama's scheduler: requests for other models wait in one queue, whose first one blocks the rest. One
 * load at a time; it evicts an idle model, else it waits for a busy one. A load dies with its requester.
 */
export class Memory {
  readonly runners = new Map<string, Runner>();
  readonly loads: SimLoad[] = [];
  readonly #options: MemoryOptions;
  readonly #loadOf = new Map<Runner, SimLoad>();
  #queue: Job[] = [];
  #loading: { readonly job: Job; readonly load: SimLoad } | undefined;
  #victim: Runner | undefined;

  constructor(options: MemoryOptions) {
    this.#options = options;
  }

  /** The jobs that wait for a model. */
  get waiting(): readonly Job[] {
    return this.#loading === undefined ? this.#queue : [this.#loading.job, ...this.#queue];
  }

  get isLoading(): boolean {
    return this.#loading !== undefined;
  }

  /** Takes a job; returns false if the queue is full. */
  enter(job: Job): boolean {
    const runner = this.runners.get(job.model.name);
    if (runner !== undefined) this.#ready(job, runner);
    else if (this.#queue.length >= LONGEST_QUEUE) return false;
    else {
      this.#queue.push(job);
      this.work();
    }
    return true;
  }

  /** The client of a job that waits has left. */
  leave(job: Job): void {
    this.#queue = this.#queue.filter((one) => one !== job);
    if (this.#loading?.job === job) this.#loading = undefined;
    job.phase = 'ended';
    this.work();
  }

  /** A model has become idle. */
  idle(runner: Runner): void {
    const { clock } = this.#options;
    runner.idleSinceMs = clock.nowMs;
    if (runner.isExpiring) this.#evict(runner);
    else
      clock.in(KEEP_ALIVE_MS, () => {
        if (this.runners.get(runner.model.name) !== runner || !runner.isIdle) return;
        if (clock.nowMs - runner.idleSinceMs >= KEEP_ALIVE_MS) this.#evict(runner);
      });
    this.work();
  }

  /** A request without a prompt and with `keep_alive` 0: the model goes as soon as it is idle. */
  unload(model: string): void {
    const runner = this.runners.get(model);
    if (runner === undefined) return;
    runner.isExpiring = true;
    if (runner.isIdle) this.#evict(runner);
    this.work();
  }

  /** The server has died: nothing is left, and no copy counts as evicted. */
  clear(): void {
    this.runners.clear();
    this.#loadOf.clear();
    this.#queue = [];
    this.#loading = undefined;
    this.#victim = undefined;
  }

  /** Starts the next load if nothing keeps it. */
  work(): void {
    for (let [head] = this.#queue; head !== undefined && this.#loading === undefined; [head] = this.#queue) {
      const runner = this.runners.get(head.model.name);
      if (runner === undefined && this.runners.size >= this.#options.room) {
        this.#victim ??= this.#chooseVictim();
        if (this.#victim === undefined || !this.#victim.isIdle) return;
        this.#evict(this.#victim);
        continue;
      }
      this.#queue.shift();
      if (runner === undefined) this.#load(head);
      else this.#ready(head, runner);
    }
  }

  #load(job: Job): void {
    const { clock } = this.#options;
    const cause = job.chat === undefined ? 'gateway' : job.chat.direct === undefined ? 'chat' : 'direct';
    const load: SimLoad = {
      model: job.model.name,
      atMs: clock.nowMs,
      cause,
      isUnused: false,
      isNeedless: job.isNeedless,
    };
    job.phase = 'loading';
    this.loads.push(load);
    const loading = { job, load };
    this.#loading = loading;
    this.#endLoad(loading, job.model.loadMs);
  }

  #endLoad(loading: { readonly job: Job; readonly load: SimLoad }, ms: number): void {
    const { clock, slots, hasHostMemory, isFrozen } = this.#options;
    clock.in(ms, () => {
      if (this.#loading !== loading) return;
      if (isFrozen()) {
        this.#endLoad(loading, 1000);
        return;
      }
      const { job, load } = loading;
      this.#loading = undefined;
      const runner = new Runner(job.model, slots, hasHostMemory, clock.nowMs);
      this.runners.set(job.model.name, runner);
      this.#loadOf.set(runner, load);
      this.#options.onReady(job, runner);
      if (runner.isIdle) this.idle(runner);
      else this.work();
    });
  }

  #ready(job: Job, runner: Runner): void {
    if (job.chat !== undefined) this.#options.onReady(job, runner);
    else
      this.#options.clock.in(CONFIRM_MS, () => {
        if (job.phase !== 'ended') this.#options.onReady(job, runner);
      });
  }

  // Idle models first, then those that stay for the shortest time, which are all alike here, then in the order of their paths.
  #chooseVictim(): Runner | undefined {
    let best: Runner | undefined;
    for (const runner of this.runners.values()) {
      const isBetter =
        best === undefined || (runner.isIdle === best.isIdle ? runner.model.blob < best.model.blob : runner.isIdle);
      if (isBetter) best = runner;
    }
    if (best !== undefined) best.isExpiring = true;
    return best;
  }

  #evict(runner: Runner): void {
    this.runners.delete(runner.model.name);
    if (this.#victim === runner) this.#victim = undefined;
    const load = this.#loadOf.get(runner);
    if (load !== undefined) load.isUnused = runner.isUnused;
    this.#loadOf.delete(runner);
  }
}
