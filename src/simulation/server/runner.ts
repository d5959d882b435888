import type { Job } from './job.ts';
import { ratesOf, type Rates, type SimModel } from './model.ts';
import { PromptCache } from './prompt-cache.ts';

/** Rest of a token that counts as done. */
const DONE = 1e-6;

/** The jobs that have made a step. */
export interface Steps {
  readonly first: Job[];
  readonly ended: Job[];
}

/** A model in memory: slots, behind them a hidden queue, prompts one by one, answers together. */
export class Runner {
  readonly model: SimModel;
  /** A runner that has answered no chat yet. */
  isUnused = true;
  /** It goes as soon as it is idle. */
  isExpiring = false;
  idleSinceMs: number;
  readonly #cache: PromptCache;
  readonly #waiting: Job[] = [];
  readonly #prefills: Job[] = [];
  readonly #decoding: Job[] = [];
  #rates: Rates = { prefill: 0, decode: 0 };

  constructor(model: SimModel, slots: number, hasHostMemory: boolean, nowMs: number) {
    this.model = model;
    this.#cache = new PromptCache(slots, hasHostMemory);
    this.idleSinceMs = nowMs;
  }

  get isIdle(): boolean {
    return this.#prefills.length + this.#decoding.length + this.#waiting.length === 0;
  }

  /** Slots in use, and jobs that wait for one. */
  get load(): number {
    return this.#prefills.length + this.#decoding.length + this.#waiting.length;
  }

  /** Every job, in no particular order. */
  get jobs(): readonly Job[] {
    return [...this.#prefills, ...this.#decoding, ...this.#waiting];
  }

  enter(job: Job, nowMs: number): void {
    job.phase = 'inside';
    job.insideMs = nowMs;
    this.isUnused = false;
    this.#waiting.push(job);
    this.#fill(nowMs);
  }

  /** The client of a job has left. A prompt that is being read is read to its end. */
  leave(job: Job, nowMs: number): void {
    if (job.phase === 'prefill') {
      job.isAbandoned = true;
      return;
    }
    for (const list of [this.#waiting, this.#prefills, this.#decoding])
      if (list.includes(job)) list.splice(list.indexOf(job), 1);
    if (job.phase === 'decode') this.#endSlot(job, false);
    else if (job.slot !== undefined) this.#endSlot(job, false);
    job.phase = 'ended';
    this.#fill(nowMs);
  }

  /** Sets the speed until the next change; `share` is 0 while the machine stands still. */
  setShare(share: number): void {
    const { prefill, decode } = ratesOf(this.model, this.#prefills.length > 0, this.#decoding.length);
    this.#rates = { prefill: prefill * share, decode: decode * share };
  }

  /** Time until the next step, ms. */
  get untilStepMs(): number {
    const { prefill, decode } = this.#rates;
    let tokens = Infinity;
    for (const { decodeLeft } of this.#decoding) tokens = Math.min(tokens, decodeLeft);
    const [reading] = this.#prefills;
    const prefillMs = reading === undefined || prefill === 0 ? Infinity : reading.prefillLeft / prefill;
    return Math.max(0, Math.min(prefillMs, decode === 0 ? Infinity : tokens / decode));
  }

  /** Time has passed. */
  advance(ms: number): void {
    const { prefill, decode } = this.#rates;
    const [reading] = this.#prefills;
    if (reading !== undefined) reading.prefillLeft -= ms * prefill;
    for (const job of this.#decoding) job.decodeLeft -= ms * decode;
  }

  /** Carries out the steps that are due. */
  step(nowMs: number, steps: Steps): void {
    for (let index = this.#decoding.length - 1; index >= 0; index -= 1) {
      const job = this.#decoding[index];
      if (job === undefined || job.decodeLeft > DONE) continue;
      this.#decoding.splice(index, 1);
      this.#end(job, steps);
    }
    for (
      let [reading] = this.#prefills;
      reading !== undefined && reading.prefillLeft <= DONE;
      [reading] = this.#prefills
    ) {
      this.#prefills.shift();
      if (reading.isAbandoned) {
        this.#endSlot(reading, false);
        reading.phase = 'ended';
      } else {
        reading.firstMs = nowMs;
        reading.decodeLeft = (reading.chat?.outputTokens ?? 1) - 1;
        steps.first.push(reading);
        if (reading.decodeLeft <= 0) this.#end(reading, steps);
        else {
          reading.phase = 'decode';
          this.#decoding.push(reading);
        }
      }
      this.#startReading(nowMs);
    }
    this.#fill(nowMs);
  }

  #end(job: Job, steps: Steps): void {
    this.#endSlot(job, true);
    job.phase = 'ended';
    steps.ended.push(job);
  }

  #endSlot({ slot, chat }: Job, isComplete: boolean): void {
    if (slot === undefined || chat === undefined) return;
    this.#cache.leave(slot, isComplete ? [...chat.prefix, chat.answer] : chat.prefix);
  }

  // Gives idle slots to the jobs that wait.
  #fill(nowMs: number): void {
    for (let [job] = this.#waiting; job !== undefined; [job] = this.#waiting) {
      const taken = this.#cache.take(job.chat?.prefix ?? []);
      if (taken === undefined) break;
      this.#waiting.shift();
      job.slot = taken.slot;
      job.prefillTokens = Math.max(1, (job.chat?.promptTokens ?? 1) - taken.cover);
      job.prefillLeft = job.prefillTokens;
      this.#prefills.push(job);
    }
    this.#startReading(nowMs);
  }

  #startReading(nowMs: number): void {
    const [reading] = this.#prefills;
    if (reading?.phase !== 'inside') return;
    reading.phase = 'prefill';
    reading.prefillMs = nowMs;
  }
}
