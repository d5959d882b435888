import { apiKeyHash, isApiKeyHash, wantedAlias } from '../core/api-key.ts';
import { instantOf } from '../core/instant.ts';
import { isObject } from '../core/json.ts';
import type { KeyConfig, MasterKeyReference } from './config-types.ts';
import { pathText, type DocumentPath } from './issue.ts';
import { readSection, type IssueList } from './section.ts';
import { HXLLM_KEY } from './sections/keys.ts';

/** Reads `hxllm.keys`. A wrong entry is an error: left out it would lock a client out, and half read it might let one in. */
export function readKeys(
  given: readonly unknown[] | undefined,
  masterKey: MasterKeyReference,
  findings: IssueList,
): readonly KeyConfig[] {
  if (given === undefined || given.length === 0) return [];
  if (masterKey.state === 'none')
    findings.error(
      'config.keys-without-master',
      ['hxllm', 'keys'],
      'expected a master key beside the keys of clients, found none: every caller is let in without it',
      'set general_settings.master_key to os.environ/LITELLM_MASTER_KEY',
    );
  const aliases = new Map<string, DocumentPath>();
  const hashes = new Map(masterHashes(masterKey).map((hash) => [hash, 'the master key']));
  return given.flatMap((entry, index): readonly KeyConfig[] => {
    const path = ['hxllm', 'keys', index];
    if (!isObject(entry)) {
      findings.wrong(path, 'a mapping with alias and hash', entry);
      return [];
    }
    const { alias, hash, expires, blocked = false } = readSection(HXLLM_KEY, entry, path, findings);
    const name = readAlias(alias, [...path, 'alias'], findings);
    const digest = readHash(hash, [...path, 'hash'], findings);
    const expiresMs = expires === undefined ? undefined : readExpiry(expires, [...path, 'expires'], findings);
    if (name === undefined || digest === undefined) return [];
    const sameName = aliases.get(name);
    if (sameName !== undefined) repeated(findings, [...path, 'alias'], 'alias', pathText(sameName));
    const sameHash = hashes.get(digest);
    if (sameHash !== undefined) repeated(findings, [...path, 'hash'], 'key', sameHash);
    aliases.set(name, path);
    hashes.set(digest, pathText(path));
    return [{ alias: name, hash: digest, expiresMs, blocked }];
  });
}

function masterHashes(masterKey: MasterKeyReference): readonly string[] {
  if (masterKey.state === 'none') return [];
  return [masterKey.key, masterKey.previous].flatMap((key) => (key === undefined ? [] : [apiKeyHash(key.reveal())]));
}

function readAlias(alias: string | undefined, path: DocumentPath, findings: IssueList): string | undefined {
  if (alias === undefined) {
    findings.missing(path, 'the name of the key');
    return undefined;
  }
  const wanted = wantedAlias(alias);
  if (wanted !== undefined) findings.wrong(path, wanted, alias);
  return alias;
}

function readHash(hash: string | undefined, path: DocumentPath, findings: IssueList): string | undefined {
  if (hash === undefined) {
    findings.missing(path, 'the SHA-256 of the key');
    return undefined;
  }
  const digest = hash.trim().toLowerCase();
  if (isApiKeyHash(digest)) return digest;
  findings.error(
    'config.wrong-value',
    path,
    `expected the SHA-256 of the key as 64 hexadecimal digits, found ${hash.startsWith('sk-') ? 'the key itself' : 'another text'}`,
    `make a key and its hash, and set ${pathText(path)}: hxllm keys new NAME --offline`,
  );
  return undefined;
}

function readExpiry(expires: string, path: DocumentPath, findings: IssueList): number | undefined {
  const expiresMs = instantOf(expires);
  if (expiresMs === undefined)
    findings.wrong(path, 'a date such as 2027-01-01, or 2027-01-01T12:00:00Z with a time', expires);
  return expiresMs;
}

function repeated(findings: IssueList, path: DocumentPath, what: string, other: string): void {
  findings.error(
    'config.repeated-key',
    path,
    `expected each ${what} once, found that of ${other} again`,
    `remove one of the two, or give it ${what === 'alias' ? 'another alias' : 'the hash of another key'}`,
  );
}
