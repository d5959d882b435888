import type { UsedMinutes } from './owner-uses.ts';
import type { UsedSecond } from './sliding-minute.ts';

const WINDOW_MS = 60_000;

/** The minutes that another instance has been told. */
export class ToldMinutes {
  readonly #told = new Map<string, UsedMinutes>();

  constructor(told: readonly UsedMinutes[]) {
    for (const one of told) this.#told.set(nameOf(one), one);
  }

  /**
   * Tells the minutes of some owners again: the differences, which are the amounts that were counted in between, and, below zero, those that
   * were given back.
   */
  tell(used: readonly UsedMinutes[], nowMs: number): readonly UsedMinutes[] {
    const changed: UsedMinutes[] = [];
    for (const one of used) {
      const { kind, id, requests, tokens } = one;
      const former = this.#told.get(nameOf(one));
      this.#told.set(nameOf(one), one);
      const more = {
        requests: difference(former?.requests ?? [], requests, nowMs),
        tokens: difference(former?.tokens ?? [], tokens, nowMs),
      };
      if (more.requests.length + more.tokens.length > 0) changed.push({ kind, id, ...more });
    }
    return changed;
  }
}

function nameOf({ kind, id }: UsedMinutes): string {
  return `${kind === 'end user' ? 'u' : 'k'}${id}`;
}

function difference(before: readonly UsedSecond[], used: readonly UsedSecond[], nowMs: number): readonly UsedSecond[] {
  const known = new Map(before.map((one) => [secondOf(one), one]));
  const changed: UsedSecond[] = [];
  for (const one of used) {
    const { amount, untilMs } = one;
    const second = secondOf(one);
    const more = amount - (known.get(second)?.amount ?? 0);
    known.delete(second);
    if (more !== 0) changed.push({ amount: more, untilMs });
  }
  // A second whose amount was given back as a whole is told no more, and so is one that counts no more.
  for (const { amount, untilMs } of known.values()) if (untilMs > nowMs) changed.push({ amount: -amount, untilMs });
  return changed;
}

/** A second counts until a minute after its last request. */
function secondOf({ untilMs }: UsedSecond): number {
  return Math.floor((untilMs - WINDOW_MS) / 1000);
}
