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

/** The values of each kind of line. A later release may add others behind them. */
const HEAD = [isId, isName, isName, isName, isName, areTags, isText, isName, isName, isName, isName, isName];
const ROW = [...HEAD, isStatus, isText, isCount, isCount, isFlag, isCost, isTime, isTime, isTime, isTime];
const REFUSAL = [isId, isName, isName, isText, isCount];
const ID = /^[0-9a-f]{12}7[0-9a-f]{19}$/;

/** The end of a row whose request a crash has cut. */
const LOST: UsageEnd = [null, 'lost', 0, 0, 0, 0, null, null, null, null];

/** Reads lines; `begun` only if they are wanted: they are half of all. */
export function usageLinesIn(text: string, wantsBegun = true): UsageLines {
  const begun: (readonly [...UsageHead, ...UsageServer])[] = [];
  const ended: UsageRow[] = [];
  const refused: RefusalRow[] = [];
  let damaged = 0;
  for (const line of text.split('\n')) {
    if (line === '' || (!wantsBegun && line.startsWith('["b",') && line.endsWith('"]'))) continue;
    const [kind, ...values] = arrayIn(line);
    // Each value has been looked at: the database refuses all rows of a part for a single value of another type.
    if (kind === 'b' && areValues(values, HEAD))
      begun.push(values.slice(0, HEAD.length) as unknown as readonly [...UsageHead, ...UsageServer]);
    else if (kind === 'e' && areValues(values, ROW) && areBehindRow(values[ROW.length], values[ROW.length + 1]))
      ended.push(values.slice(0, ROW.length + 2) as unknown as UsageRow);
    else if (kind === 'r' && areValues(values, REFUSAL)) refused.push(values.slice(0, 5) as unknown as RefusalRow);
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

/** The least id of a time: ids are in the order of their times. */
export function leastUsageId(ms: number): Uint8Array {
  return Buffer.from(
    `${Math.max(0, Math.ceil(ms)).toString(16).padStart(12, '0')}${'0'.repeat(20)}`.slice(0, 32),
    'hex',
  );
}

function arrayIn(line: string): readonly unknown[] {
  try {
    const read: unknown = JSON.parse(line);
    return Array.isArray(read) ? read : [];
  } catch {
    return [];
  }
}

function areValues(values: readonly unknown[], judges: readonly ((value: unknown) => boolean)[]): boolean {
  return values.length >= judges.length && judges.every((judge, index) => judge(values[index]));
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
