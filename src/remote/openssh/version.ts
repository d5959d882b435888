import { execFile } from 'node:child_process';
import type { Problem } from '../../core/problem.ts';
import type { LocalUser } from '../local-user.ts';

/** The first release that asks a program for passwords without an X display (`SSH_ASKPASS_REQUIRE=force`). */
const OLDEST = { major: 8, minor: 4 };

const TIMEOUT_MS = 10_000;

/** The Problem of a machine whose `ssh` is missing, too old or of another make; undefined if it can be used. */
export async function judgeOpenSsh({ environment }: LocalUser, signal: AbortSignal): Promise<Problem | undefined> {
  const said = await versionOf(environment, signal);
  const [, major, minor] = /^OpenSSH_(?:for_Windows_)?(\d+)\.(\d+)/.exec(said ?? '') ?? [];
  if (major !== undefined && !isOlder(Number(major), Number(minor))) return undefined;
  const found =
    said === undefined
      ? 'no program ssh in PATH'
      : major === undefined
        ? `another program: ${said.split('\n')[0] ?? ''}`
        : `version ${major}.${String(minor)}`;
  return {
    code: 'config.ssh',
    summary: '--transport openssh needs OpenSSH’s ssh on this machine',
    detail: `Expected OpenSSH ${String(OLDEST.major)}.${String(OLDEST.minor)} or newer, found ${found}.`,
    fix: 'sudo apt-get install openssh-client  # without internet: leave out --transport openssh',
  };
}

function isOlder(major: number, minor: number): boolean {
  return major < OLDEST.major || (major === OLDEST.major && minor < OLDEST.minor);
}

/** The output of `ssh -V`; undefined without the program. */
function versionOf(environment: LocalUser['environment'], signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = execFile(
      'ssh',
      ['-V'],
      { env: { ...environment }, timeout: TIMEOUT_MS, signal },
      (error, out, err) => {
        resolve(error?.code === 'ENOENT' ? undefined : `${err}${out}`.trim());
      },
    );
    child.stdin?.end();
  });
}
