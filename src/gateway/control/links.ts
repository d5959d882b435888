import { errorStack } from '../../core/error.ts';
import type { Problem } from '../../core/problem.ts';
import { DecidingSide } from './deciding-side.ts';
import { HoldingSide } from './holding-side.ts';
import { silentHolder } from './instance-problems.ts';
import type { Link } from './link.ts';
import { eldersOf, type LinkConnection, type LinkRole, type LinksOptions } from './links-options.ts';
import type { DecidingMessage, HoldingMessage } from './messages.ts';

/**
 * Time for which nothing is decided about the slots of an instance whose connection has broken, ms: its requests have left their servers by
 * then, or it has come back.
 */
const RECOVERY_MS = 1000;
/** The same for an instance that has moved to a newer one, which will decide for this one, too. */
const MOVED_MS = 3000;
/** Time for the first message of an instance, and between two attempts to reach it again, ms. */
const HOLDS_MS = 3000;
const RETRY_MS = 500;
/** Time in which a new decider is looked for, ms. */
const LONGEST_SEARCH_MS = 3000;

interface Holding {
  readonly link: Link;
  readonly side: HoldingSide;
  readonly peer: string;
}

interface Deciding {
  readonly link: Link;
  readonly side: DecidingSide;
}

/** The links of an instance: at most one to the instance that decides for it, and those to instances for which it decides. */
export class Links {
  readonly #options: LinksOptions;
  #holding: Holding | undefined;
  readonly #deciding = new Map<string, Deciding>();
  #isClosed = false;
  /** Number of the search for a decider that counts. */
  #searches = 0;

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  /** Takes a connection of another instance, which takes the given side. */
  accept(peer: string, role: LinkRole, connection: LinkConnection): void {
    if (role === 'decides') this.#hold(peer, connection);
    else this.#decide(peer, connection);
  }

  /** Decides for another instance from now on; returns the Problem if it does not answer. `hasMinutes`: another one tells the minutes that it has used. */
  async claim(peer: string, hasMinutes = false): Promise<Problem | undefined> {
    const { place, connect } = this.#options;
    const opened = await connect(peer, 'decides');
    if (!opened.ok) return opened.problems[0];
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#decide(peer, opened.value, resolve, hasMinutes);
    const timer = setTimeout(resolve, HOLDS_MS, false);
    const isKnown = await promise;
    clearTimeout(timer);
    if (isKnown) return undefined;
    return silentHolder({ id: peer, folder: place.folder }, HOLDS_MS);
  }

  /** Has another instance decide about the requests of this one until the returned function is called. */
  async askFrom(peer: string): Promise<() => void> {
    const opened = await this.#options.connect(peer, 'holds');
    if (!opened.ok) throw new Error(opened.problems[0].detail);
    const link = this.#hold(peer, opened.value);
    return () => {
      link.send({ kind: 'bye' });
      link.close();
    };
  }

