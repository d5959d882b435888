import { Link, type LinkClock, type LinkHandlers } from '../../../src/gateway/control/link.ts';
import type { LinkConnection } from '../../../src/gateway/control/links-options.ts';
import type { SharedInstance, VirtualTime } from './shared-instance.ts';

/** Connections of instances, with delays. */
export class VirtualNetwork {
  /** Each connection, to be closed when one of its ends dies. */
  readonly open = new Set<{ readonly ends: readonly SharedInstance[]; close(): void }>();
  readonly #time: VirtualTime;
  readonly #delayMs: () => number;

  constructor(time: VirtualTime, delayMs: () => number) {
    this.#time = time;
    this.#delayMs = delayMs;
  }

  // Two ends of a connection: texts come in order, after a delay.
  /** Connects two instances. */
  pair(a: SharedInstance, b: SharedInstance): readonly [LinkConnection, LinkConnection] {
    const links: (Link | undefined)[] = [undefined, undefined];
    const early: string[][] = [[], []];
    let isClosed = false;
    const due = [0, 0];
    const later = (side: 0 | 1, act: () => void): void => {
      due[side] = Math.max(due[side] ?? 0, this.#time.nowMs + this.#delayMs());
      setTimeout(act, (due[side] ?? 0) - this.#time.nowMs);
    };
    const close = (): void => {
      if (isClosed) return;
      isClosed = true;
      this.open.delete(connection);
      for (const side of [0, 1] as const) {
        later(side, () => {
          if (connection.ends[side]?.isFrozen !== true) links[side]?.closed();
        });
      }
    };
    const connection = { ends: [a, b], close };
    this.open.add(connection);
    const endOf = (side: 0 | 1, self: SharedInstance): LinkConnection => {
      const other = side === 0 ? 1 : 0;
      return (handlers: LinkHandlers): Link => {
        const link = new Link({
          ...handlers,
          transport: {
            write: (text) => {
              if (isClosed || self.state === 'dead' || self.isFrozen) return;
              later(other, () => {
                const target = links[other];
                const [to] = other === 0 ? [a] : [b];
                if (to === undefined || to.state === 'dead' || to.isFrozen) return;
                if (target === undefined) early[other]?.push(text);
                else target.receive(text);
              });
            },
            close,
          },
          clock: this.#clockOf(self),
          originMs: 0,
        });
        links[side] = link;
        for (const text of early[side] ?? []) link.receive(text);
        return link;
      };
    };
    return [endOf(0, a), endOf(1, b)];
  }

  #clockOf(self: SharedInstance): LinkClock {
    return {
      now: () => this.#time.nowMs,
      after: (ms, act) => {
        const timer = setTimeout(act, ms);
        return () => {
          clearTimeout(timer);
        };
      },
      every: (ms, act) => {
        const timer = setInterval(() => {
          if (!self.isFrozen && self.state !== 'dead') act();
        }, ms);
        return () => {
          clearInterval(timer);
        };
      },
    };
  }
}
