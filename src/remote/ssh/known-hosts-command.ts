import { execFile } from 'node:child_process';
import { knownNames, parseKnownHosts, type KnownKey } from './known-hosts.ts';
import type { SshSettings } from './settings.ts';
import { fillTokens } from './tokens.ts';

const TIMEOUT_MS = 10_000;

/** The key that the server shows, as the command's tokens have it. */
export interface ShownKey {
  readonly type: string;
  readonly key: string;
  readonly fingerprint: string;
}

/**
 * The lines that `KnownHostsCommand` prints (ssh_config(5)): before the connection for the types to ask for, then for the key that the
 * server shows. A command that fails or does not end within 10 s knows no key. Without a command there are none.
 */
export function askKnownHostsCommand(
  settings: SshSettings,
  shown: ShownKey | undefined,
  signal: AbortSignal,
): Promise<readonly KnownKey[]> {
  const [host = ''] = knownNames(settings.hostName, settings.port, settings.hostKeyAlias);
  const tokens = {
    '%': '%',
    H: host,
    I: shown === undefined ? 'ORDER' : 'HOSTNAME',
    K: shown?.key ?? 'NONE',
    t: shown?.type ?? 'NONE',
    f: shown?.fingerprint ?? 'NONE',
  };
  const [program, ...rest] = (settings.knownHostsCommand ?? []).map((word) => fillTokens(word, tokens));
  if (program === undefined) return Promise.resolve([]);
  return new Promise((resolve) => {
    const child = execFile(program, rest, { timeout: TIMEOUT_MS, signal }, (error, stdout) => {
      resolve(error === null ? parseKnownHosts(stdout, `KnownHostsCommand ${program}`) : []);
    });
    child.stdin?.end();
  });
}