  /** Has an instance carry out a load that only its configuration knows; `false` if none does. */
  load(replica: string, deployment: string): boolean {
    for (const { side } of this.#deciding.values()) if (side.load(replica, deployment)) return true;
    return false;
  }

  /** Decides for no other instance after all: each decides again for itself. */
  release(): void {
    this.#options.scheduler.delegation.delegate({ decider: undefined });
    for (const { link, side } of this.#deciding.values()) {
      link.send({ kind: 'abort' });
      side.drop();
      link.close();
    }
    this.#deciding.clear();
  }

  /** This instance has nothing any more. */
  close(): void {
    this.#isClosed = true;
    this.#holding?.link.send({ kind: 'bye' });
    this.#holding?.link.close();
    this.release();
  }

  #hold(peer: string, connection: LinkConnection): Link {
    const { scheduler } = this.#options;
    const { delegation } = scheduler;
    // Before anything is given up: a slot that comes free meanwhile is for the other instance to give.
    delegation.delegate({ decider: undefined });
    const former = this.#holding;
    this.#holding = undefined;
    former?.link.send({ kind: 'moved' });
    former?.link.close();
    for (const one of this.#deciding.values()) {
      one.side.drop();
      one.link.close();
    }
    this.#deciding.clear();
    const send = (message: HoldingMessage): void => {
      link.send(message);
    };
    const onAbort = (): void => {
      if (this.#holding?.link !== link) return;
      this.#holding = undefined;
      link.close();
      void this.#findDecider(0);
    };
    const side = new HoldingSide({ ...this.#options, send, onAbort });
    const link = connection({
      onMessage: (message) => {
        side.receive(message as DecidingMessage);
      },
      onEnd: (_why, error) => {
        this.#noteError(peer, error);
        this.#onDeciderGone(link);
      },
    });
    this.#holding = { link, side, peer };
    side.begin();
    return link;
  }

  #noteError(peer: string, error: unknown): void {
    if (error !== undefined) this.#options.log({ event: 'link_failed', to: peer, error: errorStack(error) });
  }

  #onDeciderGone(link: Link): void {
    if (this.#holding?.link !== link) return;
    this.#holding = undefined;
    this.#options.scheduler.delegation.delegate({ decider: undefined });
    void this.#findDecider(RECOVERY_MS);
  }

  // The decider may only be restarted. If it is not, the newest instance with work decides for the elder ones; after a while each does so
  // for itself, since slots would be lost.
  async #findDecider(afterMs: number): Promise<void> {
    const { mayDecide, peers, place, started, scheduler, now } = this.#options;
    if (!mayDecide()) return;
    this.#searches += 1;
    const search = this.#searches;
    const endMs = now() + LONGEST_SEARCH_MS;
    for (let pauseMs = afterMs; ; pauseMs = RETRY_MS) {
      if (pauseMs > 0) await pause(pauseMs);
      const isLate = now() > endMs;
      const elders = isLate ? [] : eldersOf({ instance: place.id, started }, await peers());
      const isOver = (): boolean => this.#isClosed || this.#holding !== undefined || search !== this.#searches;
      if (isOver()) return;
      if (elders === undefined) continue;
      await Promise.all(elders.map(({ instance }) => this.claim(instance)));
      if (isOver()) return;
      scheduler.delegation.delegate(undefined);
      return;
    }
  }

  #decide(peer: string, connection: LinkConnection, onHolds?: (isKnown: boolean) => void, hasMinutes = false): void {
    let ending: 'bye' | 'moved' | undefined;
    const send = (message: DecidingMessage): void => {
      link.send(message);
    };
    const side = new DecidingSide({ ...this.#options, peer, send, hasMinutes });
    const link = connection({
      onMessage: (message) => {
        const { kind } = message;
        if (kind === 'holds') {
          this.#replace(peer, { link, side }, message);
          onHolds?.(true);
        } else if (kind === 'bye' || kind === 'moved') ending = kind;
        else side.receive(message as HoldingMessage);
      },
      onEnd: (why, error) => {
        this.#noteError(peer, error);
        onHolds?.(false);
        if (why === 'said' || this.#deciding.get(peer)?.link !== link) return;
        if (ending === 'bye') this.#forget(peer, link);
        else this.#onHolderGone(peer, { link, side }, ending === 'moved' ? MOVED_MS : RECOVERY_MS);
      },
    });
  }

  // The knowledge about the instance is replaced in one turn: no slot is given in between.
  #replace(peer: string, next: Deciding, holds: Extract<HoldingMessage, { kind: 'holds' }>): void {
    const { scheduler } = this.#options;
    const { delegation } = scheduler;
    const { decider } = delegation;
    const isDelegated = scheduler.fleet.isDelegated;
    delegation.delegate({ decider });
    const former = this.#deciding.get(peer);
    this.#deciding.set(peer, next);
    former?.side.drop();
    former?.link.close();
    next.side.receive(holds);
    if (!isDelegated) delegation.delegate(undefined);
  }

  #forget(peer: string, link: Link): void {
    const known = this.#deciding.get(peer);
    if (known?.link !== link) return;
    this.#deciding.delete(peer);
    known.side.drop();
  }

  #onHolderGone(peer: string, { link, side }: Deciding, afterMs: number): void {
    side.stopWaiting();
    setTimeout(() => {
      this.#forget(peer, link);
    }, afterMs).unref();
    this.#options.log({ event: 'link_lost', to: peer });
    void this.#reclaim(peer, afterMs);
  }

  // The other instance may live: then it is to share its slots again.
  async #reclaim(peer: string, afterMs: number): Promise<void> {
    const { mayDecide, peers } = this.#options;
    for (let pauseMs = afterMs > RECOVERY_MS ? afterMs : RETRY_MS; ; pauseMs = RETRY_MS) {
      await pause(pauseMs);
      if (this.#isClosed || this.#holding !== undefined || !mayDecide()) return;
      const state = (await peers()).find(({ instance }) => instance === peer)?.state;
      if (state === undefined || state === 'standby' || state === 'starting') return;
      if (state !== 'silent' && (await this.claim(peer)) === undefined) return;
    }
  }
}

/** Nothing here keeps a process running that has come to its end. */
async function pause(ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
