import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '../core/error.ts';
import { fail, ok, type Result } from '../core/problem.ts';
import { KeyFollower } from './keys/key-follower.ts';
import { StoredKeys } from './keys/stored-keys.ts';
import type { Log } from './log.ts';
import type { GatewayStore } from './store/key-store.ts';
import { openSqliteStore } from './store/sqlite-store.ts';

/** The database in the state folder. */
const FILE = 'gateway.db';
/** Time between two looks for a database that another instance makes, ms. */
const LOOK_MS = 1000;
/** For so long after it has taken over, an instance may be asked with a key that the one before has just made, ms. */
const SHARED_MS = 60_000;

/**
 * The store of keys of a gateway, and its keys in memory. Without keys there is no database: the first one that is made through the API makes
 * it, here or in another instance.
 */
export class KeyRecords {
  readonly keys = new StoredKeys();
  /** `undefined` without a state folder: then keys can stand in the operator's files alone. */
  readonly file: string | undefined;
  /** The file with the operator's own keys, for messages. */
  readonly configFile: string;
  /** Told how long each call of the store took. */
  onAnswer: (call: string, tookMs: number) => void = () => {};
  readonly #log: Log;
  #store: GatewayStore | undefined;
  #follower: KeyFollower | undefined;
  #opening: Promise<Result<GatewayStore>> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(stateDir: string | undefined, log: Log, configFile = 'config.yaml') {
    this.configFile = configFile;
    this.file = stateDir === undefined ? undefined : join(stateDir, FILE);
    this.#log = log;
  }

  /** The store, if it is open. */
  get store(): GatewayStore | undefined {
    return this.#store;
  }

  /** Reads the keys of a database that exists, and waits for one that does not. Its Problems refuse a start. */
  async begin(): Promise<Result<undefined>> {
    const { file } = this;
    if (file === undefined) return ok(undefined);
    if (await exists(file)) {
      const opened = await this.open();
      if (!opened.ok) return opened;
    } else this.#await(file);
    return ok(undefined);
  }

  /** The store, which is made if it does not exist. */
  open(): Promise<Result<GatewayStore>> {
    if (this.#store !== undefined) return Promise.resolve(ok(this.#store));
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** This instance has taken over: for a while an unknown key is looked for in the store. */
  tookOver(): void {
    const untilMs = performance.now() + SHARED_MS;
    this.keys.lookAgain = () => {
      if (performance.now() < untilMs) return this.#lookNow().catch(() => {});
      this.keys.lookAgain = () => undefined;
      return undefined;
    };
  }

  /** Everything that was stored before the call is in memory behind it. */
  async follow(): Promise<void> {
    await this.#follower?.follow();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    await this.#opening;
    await this.#store?.close();
  }

  async #open(): Promise<Result<GatewayStore>> {
    const { file } = this;
    if (file === undefined) return fail(NO_FOLDER);
    const opened = await openSqliteStore(file);
    if (!opened.ok) return opened;
    const store = opened.value;
    store.onAnswer((call, tookMs) => {
      this.onAnswer(call, tookMs);
    });
    const follower = new KeyFollower(store, this.keys, (reason) => {
      this.#log({ event: 'keys-not-read', file, reason });
    });
    try {
      await follower.follow();
    } catch (error) {
      await store.close();
      return fail({
        code: 'state.damaged',
        summary: 'the keys in the database cannot be read',
        detail: `Expected the records that the gateway writes, found: ${errorMessage(error)}.`,
        fix: `sudo mv ${file} ${file}.damaged  # then put the file of a backup there`,
        where: { file },
      });
    }
    this.#store = store;
    this.#follower = follower;
    clearInterval(this.#timer);
    store.onEnd((reason) => {
      this.#store = undefined;
      if (this.#isClosed) return;
      this.#log({ event: 'keys-not-read', file, reason });
      this.#await(file);
    });
    return opened;
  }

  /** Its first key may have made the database, too. */
  async #lookNow(): Promise<void> {
    const { file } = this;
    if (this.#store !== undefined) await this.follow();
    else if (file !== undefined && (await exists(file))) await this.open();
  }

  #await(file: string): void {
    clearInterval(this.#timer);
    let told = '';
    const look = async (): Promise<void> => {
      if (this.#store !== undefined || !(await exists(file))) return;
      const opened = await this.open();
      const reason = opened.ok ? '' : (opened.problems[0]?.detail ?? '');
      if (reason !== '' && reason !== told) this.#log({ event: 'keys-not-read', file, reason });
      told = reason;
    };
    this.#timer = setInterval(() => void look(), LOOK_MS);
    this.#timer.unref();
  }
}

const NO_FOLDER = {
  code: 'state.no-folder',
  summary: 'the gateway has no folder for keys',
  detail: 'Expected hxllm.state_dir (or STATE_DIRECTORY of systemd), found neither.',
  fix: 'set hxllm.state_dir in config.yaml to an absolute path, and restart the gateway',
};

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
