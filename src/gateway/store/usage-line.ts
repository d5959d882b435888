/**
 * The lines of the usage journal, as JSON arrays: `b`, a request is about to be sent to a server; `e`, it has ended; `r`, requests that a
 * limit has refused in a minute. The first seven values behind the letter are the same for `b` and `e`.
 */

/** The facts that stand when a request is sent, in their order in a line. Names that are missing are null. */
export type UsageHead = readonly [
  /** 32 hexadecimal digits of a UUIDv7; its time is that of the request. */
  id: string,
  /** The lasting id of the key; null for the master key. */
  keyId: string | null,
  teamId: string | null,
  /** The user that the key belongs to. */
  userId: string | null,
  /** The user whom the key asks for. */
  endUser: string | null,
  tags: readonly string[],
  dialect: string,
  /** Set where `hxllm.usage.client_address` is. */
  address: string | null,
];

/** The server of a request. It may change until the request ends. */
export type UsageServer = readonly [
  alias: string | null,
  model: string | null,
  backend: string | null,
  reason: string | null,
];

/** The outcome of a request, in its order in a line; times in ms. */
export type UsageEnd = readonly [
  status: number | null,
  ended: string,
  promptTokens: number,
  completionTokens: number,
  /** 1: the tokens are estimated. */
  estimated: 0 | 1,
  cost: number,
  queueMs: number | null,
  loadMs: number | null,
  firstMs: number | null,
  totalMs: number | null,
];

/** An owner of a budget, and the beginning of the period in which a request spends it, in ms since 1970. */
export type SpentBy = readonly [owner: string, startMs: number];

/** The price that a cost was found with, in USD for a token of the prompt and of the answer. */
export type UsagePrice = readonly [input: number, output: number];

/** A row as it is stored: head, server, end. Behind that the owners of budgets that it is spent by, and its price, if there are any. */
export type UsageRow = readonly [
  ...UsageHead,
  ...UsageServer,
  ...UsageEnd,
  spentBy?: readonly SpentBy[],
  price?: UsagePrice,
];

/** Requests of a key that one of its limits has refused within a minute. */
export type RefusalRow = readonly [
  id: string,
  keyId: string | null,
  teamId: string | null,
  limit: string,
  count: number,
];

/** The lines of a part of a journal. */
export interface UsageLines {
  /** Requests that have begun; empty where nobody asks for them. */
  readonly begun: readonly (readonly [...UsageHead, ...UsageServer])[];
  readonly ended: readonly UsageRow[];
  readonly refused: readonly RefusalRow[];
  /** Lines that are cut off or are no lines of a journal. */
  readonly damaged: number;
}

/** The number of values of each kind of line. A later release may add others behind them. */
const HEAD_LENGTH = 12;
const ROW_LENGTH = 22;
const REFUSAL_LENGTH = 5;
const ID = /^[0-9a-f]{12}7[0-9a-f]{19}$/;

/** The end of a row whose request a crash has cut. */
const LOST: UsageEnd = [null, 'lost', 0, 0, 0, 0, null, null, null, null];

/** Reads lines; `begun` only if they are wanted: they are half of all. */
export function usageLinesIn(text: string, wantsBegun = true): UsageLines {
  const begun: (readonly [...UsageHead, ...UsageServer])[] = [];
  const ended: UsageRow[] = [];
  const refused: RefusalRow[] = [];
  let damaged = 0;
  for (let [from, to] = [0, 0]; from < text.length; from = to + 1) {
    to = text.indexOf('\n', from);
    if (to === -1) to = text.length;
    if (to === from || (!wantsBegun && text.startsWith('["b",', from) && text.startsWith('"]', to - 2))) continue;
    const values = arrayIn(text.slice(from, to));
    const kind = values[0];
    // Each value has been looked at: the database refuses all rows of a part for a single value of another type.
    if (kind === 'e' && isRow(values)) ended.push(values.slice(1, ROW_LENGTH + 3) as unknown as UsageRow);
    else if (kind === 'b' && isHead(values))
      begun.push(values.slice(1, HEAD_LENGTH + 1) as unknown as readonly [...UsageHead, ...UsageServer]);
    else if (kind === 'r' && isRefusal(values))
      refused.push(values.slice(1, REFUSAL_LENGTH + 1) as unknown as RefusalRow);
    else damaged += 1;
  }
  return { begun, ended, refused, damaged };
}

/** The row of a request that has begun and has no end. */
export function lostRow(begun: readonly [...UsageHead, ...UsageServer]): UsageRow {
  return [...begun, ...LOST];
}

/** The time in an id, in ms since 1970. */
export function usageTimeOf(id: string): number {
  return Number.parseInt(id.slice(0, 12), 16);
}

/** The least id of a time, as its text: ids are in the order of their times, as texts as well. */
export function leastUsageIdText(ms: number): string {
  return `${Math.max(0, Math.ceil(ms)).toString(16).padStart(12, '0')}${'0'.repeat(20)}`.slice(0, 32);
}

/** The least id of a time, as it is stored. */
export function leastUsageId(ms: number): Uint8Array {
  return Buffer.from(leastUsageIdText(ms), 'hex');
}

function arrayIn(line: string): readonly unknown[] {
  try {
    const read: unknown = JSON.parse(line);
    return Array.isArray(read) ? read : [];
  } catch {
    return [];
  }
}

/** Whether the values behind the kind of a line are those of a `UsageHead` and a `UsageServer`. Written out, since a table of judges takes twice the time. */
function isHead(values: readonly unknown[]): boolean {
  return (
    values.length > HEAD_LENGTH &&
    isId(values[1]) &&
    isName(values[2]) &&
    isName(values[3]) &&
    isName(values[4]) &&
    isName(values[5]) &&
    areTags(values[6]) &&
    isText(values[7]) &&
    isName(values[8]) &&
    isName(values[9]) &&
    isName(values[10]) &&
    isName(values[11]) &&
    isName(values[12])
  );
}

function isRow(values: readonly unknown[]): boolean {
  return (
    values.length > ROW_LENGTH &&
    isHead(values) &&
    isStatus(values[13]) &&
    isText(values[14]) &&
    isCount(values[15]) &&
    isCount(values[16]) &&
    isFlag(values[17]) &&
    isCost(values[18]) &&
    isTime(values[19]) &&
    isTime(values[20]) &&
    isTime(values[21]) &&
    isTime(values[22]) &&
    areBehindRow(values[23], values[24])
  );
}

function isRefusal(values: readonly unknown[]): boolean {
  return (
    values.length > REFUSAL_LENGTH &&
    isId(values[1]) &&
    isName(values[2]) &&
    isName(values[3]) &&
    isText(values[4]) &&
    isCount(values[5])
  );
}

function isId(value: unknown): boolean {
  return typeof value === 'string' && ID.test(value);
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isName(value: unknown): boolean {
  return value === null || isText(value);
}

function areTags(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isStatus(value: unknown): boolean {
  return value === null || isCount(value);
}

function isFlag(value: unknown): boolean {
  return value === 0 || value === 1;
}

function isCost(value: unknown): boolean {
  return Number.isFinite(value) && Number(value) >= 0;
}

function isTime(value: unknown): boolean {
  return value === null || isCost(value);
}

function areBehindRow(spentBy: unknown = [], price: unknown = [0, 0]): boolean {
  return isSpentBy(spentBy) && Array.isArray(price) && price.length === 2 && isCost(price[0]) && isCost(price[1]);
}

function isSpentBy(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (one: unknown) => Array.isArray(one) && one.length === 2 && isText(one[0]) && Number.isSafeInteger(one[1]),
    )
  );
}
