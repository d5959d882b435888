import { apiKeyHash, newApiKey } from '../../core/api-key.ts';
import { documentIn } from '../keys/stored-key.ts';
import type { FormerHash, StoredRecord } from '../store/key-store.ts';
import { takeFields, type AdminCall } from './admin-call.ts';
import { unfit } from './admin-error.ts';
import { textAt } from './body-fields.ts';
import { DURATION_FORMS, endOfDuration } from './duration.ts';
import { withText } from './key-changes.ts';
import { changeableKey, fileKeyOf, findKey, hashIn, inFile } from './key-lookup.ts';
import { expiryIn, judgeKey, nameOf, ownText } from './new-key.ts';
import { changedRecord } from './record-content.ts';

/**
 * POST /key/{key}/regenerate: the key gets another text, and its id, limits and use stay. The old text works until `grace_period` ends. A
 * rotation whose answer was lost may be asked again with the same `new_key`: it is answered as before, and the grace is not lengthened.
 */
export async function regenerateKey(call: AdminCall): Promise<unknown> {
  const { body, nowMs, source, records } = call;
  const fields = takeFields(call, 'key', 'key', 'new_key', 'grace_period', 'new_master_key');
  const reference = call.named ?? textAt(body, 'key');
  if (reference === undefined) throw unfit('key', 'the key to regenerate', undefined);
  const chosen = textAt(body, 'new_key');
  const graceMs = graceEnd(body['grace_period'], nowMs);
  const file = fileKeyOf(call, reference);
  if (file !== undefined) throw inFile(call, 'key', file.alias, 'key');
  if (chosen !== undefined) ownText(call, chosen, 'new_key');
  return records.change(source, async () => {
    // The old text first: a rotation between two looks would show neither text otherwise.
    const found = chosen === undefined ? undefined : await findKey(call, reference);
    const rotated =
      chosen === undefined || found !== undefined ? undefined : await alreadyRotated(call, reference, chosen);
    const before = found ?? rotated ?? (await changeableKey(call, reference));
    await judgeKey(call, fields);
    const text = chosen ?? newApiKey();
    const hash = apiKeyHash(text);
    const isAgain = hash === before.hash;
    if (isAgain && Object.keys(fields).length === 0)
      return { changes: [], result: withText({ text, change: { before, after: before } }, nowMs) };
    const { notes } = documentIn(before.document);
    const { rotations } = notes;
    const change = changedRecord(before, fields, {
      nowMs,
      by: source.by,
      hash,
      ...('duration' in fields ? { expiresMs: expiryIn(fields, nowMs) } : {}),
      ...(isAgain
        ? {}
        : {
            former: formerOf(before, hash, graceMs),
            notes: {
              key_name: nameOf(text),
              rotations: (typeof rotations === 'number' ? rotations : 0) + 1,
              rotated_from: before.hash,
            },
          }),
    });
    return { changes: [change], result: withText({ text, change }, nowMs) };
  });
}

/** The key that has the new text already, if it had the old one before: its rotation was done, and the answer lost. */
async function alreadyRotated(call: AdminCall, reference: string, chosen: string): Promise<StoredRecord | undefined> {
  const record = await findKey(call, chosen);
  if (record === undefined || record.hash !== apiKeyHash(chosen)) return undefined;
  const { notes } = documentIn(record.document);
  const hash = hashIn(reference);
  const isSame = hash === undefined ? reference === record.id : hash === record.hash || hash === notes['rotated_from'];
  return isSame ? record : undefined;
}

function formerOf(before: StoredRecord, hash: string, graceMs: number | undefined): readonly FormerHash[] {
  const { former = [], hash: old = '' } = before;
  const others = former.filter((each) => each.hash !== hash && each.hash !== old);
  return graceMs === undefined ? others : [...others, { hash: old, untilMs: graceMs }];
}

function graceEnd(grace: unknown, nowMs: number): number | undefined {
  if (grace === undefined || grace === null || grace === '') return undefined;
  const end = typeof grace === 'string' ? endOfDuration(grace, nowMs) : undefined;
  if (end === undefined) throw unfit('grace_period', DURATION_FORMS, grace);
  return end;
}
