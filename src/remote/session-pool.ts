import { setTimeout as delay } from 'node:timers/promises';
import type { CallOptions, Command, CommandResult } from '../core/host.ts';
import { fail, type Problem, type Result } from '../core/problem.ts';
import type { SshSettings } from './ssh/settings.ts';
import { stopped } from './ssh/unreachable.ts';

/** sshd refused to open one more session on this connection. */
export const FULL = 'full';

/** Concurrent sessions on one connection. OpenSSH's MaxSessions is 10, and forwards need some. */
const SESSIONS_MAX = 8;
const CONNECTIONS_MAX = 8;

/** sshd frees a session a moment after the client saw its end. */
const FREED_AFTER_MS = [20, 50, 100, 200, 400] as const;

/** An open connection, with the tunnel that leads to it. */
export interface Link {
  /** Runs one command in its own session. `onOpen` is called with the session; its result with the session's end. */
  run(command: Command, options: CallOptions, onOpen: () => () => void): Promise<Result<CommandResult> | typeof FULL>;
  close(): Promise<void>;
}

interface CountedLink {
  readonly link: Link;
  /** Sessions that run or are about to be opened. */
  taken: number;
  /** Sessions that sshd has accepted. */
  accepted: number;
}

/** Runs commands in sessions of their own. Where sshd allows fewer on a connection than are needed, it opens further connections. */
export class SessionPool {
  readonly #settings: SshSettings;
  readonly #openAnother: (signal: AbortSignal) => Promise<Result<Link>>;
  readonly #links: CountedLink[] = [];
  readonly #waiting: (() => void)[] = [];
  #perLink = SESSIONS_MAX;
  #opening = 0;
  #closed = false;

  constructor(settings: SshSettings, first: Link, openAnother: (signal: AbortSignal) => Promise<Result<Link>>) {
    this.#settings = settings;
    this.#openAnother = openAnother;
    this.#add(first);
  }

  async run(command: Command, options: CallOptions): Promise<Result<CommandResult>> {
    for (let attempt = 0; ;) {
      const link = await this.#take(options.signal);
      if ('ok' in link) return link;
      try {
        const ran = await link.link.run(command, options, () => {
          link.accepted += 1;
          return () => void (link.accepted -= 1);
        });
        if (ran !== FULL) return ran;
        if (link.accepted > 0) this.#perLink = Math.min(this.#perLink, link.accepted);
        else if (attempt < FREED_AFTER_MS.length) await delay(FREED_AFTER_MS[attempt++]);
        else return fail(noSessions(this.#settings));
      } finally {
        link.taken -= 1;
        this.#waiting.shift()?.();
      }
    }
  }

  /** Closes all connections, and those that are just being opened. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#links.map(({ link }) => link.close()));
  }

  #add(link: Link): CountedLink {
    const added = { link, taken: 0, accepted: 0 };
    this.#links.push(added);
    return added;
  }

  /** A connection with room for one more session, added. */
  async #take(signal: AbortSignal): Promise<CountedLink | Result<never>> {
    for (;;) {
      if (signal.aborted) return fail(stopped(this.#settings.name));
      const free = this.#links.find(({ taken }) => taken < this.#perLink);
      if (free !== undefined) {
        free.taken += 1;
        return free;
      }
      if (this.#links.length + this.#opening >= CONNECTIONS_MAX) await this.#roomOr(signal);
      else {
        const opened = await this.#open(signal);
        if ('ok' in opened) return opened;
        opened.taken += 1;
        return opened;
      }
    }
  }

  /** Waits until a session ends, or the signal ends the wait. */
  #roomOr(signal: AbortSignal): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  async #open(signal: AbortSignal): Promise<CountedLink | Result<never>> {
    this.#opening += 1;
    try {
      const opened = await this.#openAnother(signal);
      if (!opened.ok) return opened;
      if (!this.#closed) return this.#add(opened.value);
      await opened.value.close();
      return fail(stopped(this.#settings.name));
    } finally {
      this.#opening -= 1;
    }
  }
}

function noSessions({ name, hostName, command }: SshSettings): Problem {
  return {
    code: 'host.no-session',
    summary: `${name}: sshd opens no session`,
    detail: `Expected sshd on ${hostName} to open a session, found that it refuses even the first one of a connection (MaxSessions 0 in sshd_config, or no free terminals or processes).`,
    fix: `${command} true  # and on the host: sudo sshd -T | grep -i maxsessions`,
    where: { host: name },
  };
}
