import type { Clock } from '../clock.ts';
import type { SimRequest } from '../request.ts';
import { createJob, type Job, type JobListener } from './job.ts';
import { Memory, type SimLoad } from './memory.ts';
import { shareOf, type SimModel } from './model.ts';
import type { Runner, Steps } from './runner.ts';

/** The parts of a simulated server. */
export interface ServerSpec {
  /** Models that fit in memory. */
  readonly room: number;
  /** Slots of each loaded model. */
  readonly slots: number;
  /** 1 is a machine that runs models at their stated speed. */
  readonly speed: number;
  /** Displaced prompts are kept in host memory. */
  readonly hasHostMemory: boolean;
}

/** A simulated Ollama server: memory, runners and one machine that they share. */
export class SimServer {
  readonly url: string;
  readonly spec: ServerSpec;
  readonly #clock: Clock;
  readonly #memory: Memory;
  #slow = 1;
  #isDown = false;
  #advancedMs = 0;
  /** The version of the progress event that counts. */
  #turn = 0;
  /** The most requests of the gateway that one model had beyond its slots. */
  mostOver = 0;

  constructor(url: string, spec: ServerSpec, clock: Clock) {
    this.url = url;
    this.spec = spec;
    this.#clock = clock;
    this.#memory = new Memory({
      clock,
      room: spec.room,
      slots: spec.slots,
      hasHostMemory: spec.hasHostMemory,
      onReady: (job, runner) => {
        this.#onReady(job, runner);
      },
      isFrozen: () => this.isFrozen,
    });
  }

  /** Connections are taken, and nothing is answered. */
  get isFrozen(): boolean {
    return this.#slow === 0;
  }

  get isDown(): boolean {
    return this.#isDown;
  }

  get loads(): readonly SimLoad[] {
    return this.#memory.loads;
  }

  get isLoading(): boolean {
    return this.#memory.isLoading;
  }

  /** Models in memory, as `/api/ps` lists them; `undefined` if it does not answer. */
  list(): readonly string[] | undefined {
    return this.#isDown || this.isFrozen ? undefined : [...this.#memory.runners.keys()];
  }

  /** Slots of a model that are free; 0 if it is not in memory, or the server answers nothing. */
  freeSlots(model: string): number {
    const runner = this.#memory.runners.get(model);
    if (runner === undefined || runner.isExpiring || this.#isDown || this.isFrozen) return 0;
    return Math.max(0, this.spec.slots - runner.load);
  }

  /** Sends a request: a chat, or a load if there is none. `isNeedless` is noted with the load. */
  send(model: SimModel, chat: SimRequest | undefined, listener: JobListener, isNeedless = false): Job {
    const job = createJob({ model, chat, listener, isNeedless }, this.#clock.nowMs);
    if (this.#isDown) this.#fail(job, 'refused');
    else {
      this.#advance();
      if (!this.#memory.enter(job)) this.#fail(job, 'busy');
      this.#update();
    }
    return job;
  }

  /** The client of a job has left. */
  leave(job: Job): void {
    if (job.phase === 'ended') return;
    this.#advance();
    const runner = this.#memory.runners.get(job.model.name);
    if (job.phase === 'queued' || job.phase === 'loading') this.#memory.leave(job);
    else if (runner !== undefined) {
      runner.leave(job, this.#clock.nowMs);
      if (runner.isIdle) this.#memory.idle(runner);
    }
    this.#update();
  }

  /** Unloads a model as soon as it is idle. */
  unload(model: string): void {
    if (this.#isDown || this.isFrozen) return;
    this.#memory.unload(model);
    this.#update();
  }

  /** The machine runs at a part of its speed from now on; at 0 nothing is answered. */
  setSlow(slow: number): void {
    this.#advance();
    this.#slow = slow;
    this.#update();
  }

  /** Every connection breaks, the memory is empty, and no connection is taken. */
  die(): void {
    const jobs = [...[...this.#memory.runners.values()].flatMap((runner) => runner.jobs), ...this.#memory.waiting];
    this.#isDown = true;
    this.#memory.clear();
    this.#update();
    for (const job of jobs) this.#fail(job, 'broken');
  }

  /** The server is back, with nothing in memory. */
  start(): void {
    this.#isDown = false;
  }

  #fail(job: Job, why: 'busy' | 'broken' | 'refused'): void {
    if (job.phase === 'ended') return;
    job.phase = 'ended';
    if (!job.isAbandoned)
      this.#clock.in(0, () => {
        job.listener.onFailed(job, why);
      });
  }

  #onReady(job: Job, runner: Runner): void {
    if (job.chat === undefined) {
      job.phase = 'ended';
      job.listener.onEnd(job);
      return;
    }
    this.#advance();
    runner.enter(job, this.#clock.nowMs);
    const own = runner.jobs.filter(({ chat, isAbandoned }) => chat?.direct === undefined && !isAbandoned).length;
    this.mostOver = Math.max(this.mostOver, own - this.spec.slots);
    this.#update();
  }

  #advance(): void {
    const ms = this.#clock.nowMs - this.#advancedMs;
    this.#advancedMs = this.#clock.nowMs;
    if (ms > 0) for (const runner of this.#memory.runners.values()) runner.advance(ms);
  }

  // Sets the speeds after a change, and when the next step is due.
  #update(): void {
    let busy = 0;
    for (const runner of this.#memory.runners.values()) if (!runner.isIdle) busy += 1;
    const share = this.spec.speed * this.#slow * shareOf(Math.max(1, busy));
    let untilMs = Infinity;
    for (const runner of this.#memory.runners.values()) {
      runner.setShare(share);
      untilMs = Math.min(untilMs, runner.untilStepMs);
    }
    this.#turn += 1;
    const turn = this.#turn;
    if (untilMs < Infinity)
      this.#clock.in(untilMs, () => {
        if (turn === this.#turn) this.#step();
      });
  }

  #step(): void {
    this.#advance();
    const steps: Steps = { first: [], ended: [] };
    for (const runner of this.#memory.runners.values()) {
      const wasIdle = runner.isIdle;
      runner.step(this.#clock.nowMs, steps);
      if (!wasIdle && runner.isIdle) this.#memory.idle(runner);
    }
    this.#update();
    for (const job of steps.first) job.listener.onFirst(job);
    for (const job of steps.ended) job.listener.onEnd(job);
  }
}
