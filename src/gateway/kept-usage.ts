import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { errorMessage } from '../core/error.ts';
import type { GatewayConfig, UsageConfig } from '../schema/gateway-config.ts';
import type { KeyRecords } from './key-records.ts';
import type { BudgetNotice } from './limits/budget-notices.ts';
import type { Log } from './log.ts';
import type { SpentAmount, SpentReset, UsageStore } from './store/usage-store.ts';
import { UsageFeed } from './usage/usage-feed.ts';
import { UsageRecorder } from './usage/usage-recorder.ts';

/** The folder of the journals in the state folder. */
const FOLDER = 'journal';
/** Time between two attempts to begin a journal, ms. */
const RETRY_MS = 1000;
/** Longest wait of a start for what was spent before, ms: a store that is away ends it at once. */
const READY_MS = 2000;

/** A journal with the way of its lines into the store. */
interface Running {
  readonly recorder: UsageRecorder;
  readonly feed: UsageFeed;
}

/** The use that is made of the journal, for `/health` and the metrics. */
export interface UsageState {
  readonly journalBytes: number;
  readonly mostBytes: number;
  /** Age of the oldest line of the journal that is not stored; 0: all are. */
  readonly oldestS: number;
  /** Rows that could be kept nowhere. */
  readonly rowsLost: number;
  readonly rowsStored: number;
  /** Rows that had been stored before. */
  readonly rowsKnown: number;
  /** Rows get from the journal into the database. */
  readonly isStored: boolean;
  /** Why nothing is written to the journal, or stored from it; absent if it is. */
  readonly failure: string | undefined;
}

/** The usage of a gateway. The journal begins with the first request of a gateway with keys: without a state folder or keys nothing is made. */
export class KeptUsage {
  /** Takes what other processes have spent of budgets. */
  onSpent: (amounts: readonly SpentAmount[]) => void = () => {};
  readonly #folder: string | undefined;
  readonly #config: () => UsageConfig;
  readonly #records: KeyRecords;
  readonly #log: Log;
  #running: Running | undefined;
  #failure: string | undefined;
  #triedMs = -Infinity;
  #lost = 0;
  #isClosed = false;
  #closing: Promise<void> | undefined;

  constructor(stateDir: string | undefined, config: () => UsageConfig, records: KeyRecords, log: Log) {
    this.#folder = stateDir === undefined ? undefined : join(stateDir, FOLDER);
    this.#config = config;
    this.#records = records;
    this.#log = log;
  }

  /** Begins at once if an earlier process has had journals, and waits for what it has spent of budgets. */
  async begin(): Promise<void> {
    if (this.#folder === undefined || !existsSync(this.#folder) || this.#config().record === 'never') return;
    this.#begin();
    if (this.#running === undefined) return;
    const { feed } = this.#running;
    const late = new AbortController();
    void feed.run();
    await Promise.race([feed.ready, setTimeout(READY_MS, undefined, { signal: late.signal }).catch(() => undefined)]);
    late.abort();
  }

  /** The recorder for a request; `undefined`: it is not recorded. */
  recorderFor(config: GatewayConfig): UsageRecorder | undefined {
    if (!this.#isOn(config)) return undefined;
    if (this.#running === undefined && performance.now() - this.#triedMs >= RETRY_MS) this.#begin();
    return this.#running?.recorder;
  }

  /** A request is served without a recorder: its row is lost, if it was to have one. */
  missed(config: GatewayConfig): void {
    if (this.#isOn(config)) this.#lost += 1;
  }

  /** Whether requests for models are refused, since their rows could not be kept. */
  isRefusing(config: GatewayConfig): boolean {
    if (config.usage.whenFull === 'serve') return false;
    const recorder = this.recorderFor(config);
    return recorder === undefined ? this.#failure !== undefined : recorder.isRefusing;
  }

  /** `undefined` if nothing was recorded yet. */
  get state(): UsageState | undefined {
    const running = this.#running;
    if (running === undefined && this.#failure === undefined) return undefined;
    const { journal } = running?.recorder ?? {};
    const failure = this.#failure ?? journal?.failure ?? running?.feed.failure;
    return {
      journalBytes: journal?.bytes ?? 0,
      mostBytes: this.#config().journalBytes,
      oldestS: journal?.waitingSinceMs === undefined ? 0 : (performance.now() - journal.waitingSinceMs) / 1000,
      rowsLost: this.#lost + (journal?.lostRows ?? 0),
      rowsStored: running?.feed.counts.stored ?? 0,
      rowsKnown: running?.feed.counts.known ?? 0,
      isStored: running?.feed.failure === '',
      failure: failure === '' ? undefined : failure,
    };
  }

  /** Counts a request that a limit of its key has refused. */
  refused(config: GatewayConfig, keyId: string | null, teamId: string | null, limit: string): void {
    this.recorderFor(config)?.refuse(keyId, teamId, limit, Date.now());
  }

  /** Sets what an owner has spent in a period, in all processes; `false`: no rows are kept. */
  async resetSpent(owner: string, startMs: number, to: SpentReset): Promise<boolean> {
    if (this.#config().record === 'never') return false;
    await this.flush();
    await (await this.#store()).resetSpent(owner, startMs, to);
    if (this.#running === undefined) this.#begin();
    await this.#running?.feed.readSpent();
    return true;
  }

  /** Whether no process has told this of a budget before; from now on one has. */
  async isFirstNotice({ owner, unit, startMs, limit, percent }: BudgetNotice): Promise<boolean> {
    return (await this.#store()).tellBudget({ owner: owner.id, unit, startMs, limit, percent });
  }

  /** Stores everything so far. */
  async flush(): Promise<void> {
    await this.#running?.feed.run();
  }

  /** Stores what it can; the rest stays in the journal for another process. Behind `atOnce` it waits for no room on the disk. */
  async close(atOnce?: AbortSignal): Promise<void> {
    this.#isClosed = true;
    await (this.#closing ??= this.#running?.feed.close(atOnce));
  }

  #isOn({ usage: { record }, keys }: GatewayConfig): boolean {
    if (this.#folder === undefined || record === 'never') return false;
    return record === 'always' || keys.length > 0 || this.#records.keys.size > 0;
  }

  #begin(): void {
    const folder = this.#folder;
    if (folder === undefined || this.#running !== undefined || this.#isClosed) return;
    this.#triedMs = performance.now();
    try {
      const recorder = new UsageRecorder(folder, this.#config, this.#log);
      const feed = new UsageFeed({
        recorder,
        folder,
        store: () => this.#store(),
        onSpent: (amounts) => {
          this.onSpent(amounts);
        },
        log: this.#log,
      });
      this.#running = { recorder, feed };
      this.#failure = undefined;
    } catch (error) {
      const reason = errorMessage(error);
      if (this.#failure === undefined) this.#log({ event: 'usage-not-written', folder, reason });
      this.#failure = reason;
    }
  }

  async #store(): Promise<UsageStore> {
    const opened = await this.#records.open();
    if (opened.ok) return opened.value;
    throw new Error(opened.problems[0].detail);
  }
}
