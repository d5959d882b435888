import { isApiKeyHash, wantedAlias } from '../../core/api-key.ts';
import { instantOf } from '../../core/instant.ts';
import { nearestName } from '../../core/spelling.ts';
import type { ClientKey } from '../config.ts';
import { describeValue, type MapValue, type Value } from '../value.ts';
import type { Reader } from './reader.ts';
import { judgeKeys } from './unknown-names.ts';
import { CLIENT_KEY_KEYS } from './variables.ts';

const KEYS = Object.keys(CLIENT_KEY_KEYS);
const NEW_KEY = 'hxllm keys new NAME --offline  # makes a key and its line';

/** Reads `litellm_keys`. An empty list is no key: the last one may have been taken out. */
export function readClientKeys(value: Value | undefined, reader: Reader): readonly ClientKey[] {
  if (value === undefined || (value.kind === 'list' && value.items.length === 0)) return [];
  const seen = { alias: new Map<string, Value>(), hash: new Map<string, Value>() };
  const items = reader.list(value, 'a list of keys, each with alias and hash', NEW_KEY) ?? [];
  return items.flatMap((item) => {
    if (item.kind !== 'map') {
      reader.wrong(item, 'an entry with alias and hash', NEW_KEY);
      return [];
    }
    const key = readClientKey(item, reader);
    if (key === undefined) return [];
    for (const name of ['alias', 'hash'] as const) {
      const before = seen[name].get(key[name]);
      const at = item.entries.get(name) ?? item;
      if (before !== undefined)
        reader.findings.wrong(
          at.where,
          `each ${name} once`,
          `the one of line ${String(before.where.line)}`,
          name === 'alias' ? 'give one of the two keys another alias' : 'remove one of the two entries',
        );
      seen[name].set(key[name], at);
    }
    return [key];
  });
}

function readClientKey(item: MapValue, reader: Reader): ClientKey | undefined {
  const { entries } = item;
  judgeKeys(entries, KEYS, reader.findings);
  const alias = readAlias(requiredIn(item, 'alias', reader), reader);
  const hash = readHash(requiredIn(item, 'hash', reader), reader);
  const expires = readExpires(entries.get('expires'), reader);
  const blocked = reader.parsed(entries.get('blocked')) ?? false;
  return alias === undefined || hash === undefined ? undefined : { alias, hash, expires, blocked };
}

function requiredIn(item: MapValue, key: 'alias' | 'hash', reader: Reader): Value | undefined {
  const value = item.entries.get(key);
  // A misspelled key has its own message.
  if (
    value === undefined &&
    ![...item.entries.keys()].some((seen) => !KEYS.includes(seen) && nearestName(seen, KEYS) === key)
  )
    reader.findings.wrong(
      item.where,
      `${key}: ${MEANINGS[key]}`,
      `an entry without ${key}`,
      `add ${key}: to the entry`,
    );
  return value;
}

const MEANINGS = { alias: 'the name of the key', hash: 'the SHA-256 of the key' } as const;

function readAlias(value: Value | undefined, reader: Reader): string | undefined {
  const alias = reader.text(value, 'the name of the key');
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
