import { apiKeyHash, newApiKey, wantedAlias } from '../../core/api-key.ts';
import { randomId } from '../../core/id.ts';
import type { Json } from '../../core/json.ts';
import type { AdminCall } from './admin-call.ts';
import { AdminError } from './admin-error.ts';
import { textAt } from './body-fields.ts';
import { endOfDuration } from './duration.ts';
import { fileKeyOf, fileTeamOf } from './key-lookup.ts';
import { newRecord, type PlannedChange } from './record-content.ts';

/** LiteLLM takes own texts of at least 16 characters. A header cannot carry others than these. */
const OWN_TEXT = /^sk-[\x21-\x7e]{13,509}$/;

/** A key that is to be made, and its text. */
export interface NewKey {
  readonly text: string;
  readonly change: PlannedChange;
}

/** Makes a key with these fields. */
export async function planKey(call: AdminCall, fields: Json, own?: string): Promise<NewKey> {
  const { nowMs, source } = call;
  const text = own === undefined ? newApiKey() : ownText(call, own, 'key');
  await judgeKey(call, fields);
  const change = newRecord('key', fields, {
    id: `key-${randomId()}`,
    hash: apiKeyHash(text),
    nowMs,
    by: source.by,
    expiresMs: expiryIn(fields, nowMs),
    notes: { key_name: nameOf(text) },
  });
  return { text, change };
}

/** The text that a caller chose for a key. */
export function ownText(call: AdminCall, text: string, param: string): string {
  const { masterKey } = call.service.config;
  if (!OWN_TEXT.test(text))
    throw new AdminError(400, 'Expected a key of 16 to 512 printable characters that begins with sk-.', param);
  const isMaster =
    masterKey.state === 'set' && [masterKey.key, masterKey.previous].some((key) => key?.equals(text) === true);
  if (isMaster || fileKeyOf(call, text) !== undefined)
    throw new AdminError(400, 'Expected the text of a new key, found that of another one.', param);
  return text;
}

/** The name under which people recognise a key, as in LiteLLM. */
export function nameOf(text: string): string {
  return `sk-...${text.slice(-4)}`;
}

/** The end of a key's life; `undefined`: never. */
export function expiryIn(fields: Json, nowMs: number): number | undefined {
  const { duration } = fields;
  return typeof duration === 'string' ? endOfDuration(duration, nowMs) : undefined;
}

/** Judges what the fields of a key name. */
export async function judgeKey(call: AdminCall, fields: Json): Promise<void> {
  const alias = textAt(fields, 'key_alias');
  if (alias !== undefined) {
    const wanted = wantedAlias(alias);
    if (wanted !== undefined) throw new AdminError(400, `Expected ${wanted}.`, 'key_alias');
    if (call.service.config.keys.some((key) => key.alias === alias))
      throw new AdminError(400, 'Expected a key_alias of its own, found that of another key.', 'key_alias');
  }
  const team = textAt(fields, 'team_id');
  if (team === undefined || fileTeamOf(call, team) !== undefined) return;
  if ((await call.records.one({ kind: 'team', ids: [team], nowMs: call.nowMs })) === undefined)
    throw new AdminError(400, 'Expected the team_id of a team, found another text. Make the team first.', 'team_id');
}
