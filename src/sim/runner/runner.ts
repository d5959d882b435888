import { slotsOf, type Model } from '../models/model.ts';
import type { KeepAlive } from './keep-alive.ts';
import type { Options } from './options.ts';
import { Slots } from './slots.ts';

// 128 KiB a token, as for a model of eight billion parameters with grouped attention.
const CACHE_BYTES_PER_TOKEN = 131_072;

/** A model in memory: its slots, who uses it, and how long it stays. */
export class Runner {
  readonly model: Model;
  readonly options: Options;
  readonly slots: Slots;
  /** What one slot really holds: what was asked, clipped to what the model was trained for. */
  readonly contextLength: number;
  readonly sizeBytes: number;
  /** Requests that hold it, waiting for a slot or in one. */
  users = 0;
  keepAlive: KeepAlive;
  /** When it goes; set when its last request ends, so a busy one may show the past. */
  expiresAt = new Date();
  timer: NodeJS.Timeout | undefined;
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

  /** Holds every slot until a client has taken what was sent to it: one slow reader freezes all of a model's answers. */
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
