import type { Ended, RequestContext, RequestRecord } from '../request-context.ts';
import { keyIdOf, type ClientKey } from '../keys/client-key.ts';
import type { Price } from '../../schema/price.ts';
import { costOf, priceFor } from './prices.ts';
import { shownName } from '../usage/shown-name.ts';

/** The time up to here is read from the id, which has it in front. */
const ID_PREFIX = 'req_'.length;

/** Begins the usage of a request that is about to be sent to a server, once; `go` sends it, when its line is written. */
export function beginUsage(context: RequestContext, go: () => void): void {
  const { service, usage, record } = context;
  if (usage !== undefined) {
    usage.recorder.whenWritten(go);
    return;
  }
  const recorder = service.usage?.recorderFor(service.config);
  if (recorder === undefined) {
    service.usage?.missed(service.config);
    go();
  } else context.usage = recorder.begin(headOf(context), serverOf(record), go);
}

/** Writes the row of a request; `go` sends the last byte of its answer behind it. */
export function endUsage(
  { service, usage, record, startedMs }: RequestContext,
  status: number | undefined,
  ended: Ended,
  go: () => void,
): void {
  if (usage === undefined || usage.isOver) {
    go();
    return;
  }
  const { usage: counted, modelId, queueMs, loadMs, firstMs } = record;
  const { promptTokens = 0, completionTokens = 0, estimated = false } = counted ?? {};
  const cost = counted === undefined ? 0 : costOf(counted, service.config, modelId);
  const tokens = `${String(promptTokens)},${String(completionTokens)},${estimated ? '1' : '0'},${String(cost)}`;
  const times = `${tenths(queueMs)},${tenths(loadMs)},${tenths(firstMs)},${tenths(performance.now() - startedMs)}`;
  const end = `${status === undefined ? 'null' : String(status)},"${ended}",${tokens},${times}`;
  const behind = counted === undefined ? record.spentBy : behindRow(record, priceFor(service.config, modelId));
  usage.recorder.end(usage, serverOf(record), end, behind, go);
}

/**
 * Ends the usage of a request whose response is closed: the row of one that was cut, since others have written theirs before their last byte. A
 * request that a limit has refused is counted: it has no row, since no server got it.
 */
export function closeUsage(context: RequestContext, status: number | undefined, ended: Ended): void {
  const { service, key, record, usage } = context;
  if (usage !== undefined) endUsage(context, status, ended, nothing);
  if (record.limitedBy === undefined) return;
  service.usage?.refused(service.config, key === undefined ? null : keyIdOf(key), key?.team ?? null, record.limitedBy);
}

function nothing(): void {
  // No answer waits for the row.
}

/** The owners of budgets that a row is spent by, and behind them its price. Both are missing in most rows. */
function behindRow({ spentBy }: RequestRecord, { input, output }: Price): string | undefined {
  return input === 0 && output === 0 ? spentBy : `${spentBy ?? '[]'},[${String(input)},${String(output)}]`;
}

/** A `UsageHead` as JSON without brackets. */
function headOf({ id, key, record: { user }, dialect, incoming, service }: RequestContext): string {
  const { hasAddress } = service.config.usage;
  const { owner, tags, rests } = key === undefined ? NO_KEY : keyText(key);
  const own = id.slice(ID_PREFIX);
  if (user === undefined && !hasAddress)
    return `"${own}${rests.get(dialect.name) ?? newRest(rests, key, dialect.name)}`;
  const address = hasAddress ? textOf(incoming.socket.remoteAddress) : 'null';
  return `"${own}",${owner},${textOf(user)},${tags},"${dialect.name}",${address}`;
}

/** The texts of a key. */
interface KeyText {
  readonly owner: string;
  readonly tags: string;
  /** By dialect: all behind the digits of the id, without a user and an address. In one piece, since each piece of a line takes time when it is written. */
  readonly rests: Map<string, string>;
}

const NO_KEY: KeyText = { owner: 'null,null,null', tags: '[]', rests: new Map() };
/** A key is an object of its own until it changes. */
const keyTexts = new WeakMap<ClientKey, KeyText>();

function keyText(key: ClientKey): KeyText {
  let text = keyTexts.get(key);
  if (text === undefined) {
    const owner = JSON.stringify(ownerOf(key)).slice(1, -1);
    text = { owner, tags: JSON.stringify(key.stored?.tags ?? []), rests: new Map() };
    keyTexts.set(key, text);
  }
  return text;
}

function newRest(rests: Map<string, string>, key: ClientKey | undefined, dialect: string): string {
  const values = ['', ...ownerOf(key), null, key?.stored?.tags ?? [], dialect, null];
  const rest = JSON.stringify(values).slice('["'.length, -1);
  rests.set(dialect, rest);
  return rest;
}

function ownerOf(key: ClientKey | undefined): readonly (string | null)[] {
  return key === undefined ? [null, null, null] : [keyIdOf(key), key.team ?? null, key.stored?.userId ?? null];
}

/** The name of a user is the client's text. */
function textOf(name: string | undefined): string {
  return name === undefined ? 'null' : JSON.stringify(shownName(name));
}

/** The last text of a server, and the names in it. */
interface ServerText {
  readonly alias: string | undefined;
  readonly model: string | undefined;
  readonly reason: string | undefined;
  readonly text: string;
}

/** Most servers whose texts are kept: reloads of a configuration may name any number of them. */
const MOST_SERVERS = 1000;
const servers = new Map<string | undefined, ServerText>();

/** A `UsageServer` as JSON without brackets. */
function serverOf({ alias, model, backend, reason }: RequestRecord): string {
  const known = servers.get(backend);
  if (known !== undefined && known.alias === alias && known.model === model && known.reason === reason)
    return known.text;
  if (known === undefined && servers.size === MOST_SERVERS) servers.clear();
  const text = JSON.stringify([alias ?? null, model ?? null, backend ?? null, reason ?? null]).slice(1, -1);
  servers.set(backend, { alias, model, reason, text });
  return text;
}

/** A time with one decimal. The text of a whole number takes a tenth of the time of another one. */
function tenths(ms: number | undefined): string {
  if (ms === undefined) return 'null';
  const all = Math.round(ms * 10);
  if (!(all > 0)) return '0';
  const rest = all % 10;
  const whole = String((all - rest) / 10);
  return rest === 0 ? whole : `${whole}.${String(rest)}`;
}
