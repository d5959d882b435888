import { basename } from 'node:path';
import { isMainThread, parentPort, Worker, workerData, type MessagePort } from 'node:worker_threads';
import { errorMessage } from '../../core/error.ts';
import { isObject } from '../../core/json.ts';
import type { Problem } from '../../core/problem.ts';
import { RecordDatabase } from './database.ts';
import type { Commit, RecordChange, RecordKind, RecordPage, RecordQuery, StoredRecord } from './key-store.ts';
import { JournalRecovery } from './journal-recovery.ts';
import { openDatabase, sqliteCode } from './open-database.ts';
import { readPart } from './journal-part.ts';
import { UsageRows } from './usage-rows.ts';
import { UsageReader } from './usage-reader.ts';
import type {
  RecoveredPart,
  SpentPage,
  SpentReset,
  StoredPart,
  StoredUsage,
  SumQuery,
  ToldNotice,
  UsageFilter,
  UsageQuery,
} from './usage-store.ts';

/** Tells this thread from other workers of a process. */
const STORE_TASK = 'hxllm: keep keys';

/** Time between two looks for changes of another process, ms. */
const LOOK_MS = 200;
/** Rows that a step of removal takes, so that other calls do not wait for long: of 5 million rows 250 take some 20 ms. */
const PRUNED_AT_ONCE = 250;

/** A call of the store, as it goes to the thread. */
export type StoreCall =
  | { readonly call: 'since'; readonly kind: RecordKind; readonly revision: number; readonly limit: number }
  | { readonly call: 'find'; readonly query: RecordQuery }
  | { readonly call: 'commit'; readonly changes: readonly RecordChange[] }
  | { readonly call: 'append-usage'; readonly file: string; readonly from: number }
  | { readonly call: 'sync-usage' }
  | { readonly call: 'recover-usage'; readonly folder: string; readonly own: string }
  | { readonly call: 'prune-usage'; readonly nowMs: number }
  | { readonly call: 'sum-usage'; readonly query: SumQuery }
  | { readonly call: 'cost-before'; readonly toMs: number }
  | { readonly call: 'costs-of-day'; readonly filter: UsageFilter; readonly dayMs: number }
  | { readonly call: 'spent-since'; readonly revision: number; readonly own: string }
  | {
      readonly call: 'reset-spent';
      readonly owner: string;
      readonly startMs: number;
      readonly to: SpentReset;
    }
  | { readonly call: 'tell-budget'; readonly notice: ToldNotice }
  | { readonly call: 'find-usage'; readonly query: UsageQuery }
  | { readonly call: 'close' };

/** The answer to a call. */
export type StoreValue =
  | readonly StoredRecord[]
  | RecordPage
  | Commit
  | StoredPart
  | readonly StoredUsage[]
  | Uint8Array<ArrayBuffer>
  | number
  | SpentPage
  | RecoveredPart
  | boolean
  | undefined;

/** A message of the thread: the database is open, a call has ended, or another process has written. */
export type StoreMessage =
  | { readonly opened: readonly Problem[] }
  | { readonly id: number; readonly value: StoreValue }
  | { readonly id: number; readonly code: string; readonly message: string }
  | { readonly changed: true };

/** Starts a thread that opens a file and serves calls. Its first message is `opened`. */
export function startStoreThread(file: string): Worker {
  // The gateway is packed into one file: in there, this module's URL is that of the whole program. Node's own arguments are those of a start.
  return new Worker(new URL(import.meta.url), { workerData: { task: STORE_TASK, file }, execArgv: [] });
}

function serve(file: string, port: MessagePort): void {
  const send = (message: StoreMessage): void => {
    // Bytes go over as they are: the event loop reads no long list.
    const bytes = 'value' in message && message.value instanceof Uint8Array ? [message.value.buffer] : [];
    port.postMessage(message, bytes);
  };
  const opened = openDatabase(file);
  send({ opened: opened.ok ? [] : opened.problems });
  if (!opened.ok) return;
  const database = new RecordDatabase(opened.value);
  let version = database.version();
  const timer = setInterval(() => {
    try {
      const now = database.version();
      if (now === version) return;
      version = now;
      send({ changed: true });
    } catch {
      // The next call says what is wrong.
    }
  }, LOOK_MS);
  const rows = new UsageRows(opened.value);
  const usage = new UsageReader(opened.value);
  const recovery = new JournalRecovery(rows);
  const answer = (call: StoreCall): StoreValue => {
    if (call.call === 'since') return database.since(call.kind, call.revision, call.limit);
    if (call.call === 'find') return database.find(call.query);
    if (call.call === 'commit') return database.commit(call.changes);
    if (call.call === 'append-usage') return append(rows, call);
    if (call.call === 'sync-usage') {
      rows.sync();
      return undefined;
    }
    if (call.call === 'recover-usage') return recovery.step(call.folder, call.own, Date.now());
    if (call.call === 'prune-usage') return rows.prune(call.nowMs, PRUNED_AT_ONCE);
    if (call.call === 'sum-usage') return jsonBytes(usage.sums(call.query));
    if (call.call === 'cost-before') return usage.costBefore(call.toMs);
    if (call.call === 'costs-of-day') return jsonBytes(usage.costs(call.filter, call.dayMs));
    if (call.call === 'spent-since') return rows.spent.since(call.revision, call.own);
    if (call.call === 'reset-spent') {
      rows.spent.reset(call.owner, call.startMs, call.to);
      return undefined;
    }
    if (call.call === 'tell-budget') return rows.spent.tell(call.notice);
    if (call.call === 'find-usage') return usage.rows(call.query);
    clearInterval(timer);
    recovery.close();
    database.close();
    return undefined;
  };
  port.on('message', ({ id, call }: { readonly id: number; readonly call: StoreCall }) => {
    try {
      send({ id, value: answer(call) });
    } catch (error) {
      send({ id, code: `sqlite.${String(sqliteCode(error))}`, message: errorMessage(error) });
    }
    if (call.call === 'close') port.close();
  });
}

function append(rows: UsageRows, { file, from }: { readonly file: string; readonly from: number }): StoredPart {
  const { lines, next } = readPart(file, from, false);
  const added = rows.add(basename(file).replace(/\..*$/, ''), lines, Date.now());
  return { next, added, known: lines.ended.length - added, damaged: lines.damaged };
}

/** The encoder's bytes have memory of their own, which can go to another thread. */
const encoder = new TextEncoder();

function jsonBytes(value: object): Uint8Array<ArrayBuffer>;
function jsonBytes(value: object | undefined): Uint8Array<ArrayBuffer> | undefined;
function jsonBytes(value: object | undefined): Uint8Array<ArrayBuffer> | undefined {
  return value === undefined ? undefined : encoder.encode(JSON.stringify(value));
}

const given: unknown = workerData;
if (!isMainThread && parentPort !== null && isObject(given) && given['task'] === STORE_TASK)
  serve(String(given['file']), parentPort);
