import { isApiKeyHash, wantedAlias } from '../../core/api-key.ts';
import { instantOf } from '../../core/instant.ts';
import { nearestName } from '../../core/spelling.ts';
import type { ClientKey, Model, Team } from '../config.ts';
import { describeValue, type MapValue, type Value } from '../value.ts';
import type { Reader } from './reader.ts';
import { readKeyLimits } from './key-limits.ts';
import { judgeKeys } from './unknown-names.ts';
import { CLIENT_KEY_KEYS, TEAM_KEYS } from './key-variables.ts';

const NEW_KEY = 'hxllm keys new NAME --offline  # makes a key and its line';
const NEW_TEAM = 'write below litellm_teams: entries such as   - {alias: research, models: [phi3-3.8b]}';
/** LiteLLM's words for several models. */
const EVERY_MODEL = 'all-proxy-models';
const TEAM_MODELS = 'all-team-models';
const NO_MODEL = 'no-default-models';

/** The names that a key or team may give. */
interface Known {
  /** `undefined`: not defined yet. */
  readonly models: readonly Model[] | undefined;
  readonly teams: readonly Team[];
}

/** Reads `litellm_keys`. An empty list is no key: the last one may have been taken out. */
export function readClientKeys(value: Value | undefined, known: Known, reader: Reader): readonly ClientKey[] {
  const wanted = 'a list of keys, each with alias and hash';
  const entries = entriesOf(value, { keys: CLIENT_KEY_KEYS, wanted, fix: NEW_KEY }, reader);
  judgeRepeats(entries, 'hash', (item) => textIn(item, 'hash')?.toLowerCase(), 'remove one of the two entries', reader);
  return entries.flatMap((item) => {
    const { entries: fields } = item;
    const alias = readAlias(requiredIn(item, 'alias', 'the name of the key', reader), reader);
    const hash = readHash(requiredIn(item, 'hash', 'the SHA-256 of the key', reader), reader);
    const expires = readExpires(fields.get('expires'), reader);
    const blocked = reader.parsed(fields.get('blocked')) ?? false;
    const team = readTeam(fields.get('team'), known.teams, reader);
    const models = readAllowed(fields.get('models'), known.models, fields.has('team'), reader);
    const trustsUserHeaders = reader.parsed(fields.get('trust_user_headers')) ?? false;
    const limits = readKeyLimits(item, known.models, reader);
    if (alias === undefined || hash === undefined) return [];
    return [{ alias, hash, expires, blocked, models, team, trustsUserHeaders, limits }];
  });
}

/** Reads `litellm_teams`. */
export function readTeams(
  value: Value | undefined,
  models: readonly Model[] | undefined,
  reader: Reader,
): readonly Team[] {
  const spec = { keys: TEAM_KEYS, wanted: 'a list of teams, each with alias', fix: NEW_TEAM };
  return entriesOf(value, spec, reader).flatMap((item) => {
    const alias = readAlias(requiredIn(item, 'alias', 'the name of the team', reader), reader);
    const allowed = readAllowed(item.entries.get('models'), models, false, reader);
    const blocked = reader.parsed(item.entries.get('blocked')) ?? false;
    const limits = readKeyLimits(item, models, reader);
    return alias === undefined ? [] : [{ alias, models: allowed, blocked, limits }];
  });
}

function entriesOf(
  value: Value | undefined,
  { keys, wanted, fix }: { readonly keys: object; readonly wanted: string; readonly fix: string },
  reader: Reader,
): readonly MapValue[] {
  if (value === undefined || (value.kind === 'list' && value.items.length === 0)) return [];
  const maps = (reader.list(value, wanted, fix) ?? []).flatMap((item) => {
    if (item.kind === 'map') return [item];
    reader.wrong(item, `an entry with ${Object.keys(keys).slice(0, 2).join(' and ')}`, fix);
    return [];
  });
  for (const { entries } of maps) judgeKeys(entries, Object.keys(keys), reader.findings);
  judgeRepeats(maps, 'alias', (item) => textIn(item, 'alias'), 'give one of the two another alias', reader);
  return maps;
}

