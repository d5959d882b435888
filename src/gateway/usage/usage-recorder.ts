import { errorStack } from '../../core/error.ts';
import { timeOrderedId } from '../../core/id.ts';
import type { UsageConfig } from '../../schema/gateway-config.ts';
import type { Log } from '../log.ts';
import { Journal } from './journal.ts';
import type { Segment } from './segment.ts';

const MINUTE_MS = 60_000;

/** A request that has begun, until its row is written. */
export interface OpenUsage {
  readonly recorder: UsageRecorder;
  /** The head of its lines, as JSON without brackets. */
  readonly head: string;
  /** The segment that its beginning is in, as soon as it is written. */
  segment: Segment | undefined;
  isOver: boolean;
}

/** Continues a request whose line is written. */
type Go = () => void;

/** Requests that a limit of a key has refused in the running minute. */
interface Refused {
  readonly keyId: string | null;
  readonly teamId: string | null;
  readonly limit: string;
  count: number;
}

/**
 * Records requests in the journal: a line when one is about to be sent to a server, its row before the last byte of its answer, and the sums
 * of refused ones each minute. The lines of a turn of the event loop are one write, since each one blocks all requests: requests to servers
 * and last bytes of answers leave at the end of their turn.
 */
export class UsageRecorder {
  readonly journal: Journal;
  readonly #config: () => UsageConfig;
  readonly #refused = new Map<string, Refused>();
  /** Of this turn: the lines, the number of rows in them, and the requests that they begin and end. */
  #lines = '';
  #rows = 0;
  #begun: OpenUsage[] = [];
  #ended: OpenUsage[] = [];
  /** Requests that go on when the lines are written, and answers whose rows may have to be on the disk first. */
  #waiting: Go[] = [];
  #answers: Go[] = [];
  #isDue = false;
  #minute = 0;
  #wasNearlyFull = false;
  readonly #log: Log;

  constructor(folder: string, config: () => UsageConfig, log: Log, segmentBytes?: number) {
    this.#config = config;
    this.#log = log;
    this.journal = new Journal({
      folder,
      mostBytes: () => this.#config().journalBytes,
      onState: (reason) => {
        const event = reason === undefined ? 'usage-written-again' : 'usage-not-written';
        log({ event, folder, reason, rows_lost: this.journal.lostRows });
      },
      ...(segmentBytes === undefined ? {} : { segmentBytes }),
    });
  }

  /** Whether requests for models are refused, since their rows could not be kept. */
  get isRefusing(): boolean {
    return this.journal.isFull && this.#config().whenFull === 'refuse';
  }

  /** Part of the room for journals that is used, 0 to 1. */
  get fill(): number {
    return this.journal.bytes / this.#config().journalBytes;
  }

  /**
   * Begins a request. `head` is a `UsageHead` and `server` a `UsageServer`, as JSON without brackets. `go` is called when the line is written;
   * without it the line is written at once.
   */
  begin(head: string, server: string, go?: Go): OpenUsage {
    const open: OpenUsage = { recorder: this, head, segment: undefined, isOver: false };
    this.#begun.push(open);
    this.#add(`["b",${head},${server}]`);
    this.#hold(this.#waiting, go);
    return open;
  }

  /**
   * Writes the row of a request, once: `end` is a `UsageEnd` as JSON without brackets, `behind` a list of `SpentBy` as JSON, and perhaps a `UsagePrice`. `go` is called when
   * it is written, with `hxllm.usage.sync: always` when it is on the disk.
   */
  end(open: OpenUsage, server: string, end: string, behind?: string, go?: Go): void {
    if (open.isOver) {
      go?.();
      return;
    }
    open.isOver = true;
    this.#ended.push(open);
    this.#rows += 1;
    this.#add(`["e",${open.head},${server},${end}${behind === undefined ? '' : `,${behind}`}]`);
    this.#hold(this.#answers, go);
  }

  /** Calls a function when the lines so far are written. */
  whenWritten(go: Go): void {
    if (this.#lines === '') go();
    else this.#waiting.push(go);
  }

  /** Writes the lines of this turn. */
  flush(): void {
    if (this.#lines === '') return;
    const [lines, rows, begun, ended] = [this.#lines, this.#rows, this.#begun, this.#ended];
    const [waiting, answers] = [this.#waiting, this.#answers];
    [this.#lines, this.#rows] = ['', 0];
    [this.#begun, this.#ended, this.#waiting, this.#answers] = [[], [], [], []];
    this.journal.write(lines, rows, (segment) => {
      for (const open of begun) {
        if (open.isOver || segment === undefined) continue;
        open.segment = segment;
        segment.open += 1;
      }
      for (const { segment: before } of ended) if (before !== undefined) before.open -= 1;
    });
    this.#go(waiting);
    if (answers.length === 0) return;
    if (this.#config().isSynced && !this.journal.isFull) void this.#goSynced(answers);
    else this.#go(answers);
  }

  #add(line: string): void {
    this.#lines = this.#lines === '' ? line : `${this.#lines}\n${line}`;
  }

  #hold(list: Go[], go: Go | undefined): void {
    if (go === undefined) {
      this.flush();
      return;
    }
    list.push(go);
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.flush();
    });
  }

  #go(list: readonly Go[]): void {
    for (const go of list)
      try {
        go();
      } catch (error) {
        // A bug costs its request, and none of the others of this turn.
        this.#log({ event: 'request-error', error: errorStack(error) });
      }
  }

  async #goSynced(list: readonly Go[]): Promise<void> {
    await this.journal.synced().catch(() => {
      // The journal tells; the answers are not to blame.
    });
    this.#go(list);
  }

  /** Counts a request that a limit has refused. */
  refuse(keyId: string | null, teamId: string | null, limit: string, nowMs: number): void {
    if (Math.floor(nowMs / MINUTE_MS) !== this.#minute) this.writeRefused(nowMs);
    const name = `${limit}\n${keyId ?? ''}`;
    const known = this.#refused.get(name);
    if (known === undefined) this.#refused.set(name, { keyId, teamId, limit, count: 1 });
    else known.count += 1;
  }

  /** Writes the sums of a minute that is over, or of the running one: several lines of a minute add up. */
  writeRefused(nowMs: number): void {
    for (const { keyId, teamId, limit, count } of this.#refused.values())
      this.journal.write(
        `["r",${JSON.stringify([timeOrderedId(this.#minute * MINUTE_MS), keyId, teamId, limit, count]).slice(1)}`,
      );
    this.#refused.clear();
    this.#minute = Math.floor(nowMs / MINUTE_MS);
  }

  /** Tells once when most of the room is used, and once when it is not. */
  tellFill(): void {
    const isNearlyFull = this.fill >= 0.8;
    if (isNearlyFull === this.#wasNearlyFull) return;
    this.#wasNearlyFull = isNearlyFull;
    const { folder } = this.journal;
    this.#log({
      event: 'usage-journal',
      folder,
      state: isNearlyFull ? 'nearly-full' : 'has-room',
      bytes: this.journal.bytes,
    });
  }
}
