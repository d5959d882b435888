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
  const address = service.config.usage.hasAddress ? textOf(incoming.socket.remoteAddress) : 'null';
  const [owner, tags] = key === undefined ? NO_KEY : keyText(key);
  return `"${id.slice(ID_PREFIX)}",${owner},${textOf(user)},${tags},"${dialect.name}",${address}`;
}

const NO_KEY = ['null,null,null', '[]'] as const;
/** A key is an object of its own until it changes. */
const keyTexts = new WeakMap<ClientKey, readonly [owner: string, tags: string]>();

function keyText(key: ClientKey): readonly [owner: string, tags: string] {
  let text = keyTexts.get(key);
  if (text === undefined) {
    const { team, stored } = key;
    const owner = JSON.stringify([keyIdOf(key), team ?? null, stored?.userId ?? null]).slice(1, -1);
    text = [owner, JSON.stringify(stored?.tags ?? [])];
    keyTexts.set(key, text);
  }
  return text;
}

/** The name of a user is the client's text. */
function textOf(name: string | undefined): string {
  return name === undefined ? 'null' : JSON.stringify(shownName(name));
}

/** A `UsageServer` as JSON without brackets. */
function serverOf({ alias, model, backend, reason }: RequestRecord): string {
  return `${quoted(alias)},${quoted(model)},${quoted(backend)},${quoted(reason)}`;
}

/** Most names that are kept as JSON: with wildcards clients may ask for any number of them. */
const MOST_QUOTED = 1000;
const quotedNames = new Map<string, string>();

function quoted(name: string | undefined): string {
  if (name === undefined) return 'null';
  const known = quotedNames.get(name);
  if (known !== undefined) return known;
  if (quotedNames.size === MOST_QUOTED) quotedNames.clear();
  const text = JSON.stringify(name);
  quotedNames.set(name, text);
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
