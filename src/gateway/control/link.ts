import { readMessage, writeMessage, type LinkMessage } from './messages.ts';

/** Timers of a link. */
export interface LinkClock {
  /** Calls again and again; returns the end of it. */
  every(ms: number, act: () => void): () => void;
  after(ms: number, act: () => void): () => void;
  now(): number;
}

/** The clock of the process. Nothing here keeps it running. */
export const PROCESS_CLOCK: LinkClock = {
  every: (ms, act) => {
    const timer = setInterval(act, ms).unref();
    return () => {
      clearInterval(timer);
    };
  },
  after: (ms, act) => {
    const timer = setTimeout(act, ms).unref();
    return () => {
      clearTimeout(timer);
    };
  },
  now: () => performance.now(),
};

/** A connection of two instances. */
export interface LinkTransport {
  write(text: string): void;
  close(): void;
}

/** The actions of a side of a link. */
export interface LinkHandlers {
  readonly onMessage: (message: LinkMessage) => void;
  /** Called once. `said`: this side has ended it. */
  readonly onEnd: (why: LinkEnd, error?: unknown) => void;
}

/** The parts of a link. */
export interface LinkOptions extends LinkHandlers {
  readonly transport: LinkTransport;
  readonly clock: LinkClock;
  readonly originMs: number;
}

/** The end of a link; `failed`: a message could not be carried out, which ends the link and not the process. */
export type LinkEnd = 'closed' | 'silent' | 'unreadable' | 'failed' | 'said';

const BEAT_MS = 500;
/** Silence of the other side after which the link is over, ms. */
export const SILENCE_MS = 2500;
/** Longest line, characters: a hand-over of 10,000 waiters has 20 MB. */
const MOST_LENGTH = 256 * 1024 * 1024;

/** Messages between two instances, a line each. Both send beats, so that a side that hangs is noticed. */
export class Link {
  readonly #options: LinkOptions;
  readonly #stops: (() => void)[];
  #heardMs: number;
  #beatMs: number;
  #parts: string[] = [];
  #length = 0;
  #isOver = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    const { clock } = options;
    this.#heardMs = clock.now();
    this.#beatMs = this.#heardMs;
    this.#stops = [
      clock.every(BEAT_MS, () => {
        this.send({ kind: 'beat' });
        const nowMs = clock.now();
        // A process that was stopped itself first reads what has come meanwhile.
        const wasStopped = nowMs - this.#beatMs > 2 * BEAT_MS;
        this.#beatMs = nowMs;
        if (!wasStopped && nowMs - this.#heardMs > SILENCE_MS) this.#end('silent');
      }),
    ];
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  send(message: LinkMessage): void {
    const { transport, originMs } = this.#options;
    if (!this.#isOver) transport.write(`${writeMessage(message, originMs)}\n`);
  }

  /** Takes text of the other side. */
  receive(text: string): void {
    if (this.#isOver) return;
    const { clock, originMs } = this.#options;
    this.#heardMs = clock.now();
    const lines = text.split('\n');
    const last = lines.pop() ?? '';
    for (const [index, line] of lines.entries()) {
      const whole = index === 0 ? this.#parts.join('') + line : line;
      if (index === 0) [this.#parts, this.#length] = [[], 0];
      const message = readMessage(whole, originMs);
      if (message === undefined) this.#end('unreadable');
      else if (message.kind !== 'beat') this.#carryOut(message);
      if (this.#isOver) return;
    }
    this.#parts.push(last);
    this.#length += last.length;
    if (this.#length > MOST_LENGTH) this.#end('unreadable');
  }

  /** The connection is closed. */
  closed(): void {
    this.#end('closed');
  }

  /** Ends the link from this side. */
  close(): void {
    this.#end('said');
  }

  #carryOut(message: LinkMessage): void {
    try {
      this.#options.onMessage(message);
    } catch (error) {
      this.#end('failed', error);
    }
  }

  #end(why: LinkEnd, error?: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const stop of this.#stops) stop();
    this.#options.transport.close();
    this.#options.onEnd(why, error);
  }
}
