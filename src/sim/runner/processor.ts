import { nowMs } from '../wire/time.ts';
import { wait } from '../wire/wait.ts';
import type { Runner } from './runner.ts';

/** Speed of the simulated machine. */
export interface Speed {
  readonly tokenMs: number;
  readonly prefillMsPerToken: number;
  /** Prompts of a model are read one by one, and all answers and models slow each other down. */
  readonly gpu: boolean;
}

/** Tokens of a prompt in one batch. */
const BATCH = 512;
/** Gain of each further answer in a batch, and loss of several models that are busy at once: after llama.cpp on one GPU. */
const BATCH_GAIN = 0.45;
const SHARING = 0.92;
/** Time after which a step is measured again at the speed of that moment, ms. */
const SLICE_MS = 20;
/** A longer pause of the whole process is a machine that stands still, ms. */
const STALL_MS = 1000;

/** The machine on which all runners of a server work. */
export class Processor {
  /** A part of the stated speed; 1 is all of it. */
  speed = 1;
  readonly #stated: Speed;
  readonly #runners: () => readonly Runner[];

  constructor(stated: Speed, runners: () => readonly Runner[]) {
    this.#stated = stated;
    this.#runners = runners;
  }

  /**
   * Takes the time of one token of an answer, from the time `fromMs` at which the one before ended; returns the time at which it ended.
   * The machine works on while this process is late. Throws Gone as soon as the signal aborts.
   */
  async token(runner: Runner, fromMs: number, signal: AbortSignal): Promise<number> {
    const stepMs = (): number => this.#tokenMs(runner);
    const lateMs = this.#stated.gpu ? STALL_MS : stepMs();
    return progress(1, stepMs, Math.max(fromMs, nowMs() - lateMs), signal);
  }

  /** Takes the time of so many tokens of a prompt, on a GPU after the earlier prompts of the model; returns the time at which it ended. */
  async read(runner: Runner, tokens: number, signal: AbortSignal): Promise<number> {
    const { prefillMsPerToken, gpu } = this.#stated;
    const fromMs = nowMs();
    if (tokens <= 0 || prefillMsPerToken <= 0) return fromMs;
    if (!gpu) {
      await wait((prefillMsPerToken * tokens) / this.speed, signal);
      return nowMs();
    }
    const done = Promise.withResolvers<number>();
    const before = runner.lastPrompt;
    runner.lastPrompt = done.promise;
    runner.prompts += 1;
    let endMs = fromMs;
    try {
      endMs = Math.max(fromMs, await before);
      endMs = await progress(tokens, () => this.#batchMs(runner) / BATCH, endMs, signal);
      return endMs;
    } finally {
      runner.prompts -= 1;
      done.resolve(endMs);
    }
  }

  #tokenMs(runner: Runner): number {
    const { tokenMs, gpu } = this.#stated;
    if (!gpu) return tokenMs / this.speed;
    return runner.prompts > 0 ? this.#batchMs(runner) : this.#stepMs(runner) / this.#share();
  }

  // A batch has tokens of one prompt and one token of each answer.
  #batchMs(runner: Runner): number {
    return (BATCH * this.#stated.prefillMsPerToken + this.#stepMs(runner)) / this.#share();
  }

  #stepMs({ answers }: Runner): number {
    return answers === 0 ? 0 : (this.#stated.tokenMs * answers) / (1 + BATCH_GAIN * (answers - 1));
  }

  #share(): number {
    const busy = this.#runners().filter(({ prompts, answers }) => prompts + answers > 0).length;
    return this.speed / Math.max(1, busy) ** SHARING;
  }
}

/** Works off `amount` units at a speed that changes, from a time on; returns the time at which that ended, which may be past. */
async function progress(amount: number, unitMs: () => number, fromMs: number, signal: AbortSignal): Promise<number> {
  let left = amount;
  let atMs = fromMs;
  for (;;) {
    const stepMs = unitMs();
    const untilMs = nowMs();
    if (stepMs > 0 && untilMs - atMs >= left * stepMs) return atMs + left * stepMs;
    if (stepMs > 0) left -= (untilMs - atMs) / stepMs;
    await wait(Math.min(left * stepMs, SLICE_MS), signal);
    if (stepMs <= 0) return nowMs();
    atMs = Math.max(untilMs, nowMs() - STALL_MS);
  }
}
