const WINDOW_MS = 60_000;
/** Seconds that a window touches: a bucket lives until a minute after its last request. */
const BUCKETS = 61;

/**
 * The requests of the last minute, counted in buckets of one second. A bucket counts until 60 s after its last request, so that no 60 s have
 * more than the limit, and a request is refused only if the last 61 s were full. After a pause all may come at once. Instead of a token
 * bucket, which refuses a script that sends its minute at once and still lets 1.17 times the limit through. One takes 900 bytes.
 */
export class SlidingMinute {
  readonly #counts = new Uint32Array(BUCKETS);
  /** Of each bucket the time of its last request, exactly: rounded up it would refuse longer than 60 s, rounded down too short. */
  readonly #lastMs = new Float64Array(BUCKETS);
  /** The oldest and the newest second that may have requests. */
  #oldest = 0;
  #newest = -1;
  #used = 0;

  /** Requests that count now. `nowMs` never goes back. */
  used(nowMs: number): number {
    this.#expire(nowMs);
    return this.#used;
  }

  /** The time until a further request fits under a limit of at least 1, in ms; 0: it fits now. */
  waitMs(limit: number, nowMs: number): number {
    this.#expire(nowMs);
    let excess = this.#used + 1 - limit;
    for (let second = this.#oldest; excess > 0 && second <= this.#newest; second += 1) {
      excess -= this.#counts[second % BUCKETS] ?? 0;
      if (excess <= 0) return this.#endOf(second) - nowMs;
    }
    return 0;
  }

  /** The time until no request counts any more, in ms. */
  emptyInMs(nowMs: number): number {
    this.#expire(nowMs);
    return this.#used === 0 ? 0 : this.#endOf(this.#newest) - nowMs;
  }

  /** Counts a request. */
  take(nowMs: number): void {
    this.#expire(nowMs);
    const second = Math.floor(nowMs / 1000);
    if (this.#used === 0) this.#oldest = second;
    this.#newest = second;
    this.#counts[second % BUCKETS] = (this.#counts[second % BUCKETS] ?? 0) + 1;
    this.#lastMs[second % BUCKETS] = nowMs;
    this.#used += 1;
  }

  #endOf(second: number): number {
    return (this.#lastMs[second % BUCKETS] ?? 0) + WINDOW_MS;
  }

  #expire(nowMs: number): void {
    while (this.#used > 0) {
      const at = this.#oldest % BUCKETS;
      const count = this.#counts[at] ?? 0;
      if (count > 0 && this.#endOf(this.#oldest) > nowMs) return;
      this.#used -= count;
      this.#counts[at] = 0;
      this.#oldest += 1;
    }
  }
}
