import { patienceMs, type SimRequest } from './request.ts';

const TARGET_MS = 2000;
/** Target in the first 15 s of use of a model that was idle for 5 min, ms. */
const COLD_TARGET_MS = 15_000;
const COLD_MS = 15_000;
const IDLE_MS = 300_000;

/** The TTFT within which a request meets its target, from the uses of its model so far. */
export class Targets {
  readonly #lastUseMs = new Map<string, number>();
  readonly #coldUntilMs = new Map<string, number>();

  /** The target of a request that is sent now, ms. */
  sent(request: Pick<SimRequest, 'model' | 'class'>, nowMs: number): number {
    const { model } = request;
    if (nowMs - (this.#lastUseMs.get(model) ?? -Infinity) >= IDLE_MS) this.#coldUntilMs.set(model, nowMs + COLD_MS);
    this.#lastUseMs.set(model, nowMs);
    if (request.class === 'batch') return patienceMs(request);
    return nowMs < (this.#coldUntilMs.get(model) ?? -Infinity) ? COLD_TARGET_MS : TARGET_MS;
  }

  /** A request has ended. */
  ended({ model }: Pick<SimRequest, 'model'>, nowMs: number): void {
    this.#lastUseMs.set(model, nowMs);
  }
}
