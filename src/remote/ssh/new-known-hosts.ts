import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode, errorMessage } from '../../core/error.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { shellLine } from '../../core/shell.ts';
import { hashedName, knownEntry, parseKnownHosts } from './known-hosts.ts';

/** A host key to add: its type, and the key in base64. */
export interface NewHostKey {
  readonly type: string;
  readonly key: string;
}

/**
 * Adds keys of a host to a known_hosts file, all in one append, so that an ssh that writes at the same time loses nothing. Keys that the
 * file has already are left out. The name is hashed with `hash`, or if the file has hashed names. A new file has 0600, its folder 0700.
 * Returns the number of lines added. Problems: `permission.file`, `file.not-written`.
 */
export async function addHostKeys(
  file: string,
  name: string,
  keys: readonly NewHostKey[],
  hash: boolean,
): Promise<Result<number>> {
  let handle: FileHandle | undefined;
  try {
    await mkdir(dirname(file), { mode: 0o700 }).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error;
    });
    handle = await open(file, 'a+', 0o600);
    const { size, ...found } = await handle.stat().then((stats) => ({ size: stats.size, isFile: stats.isFile() }));
    if (!found.isFile) return fail(noFile(file));
    const text = await handle.readFile('utf8');
    const entries = parseKnownHosts(text, file);
    const missing = keys.filter(({ key }) => knownEntry(entries, [name], key) === undefined);
    if (missing.length === 0) return ok(0);
    const hashed = hash || entries.some(({ hosts }) => hosts.startsWith('|'));
    const lines = missing.map(({ type, key }) => `${hashed ? hashedName(name) : name} ${type} ${key}\n`);
    const added = Buffer.from(`${text === '' || text.endsWith('\n') ? '' : '\n'}${lines.join('')}`);
    const { bytesWritten } = await handle.write(added);
    if (bytesWritten < added.length) {
      // A full disk took a part of it. Another program may have appended since; then a broken line stays, which ssh ignores.
      if ((await handle.stat()).size === size + bytesWritten) await handle.truncate(size);
      return fail(notWritten(file, 'the disk took a part of the lines only', 'file.not-written'));
    }
    await handle.sync();
    return ok(missing.length);
  } catch (error) {
    const denied = ['EACCES', 'EPERM', 'EROFS'].includes(errorCode(error));
    return fail(notWritten(file, errorMessage(error), denied ? 'permission.file' : 'file.not-written'));
  } finally {
    await handle?.close();
  }
}

function noFile(file: string): Problem {
  return {
    code: 'file.not-written',
    summary: `${file} cannot hold host keys`,
    detail: `Expected a regular file in UserKnownHostsFile, found ${file}, which keeps nothing.`,
    fix: 'remove UserKnownHostsFile from the SSH arguments of the inventory and from ~/.ssh/config, or name a file',
    where: { file },
  };
}

function notWritten(file: string, why: string, code: string): Problem {
  const folder = shellLine([dirname(file)]);
  const fixes: readonly (readonly [RegExp, string])[] = [
    [/^ENOENT/, `mkdir -p -m 700 ${folder}`],
    [/^(?:EACCES|EPERM)/, `sudo chown "$(id -un)" ${shellLine([file])} && chmod 600 ${shellLine([file])}`],
  ];
  return {
    code,
    summary: `${file} was not written`,
    detail: `Expected to add host keys to it, found: ${why}. No key was added.`,
    fix: fixes.find(([words]) => words.test(why))?.[1] ?? `df -h ${folder}; ls -ld ${folder} ${shellLine([file])}`,
    where: { file },
  };
}
