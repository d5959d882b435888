import { slotsOf, type Model } from '../models/model.ts';
import type { KeepAlive } from './keep-alive.ts';
import type { Options } from './options.ts';
import { Slots } from './slots.ts';

// 128 KiB per token, as for a model of eight billion parameters with grouped-query attention.
const CACHE_BYTES_PER_TOKEN = 131_072;

/** A model in memory: its slots, its users, and its expiry. */
export class Runner {
  readonly model: Model;
  readonly options: Options;
  readonly slots: Slots;
  /** Context length of one slot: the requested one, limited to the one the model was trained with. */
  readonly contextLength: number;
  readonly sizeBytes: number;
  /** Requests that hold the runner, in a slot or waiting for one. */
  users = 0;
  keepAlive: KeepAlive;
  /** Expiry time. It is set when the last request ends, so a busy runner may show a time in the past. */
  expiresAt = new Date();
  timer: NodeJS.Timeout | undefined;
  /** Prompts that are read or wait for it, and answers that are given. */
  prompts = 0;
  answers = 0;
  /** Resolves when the last of these prompts has been read, with that time. */
  lastPrompt: Promise<number> = Promise.resolve(0);
  /** Aborts when the runner's process dies. */
  readonly death = new AbortController();
  readonly #blocked = new Set<Promise<void>>();

  constructor(model: Model, options: Options, numParallel: number, keepAlive: KeepAlive) {
    const slots = slotsOf(model, numParallel);
    this.model = model;
    this.options = options;
    this.slots = new Slots(slots);
    this.contextLength = Math.min(options.numCtx, model.trainedContext);
    this.sizeBytes = model.sizeBytes + slots * this.contextLength * CACHE_BYTES_PER_TOKEN;
    this.keepAlive = keepAlive;
  }

  /** Holds every slot until a client has taken a chunk: one slow reader freezes all answers of a model. */
  async blockOn(taken: Promise<void>): Promise<void> {
    this.#blocked.add(taken);
    try {
      await taken;
    } finally {
      this.#blocked.delete(taken);
    }
  }

  /** Resolves when no slow reader holds the runner. */
  async flowing(): Promise<void> {
    while (this.#blocked.size > 0) await Promise.all(this.#blocked);
  }
}
