import { timeOrderedId } from '../../core/id.ts';
import type { UsageConfig } from '../../schema/gateway-config.ts';
import type { Log } from '../log.ts';
import type { SpentBy, UsageEnd, UsageServer } from '../store/usage-line.ts';
import { Journal } from './journal.ts';
import type { Segment } from './segment.ts';

const MINUTE_MS = 60_000;

/** A request that has begun, until its row is written. */
export interface OpenUsage {
  readonly recorder: UsageRecorder;
  /** The head of its lines, as JSON without brackets. */
  readonly head: string;
  readonly segment: Segment | undefined;
  isOver: boolean;
}

/** Requests that a limit of a key has refused in the running minute. */
interface Refused {
  readonly keyId: string | null;
  readonly teamId: string | null;
  readonly limit: string;
  count: number;
}

/**
 * Records requests in the journal: a line when one is about to be sent to a server, its row before the last byte of its answer, and the sums
 * of refused ones each minute.
 */
export class UsageRecorder {
  readonly journal: Journal;
  readonly #config: () => UsageConfig;
  readonly #refused = new Map<string, Refused>();
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

  /** `head` is a `UsageHead` as JSON without brackets. */
  begin(head: string, server: UsageServer): OpenUsage {
    const segment = this.journal.write(`["b",${head},${withoutBrackets(server)}]`);
    if (segment !== undefined) segment.open += 1;
    return { recorder: this, head, segment, isOver: false };
  }

  /** Writes a row, once, with the owners of budgets that it is spent by. With `hxllm.usage.sync: always` the result resolves when it is on the disk; it never fails. */
  end(
    open: OpenUsage,
    server: UsageServer,
    end: UsageEnd,
    spentBy: readonly SpentBy[] = [],
  ): Promise<void> | undefined {
    if (open.isOver) return undefined;
    open.isOver = true;
    if (open.segment !== undefined) open.segment.open -= 1;
    const owners = spentBy.length === 0 ? '' : `,${JSON.stringify(spentBy)}`;
    this.journal.write(`["e",${open.head},${withoutBrackets(server)},${withoutBrackets(end)}${owners}]`, true);
    if (!this.#config().isSynced || this.journal.isFull) return undefined;
    return this.journal.synced().catch(() => {
      // The journal tells; the answer is not to blame.
    });
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

function withoutBrackets(values: readonly unknown[]): string {
  return JSON.stringify(values).slice(1, -1);
}
