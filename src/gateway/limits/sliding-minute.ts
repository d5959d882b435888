const WINDOW_MS = 60_000;
/** Seconds that a window touches: a bucket lives until a minute after its last request. */
const BUCKETS = 61;

/** An amount, and until when it counts. */
export interface UsedSecond {
  readonly amount: number;
  readonly untilMs: number;
}

/**
 * Requests or tokens of the last minute, counted in buckets of one second. A bucket counts until 60 s after its last request, so that no 60 s
 * have more than the limit, and a request is refused only if the last 61 s were full. After a pause all may come at once. Instead of a token
 * bucket, which refuses a script that sends its minute at once and still lets 1.17 times the limit through. One takes 1.2 KB.
 */
export class SlidingMinute {
  readonly #amounts = new Float64Array(BUCKETS);
  /** Of each bucket the time of its last request, exactly: rounded up it would refuse longer than 60 s, rounded down too short. */
  readonly #lastMs = new Float64Array(BUCKETS);
  /** The oldest and the newest second that may have requests. */
  #oldest = 0;
  #newest = -1;
  #used = 0;

  /** The amount that counts now. `nowMs` never goes back. */
  used(nowMs: number): number {
    this.#expire(nowMs);
    return this.#used;
  }

  /** The time until a further amount fits under a limit, in ms; 0: it fits now. An amount above the limit fits when nothing else counts. */
  waitMs(limit: number, amount: number, nowMs: number): number {
    this.#expire(nowMs);
    let excess = Math.min(this.#used, this.#used + amount - limit);
    for (let second = this.#oldest; excess > 0 && second <= this.#newest; second += 1) {
      const freed = this.#amounts[second % BUCKETS] ?? 0;
      excess -= freed;
      if (freed > 0 && excess <= 0) return this.#endOf(second) - nowMs;
    }
    return 0;
  }

  /** The time until nothing counts any more, in ms. */
  emptyInMs(nowMs: number): number {
    this.#expire(nowMs);
    if (this.#used === 0) return 0;
    let last = this.#newest;
    while ((this.#amounts[last % BUCKETS] ?? 0) === 0) last -= 1;
    return this.#endOf(last) - nowMs;
  }

  /** Counts an amount, a whole number; returns the second that it is counted in. */
  take(amount: number, nowMs: number): number {
    this.#expire(nowMs);
    const second = Math.floor(nowMs / 1000);
    if (amount === 0) return second;
    if (this.#used === 0) this.#oldest = second;
    this.#newest = second;
    this.#amounts[second % BUCKETS] = (this.#amounts[second % BUCKETS] ?? 0) + amount;
    this.#lastMs[second % BUCKETS] = nowMs;
    this.#used += amount;
    return second;
  }

  /** Counts a part of the amount of {@link take} no longer, if its second still counts. */
  giveBack(second: number, amount: number, nowMs: number): void {
    this.#expire(nowMs);
    if (this.#used === 0 || second < this.#oldest || second > this.#newest) return;
    const at = second % BUCKETS;
    const given = Math.min(amount, this.#amounts[at] ?? 0);
    this.#amounts[at] = (this.#amounts[at] ?? 0) - given;
    this.#used -= given;
  }

  /** Its seconds that count now. */
  seconds(nowMs: number): readonly UsedSecond[] {
    this.#expire(nowMs);
    const seconds: UsedSecond[] = [];
    if (this.#used === 0) return seconds;
    for (let second = this.#oldest; second <= this.#newest; second += 1) {
      const amount = this.#amounts[second % BUCKETS] ?? 0;
      if (amount > 0) seconds.push({ amount, untilMs: this.#endOf(second) });
    }
    return seconds;
  }

  /** Counts the seconds of another process as its own; an amount below zero was given back there. */
  adopt(seconds: readonly UsedSecond[], nowMs: number): void {
    this.#expire(nowMs);
    for (const { amount, untilMs } of seconds) {
      const lastMs = Math.min(untilMs - WINDOW_MS, nowMs);
      if (lastMs + WINDOW_MS <= nowMs) continue;
      const second = Math.floor(lastMs / 1000);
      if (amount < 0) {
        this.giveBack(second, -amount, nowMs);
        continue;
      }
      const at = second % BUCKETS;
      this.#oldest = this.#used === 0 ? second : Math.min(this.#oldest, second);
      this.#newest = this.#used === 0 ? second : Math.max(this.#newest, second);
      const known = this.#amounts[at] ?? 0;
      this.#lastMs[at] = known === 0 ? lastMs : Math.max(this.#lastMs[at] ?? 0, lastMs);
      this.#amounts[at] = known + amount;
      this.#used += amount;
    }
  }

  #endOf(second: number): number {
    return (this.#lastMs[second % BUCKETS] ?? 0) + WINDOW_MS;
  }

  #expire(nowMs: number): void {
    while (this.#used > 0) {
      const at = this.#oldest % BUCKETS;
      const amount = this.#amounts[at] ?? 0;
      if (amount > 0 && this.#endOf(this.#oldest) > nowMs) return;
      this.#used -= amount;
      this.#amounts[at] = 0;
      this.#oldest += 1;
    }
  }
}
