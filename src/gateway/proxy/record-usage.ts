import { withoutKeys } from '../../core/without-keys.ts';
import type { Ended, RequestContext, RequestRecord } from '../request-context.ts';
import { keyIdOf } from '../keys/client-key.ts';
import type { UsageEnd, UsageServer } from '../store/usage-line.ts';
import { costOf } from './prices.ts';

/** The time up to here is read from the id, which has it in front. */
const ID_PREFIX = 'req_'.length;

/** Begins the usage of a request that is about to be sent to a server, once. */
export function beginUsage(context: RequestContext): void {
  const { service, usage, record } = context;
  if (service.usage === undefined || usage !== undefined) return;
  const recorder = service.usage.recorderFor(service.config);
  if (recorder === undefined) service.usage.missed(service.config);
  else context.usage = recorder.begin(headOf(context), serverOf(record));
}

/** Writes the row of a request, before the last byte of its answer. The result, if any, resolves when it is on the disk. */
export function endUsage(
  { service, usage, record, startedMs }: RequestContext,
  status: number | undefined,
  ended: Ended,
): Promise<void> | undefined {
  if (usage === undefined || usage.isOver) return undefined;
  const { usage: counted, modelId, queueMs, loadMs, firstMs } = record;
  const end: UsageEnd = [
    status ?? null,
    ended,
    counted?.promptTokens ?? 0,
    counted?.completionTokens ?? 0,
    counted?.estimated === true ? 1 : 0,
    counted === undefined ? 0 : costOf(counted, service.config, modelId),
    tenths(queueMs),
    tenths(loadMs),
    tenths(firstMs),
    tenths(performance.now() - startedMs),
  ];
  return usage.recorder.end(usage, serverOf(record), end, record.spentBy);
}

/**
 * Ends the usage of a request whose response is closed: the row of one that was cut, since others have written theirs before their last byte. A
 * request that a limit has refused is counted: it has no row, since no server got it.
 */
export function closeUsage(context: RequestContext, status: number | undefined, ended: Ended): void {
  const { service, key, record, usage } = context;
  if (usage !== undefined) void endUsage(context, status, ended);
  if (record.limitedBy === undefined) return;
  service.usage?.refused(service.config, key === undefined ? null : keyIdOf(key), key?.team ?? null, record.limitedBy);
}

/** A `UsageHead` as JSON without brackets. */
function headOf({ id, key, record: { user }, dialect, incoming, service }: RequestContext): string {
  const address = service.config.usage.hasAddress ? textOf(incoming.socket.remoteAddress) : 'null';
  return `"${id.slice(ID_PREFIX)}",${key === undefined ? NO_KEY : keyText(key)[0]},${textOf(user)},${key === undefined ? '[]' : keyText(key)[1]},"${dialect.name}",${address}`;
}

type ClientKey = NonNullable<RequestContext['key']>;
const NO_KEY = 'null,null,null';
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
  if (name === undefined) return 'null';
  return JSON.stringify(name.includes('-') || name.includes('_') || name.includes(' ') ? withoutKeys(name) : name);
}

function serverOf({ alias, model, backend, reason }: RequestRecord): UsageServer {
  return [alias ?? null, model ?? null, backend ?? null, reason ?? null];
}

function tenths(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.round(ms * 10) / 10;
}
