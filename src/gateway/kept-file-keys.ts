import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isApiKeyHash } from '../core/api-key.ts';
import { isObject } from '../core/json.ts';
import { FileKeyHistory, type KnownFileKey, type KnownFileKeys } from './keys/file-key-history.ts';
import type { Log } from './log.ts';
import { StateFile } from './state/state-file.ts';

const FILE = 'file-keys.json';

/** The keys that have stood in the operator's files, kept in the state folder: names and hashes. Without a folder a restart forgets them. */
export function keptFileKeys(stateDir: string | undefined, log: Log): FileKeyHistory {
  const file = new StateFile(stateDir, FILE, log);
  // A missing file is the usual case: few have keys in their files.
  const known = stateDir !== undefined && existsSync(join(stateDir, FILE)) ? file.load(knownIn) : undefined;
  const onChange = (keys: KnownFileKeys): void => {
    file.save(keys);
  };
  return new FileKeyHistory(known, { onChange, flush: () => file.flush() });
}

function knownIn(document: unknown): KnownFileKeys | undefined {
  if (!isObject(document)) return undefined;
  const known: Record<string, KnownFileKey> = {};
  for (const [hash, key] of Object.entries(document)) {
    if (!isApiKeyHash(hash) || !isObject(key) || typeof key['alias'] !== 'string') return undefined;
    const { alias, team } = key;
    known[hash] = typeof team === 'string' ? { alias, team } : { alias };
  }
  return known;
}
