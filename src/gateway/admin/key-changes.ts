import type { StoredRecord } from '../store/key-store.ts';
import { takeFields, type AdminCall } from './admin-call.ts';
import { notFound, unfit } from './admin-error.ts';
import { neededText, textAt, textsAt } from './body-fields.ts';
import { changeableAlias, changeableKey, fileKeyOf, findKey, inFile } from './key-lookup.ts';
import { expiryIn, judgeKey, planKey, type NewKey } from './new-key.ts';
import { changedRecord, deletedRecord, type PlannedChange } from './record-content.ts';
import { keyRow } from './rows.ts';
import { setSpent, shownRow, takeSpend, withAmounts, withSpend } from './spent.ts';

/** The record of a change as it will be read. */
export function afterwards({ after }: PlannedChange): StoredRecord {
  return { ...after, revision: 0 };
}

/** The answer that shows the text of a key: nothing else does. */
export function withText({ text, change }: NewKey, nowMs: number): object {
  const record = afterwards(change);
  return { key: text, token: record.hash, token_id: record.hash, ...keyRow(record, nowMs) };
}

/** POST /key/generate */
export async function generateKey(call: AdminCall): Promise<unknown> {
  const fields = takeFields(call, 'key', 'key');
  const own = textAt(call.body, 'key');
  const made = await call.records.change(call.source, async () => {
    const planned = await planKey(call, fields, own);
    return { changes: [planned.change], result: planned };
  });
  await takeSpend(call, 'key', made.change.after.id, fields);
  return withText(made, call.nowMs);
}

/** POST /key/service-account/generate: a key of a team, without a user. */
export async function generateServiceKey(call: AdminCall): Promise<unknown> {
  neededText(call.body, 'team_id');
  if (textAt(call.body, 'user_id') !== undefined) throw unfit('user_id', 'no user_id for a service account', 'one');
  return generateKey(call);
}

/** POST /key/update */
export async function updateKey(call: AdminCall): Promise<unknown> {
  const { body, nowMs, source, records } = call;
  const fields = takeFields(call, 'key', 'key');
  const reference = textAt(body, 'key');
  const alias = textAt(body, 'key_alias');
  if (reference === undefined && alias === undefined) throw unfit('key', 'key or key_alias', undefined);
  const record = await records.change(source, async () => {
    const before = await (reference === undefined
      ? changeableAlias(call, alias ?? '')
      : changeableKey(call, reference));
    await judgeKey(call, fields);
    const change = changedRecord(before, fields, {
      nowMs,
      by: source.by,
      ...('duration' in fields ? { expiresMs: expiryIn(fields, nowMs) } : {}),
    });
    return { changes: [withSpend(call, change, fields)], result: afterwards(change) };
  });
  await takeSpend(call, 'key', record.id, fields);
  return { key: reference ?? alias, ...shownRow(call, record) };
}

/** POST /key/delete */
export async function deleteKeys(call: AdminCall): Promise<unknown> {
  const { body, records, source, nowMs } = call;
  const [keys, aliases] = [textsAt(body, 'keys'), textsAt(body, 'key_aliases')];
  if (keys === undefined && aliases === undefined) throw unfit('keys', 'keys or key_aliases', undefined);
  return records.change(source, async () => {
    const found = new Map<string, StoredRecord>();
    const deleted: string[] = [];
    for (const [reference, isAlias] of [
      ...(keys ?? []).map((each) => [each, false] as const),
      ...(aliases ?? []).map((each) => [each, true] as const),
    ]) {
      const inOwnFile = isAlias
        ? call.service.config.keys.find(({ alias }) => alias === reference)
        : fileKeyOf(call, reference);
      if (inOwnFile !== undefined) throw inFile(call, 'key', inOwnFile.alias, isAlias ? 'key_aliases' : 'keys');
      const record = await (isAlias
        ? records.one({ kind: 'key', aliases: [reference], nowMs })
        : findKey(call, reference));
      if (record === undefined) continue;
      found.set(record.id, record);
      deleted.push(reference);
    }
    const [first = ''] = [...(keys ?? []), ...(aliases ?? [])];
    if (found.size === 0) throw notFound('key', keys === undefined ? 'key_aliases' : 'keys', first);
    return {
      changes: [...found.values()].map((record) => deletedRecord(record, nowMs)),
      result: { deleted_keys: deleted },
    };
  });
}

/** POST /key/block and /key/unblock */
export function setBlocked(blocked: boolean): (call: AdminCall) => Promise<unknown> {
  return async (call) => {
    const { records, source, nowMs, body } = call;
    const reference = neededText(body, 'key');
    return records.change(source, async () => {
      const before = await changeableKey(call, reference);
      const change = changedRecord(before, { blocked }, { nowMs, by: source.by });
      return { changes: [change], result: { token: before.hash, ...keyRow(afterwards(change), nowMs) } };
    });
  };
}

/** POST /key/{key}/reset_spend */
export async function resetSpend(call: AdminCall): Promise<unknown> {
  const { records, source, nowMs, body, named = '' } = call;
  const { reset_to: to = 0 } = body;
  if (typeof to !== 'number' || to < 0) throw unfit('reset_to', 'a number of at least 0', to);
  const amounts = { tokens: 0, money: to };
  const record = await records.change(source, async () => {
    const change = changedRecord(await changeableKey(call, named), { spend: to }, { nowMs, by: source.by });
    return { changes: [withAmounts(call, change, amounts)], result: afterwards(change) };
  });
  await setSpent(call, record, amounts);
  return { token: record.hash, ...shownRow(call, record) };
}
