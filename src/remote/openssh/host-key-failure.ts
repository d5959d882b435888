import { readFile } from 'node:fs/promises';
import type { Problem } from '../../core/problem.ts';
import { changedKey, keyFingerprint, readHostKeys, revokedByList, unknownKey } from '../ssh/host-key.ts';
import { parseKnownHosts, type KnownKey } from '../ssh/known-hosts.ts';
import type { SshSettings } from '../ssh/settings.ts';
import type { LoginLog } from './login-log.ts';

const NEVER = new AbortController().signal;

/** The Problem of a host key that ssh refused, in the words of the other transport; undefined if ssh refused none. */
export async function hostKeyFailure(settings: SshSettings, log: LoginLog): Promise<Problem | undefined> {
  const { hostKey, said } = log;
  if (
    hostKey === undefined ||
    !said.some((line) => /Host key verification failed|revoked|Error checking host key/.test(line))
  )
    return undefined;
  const shown = `${hostKey.type} key ${hostKey.fingerprint}`;
  const text = said.join('\n');
  const [, unreadable] = /^Error checking host key .* in revoked keys file (.*?): /m.exec(text) ?? [];
  if (unreadable !== undefined) return revokedByList(settings, unreadable, shown, true);
  const [, list] = /^Host key .* revoked by file (.*)$/m.exec(text) ?? [];
  if (list !== undefined) return revokedByList(settings, list.replace(/\.$/, ''), shown, false);
  const entries = await knownEntries(settings);
  if (/REVOKED HOST KEY DETECTED|marked as revoked/.test(text)) {
    const entry = entries.find(({ key, marker }) => marker === 'revoked' && printOf(key) === hostKey.fingerprint);
    return entry === undefined
      ? revokedByList(settings, settings.knownHostsFiles[0] ?? 'known_hosts', shown, false)
      : changedKey(settings, hostKey, entry, true);
  }
  const [, file = '', line] = /^Offending (?:\S+ )?key (?:for IP )?in (.*):(\d+)$/m.exec(text) ?? [];
  const entry = entries.find((each) => each.file === file && each.line === Number(line));
  // ssh calls a key of another type changed, too.
  if (/IDENTIFICATION HAS CHANGED/.test(text) && (entry === undefined || entry.type === hostKey.type)) {
    // A KnownHostsCommand has no file.
    return changedKey(settings, hostKey, entry ?? { file, line: Number(line ?? 0), ...UNREAD }, false);
  }
  const own = (await readHostKeys(settings, NEVER)).entries;
  const types = [...new Set(own.map(({ type }) => type))];
  // ssh reads host certificates, so an authority is no reason here.
  return unknownKey(settings, hostKey, types, undefined);
}

const UNREAD: Pick<KnownKey, 'marker' | 'hosts' | 'type' | 'key'> = {
  marker: undefined,
  hosts: '',
  type: 'another key',
  key: '',
};

function printOf(key: string): string {
  return keyFingerprint(Buffer.from(key, 'base64'));
}

async function knownEntries({ knownHostsFiles }: SshSettings): Promise<readonly KnownKey[]> {
  const files = await Promise.all(
    knownHostsFiles.map(async (file) => parseKnownHosts(await readFile(file, 'utf8').catch(() => ''), file)),
  );
  return files.flat();
}
