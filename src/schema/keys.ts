import { apiKeyHash, isApiKeyHash, wantedAlias } from '../core/api-key.ts';
import { instantOf } from '../core/instant.ts';
import { isObject } from '../core/json.ts';
import type { KeyConfig, MasterKeyReference, TeamConfig } from './config-types.ts';
import { pathText, type DocumentPath } from './issue.ts';
import { readSection, type IssueList } from './section.ts';
import { nearestName } from '../core/spelling.ts';
import { readLimitsOf } from './key-limits.ts';
import { HXLLM_KEY, HXLLM_TEAM } from './sections/keys.ts';

/** Reads `hxllm.keys`. A wrong entry is an error: left out it would lock a client out, and half read it might let one in. */
export function readKeys(
  given: readonly unknown[] | undefined,
  { masterKey, teams }: { readonly masterKey: MasterKeyReference; readonly teams: readonly TeamConfig[] },
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
    const {
      alias,
      hash,
      expires,
      blocked = false,
      models = [],
      team,
      trust_user_headers: trusts = false,
      ...limits
    } = readSection(HXLLM_KEY, entry, path, findings);
    const name = readAlias(alias, [...path, 'alias'], findings);
    const digest = readHash(hash, [...path, 'hash'], findings);
    const expiresMs = expires === undefined ? undefined : readExpiry(expires, [...path, 'expires'], findings);
    const names = readModelNames(models, [...path, 'models'], findings);
    if (team !== undefined) judgeTeam(team, teams, [...path, 'team'], findings);
    else if (names.includes('all-team-models'))
      findings.error(
        'config.team',
        [...path, 'models'],
        'expected a team beside all-team-models, found none',
        `set ${pathText([...path, 'team'])}, or name the models`,
      );
    const read = readLimitsOf(limits, path, findings);
    if (name === undefined || digest === undefined) return [];
    const sameName = aliases.get(name);
    if (sameName !== undefined) repeated(findings, [...path, 'alias'], 'alias', pathText(sameName));
    const sameHash = hashes.get(digest);
    if (sameHash !== undefined) repeated(findings, [...path, 'hash'], 'key', sameHash);
    aliases.set(name, path);
    hashes.set(digest, pathText(path));
    return [
      {
        alias: name,
        hash: digest,
        expiresMs,
        blocked,
        models: names,
        team,
        ...read,
        ...(trusts ? { trustsUserHeaders: true } : {}),
      },
    ];
  });
}

/** Reads `hxllm.teams`, as strictly as the keys. */
export function readTeams(given: readonly unknown[] | undefined, findings: IssueList): readonly TeamConfig[] {
  const aliases = new Map<string, DocumentPath>();
  return (given ?? []).flatMap((entry, index): readonly TeamConfig[] => {
    const path = ['hxllm', 'teams', index];
    if (!isObject(entry)) {
      findings.wrong(path, 'a mapping with alias', entry);
      return [];
    }
    const { alias, models = [], blocked = false, ...limits } = readSection(HXLLM_TEAM, entry, path, findings);
    const names = readModelNames(models, [...path, 'models'], findings);
    if (names.includes('all-team-models'))
      findings.wrong([...path, 'models'], 'names of models: all-team-models stands in the models of a key', models);
    const name = readAlias(alias, [...path, 'alias'], findings);
    const read = readLimitsOf(limits, path, findings);
    if (name === undefined) return [];
    const sameName = aliases.get(name);
    if (sameName !== undefined) repeated(findings, [...path, 'alias'], 'alias', pathText(sameName));
    aliases.set(name, path);
    return [{ alias: name, models: names, blocked, ...read }];
  });
}

/** Names of models. As in LiteLLM, an empty list means all of them. */
function readModelNames(given: readonly unknown[], path: DocumentPath, findings: IssueList): readonly string[] {
  return given.flatMap((name, index) => {
    if (typeof name === 'string' && name.trim() !== '') return [name];
    findings.wrong([...path, index], 'the name of a model, a pattern or an access group', name);
    return [];
  });
}

function judgeTeam(team: string, teams: readonly TeamConfig[], path: DocumentPath, findings: IssueList): void {
  const known = teams.map(({ alias }) => alias);
  if (known.includes(team)) return;
  const near = nearestName(team, known);
  findings.error(
    'config.team',
    path,
    `expected the alias of one of hxllm.teams, found ${JSON.stringify(team.slice(0, 80))}`,
    near === undefined ? 'add the team to hxllm.teams' : `write ${near}`,
  );
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