function judgeRepeats(
  items: readonly MapValue[],
  name: 'alias' | 'hash',
  read: (item: MapValue) => string | undefined,
  fix: string,
  reader: Reader,
): void {
  const seen = new Map<string, Value>();
  for (const item of items) {
    const text = read(item);
    const at = item.entries.get(name);
    if (text === undefined || at === undefined) continue;
    const before = seen.get(text);
    if (before !== undefined)
      reader.findings.wrong(at.where, `each ${name} once`, `the one of line ${String(before.where.line)} again`, fix);
    seen.set(text, at);
  }
}

function textIn(item: MapValue, name: string): string | undefined {
  const value = item.entries.get(name);
  return value?.kind === 'scalar' && typeof value.value === 'string' ? value.value.trim() : undefined;
}

function requiredIn(item: MapValue, key: 'alias' | 'hash', meaning: string, reader: Reader): Value | undefined {
  const value = item.entries.get(key);
  // A misspelled key has its own message.
  const known = Object.keys(CLIENT_KEY_KEYS);
  const isMisspelled = [...item.entries.keys()].some(
    (seen) => !known.includes(seen) && nearestName(seen, known) === key,
  );
  if (value === undefined && !isMisspelled)
    reader.findings.wrong(item.where, `${key}: ${meaning}`, `an entry without ${key}`, `add ${key}: to the entry`);
  return value;
}

function readAlias(value: Value | undefined, reader: Reader): string | undefined {
  const alias = reader.text(value, 'a name');
  if (value === undefined || alias === undefined) return undefined;
  const wanted = wantedAlias(alias);
  return wanted === undefined ? alias : reader.wrong(value, wanted, 'give it another alias');
}

function readHash(value: Value | undefined, reader: Reader): string | undefined {
  const wanted = 'the SHA-256 of the key as 64 hexadecimal digits';
  const hash = reader.text(value, wanted, NEW_KEY)?.toLowerCase();
  if (value === undefined || hash === undefined || isApiKeyHash(hash)) return hash;
  reader.findings.wrong(value.where, wanted, hash.startsWith('sk-') ? 'the key itself' : 'another text', NEW_KEY);
  return undefined;
}

function readExpires(value: Value | undefined, reader: Reader): string | undefined {
  const wanted = 'a date such as 2027-01-01, or 2027-01-01T12:00:00Z with a time';
  const expires = reader.text(value, wanted);
  if (value === undefined || expires === undefined || instantOf(expires) !== undefined) return expires;
  reader.findings.wrong(value.where, wanted, describeValue(value), 'write expires: 2027-01-01');
  return undefined;
}

function readTeam(value: Value | undefined, teams: readonly Team[], reader: Reader): string | undefined {
  const team = reader.text(value, 'the alias of one of litellm_teams');
  if (value === undefined || team === undefined || teams.some(({ alias }) => alias === team)) return team;
  const near = nearestName(
    team,
    teams.map(({ alias }) => alias),
  );
  const fix = near === undefined ? 'add the team to litellm_teams' : `write ${near}`;
  return reader.wrong(value, 'the alias of one of litellm_teams', fix);
}

/** Reads `models`. A name that is a slip away from a model would be a model that the key cannot use. */
function readAllowed(
  value: Value | undefined,
  models: readonly Model[] | undefined,
  hasTeam: boolean,
  reader: Reader,
): readonly string[] {
  const items = reader.list(
    value,
    `a list of names of models; [${NO_MODEL}] for none`,
    'remove models: for all models',
  );
  const known = (models ?? []).flatMap(({ name, accessGroups = [] }) => [name, ...accessGroups]);
  const words = [EVERY_MODEL, NO_MODEL, ...(hasTeam ? [TEAM_MODELS] : [])];
  return (items ?? []).flatMap((item) => {
    const name = reader.text(item, 'the name of a model, a pattern or a group of models');
    if (name === undefined) return [];
    if (models === undefined || name.includes('*') || known.includes(name) || words.includes(name)) return [name];
    if (name === TEAM_MODELS) reader.wrong(item, `a team: beside ${TEAM_MODELS}`, 'add team: to the key');
    else {
      const near = nearestName(name, [...known, ...words]);
      const fix = near === undefined ? 'hxllm inventory explain HOST litellm_models' : `write ${near}`;
      reader.wrong(item, `one of litellm_models (${known.join(', ')}), one of their access_groups, or a pattern`, fix);
    }
    return [name];
  });
}
