import { existsSync } from 'node:fs';
import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CACHE } from '../lab/place.ts';
import { unpackDebianPackages } from './debian-packages.ts';

const SERVER = '/usr/sbin/sshd';

/**
 * Debian's OpenSSH server for tests, unpacked beside the lab's images and not installed: an installed package would start a server
 * that is reachable from outside. Returns the program.
 */
export async function unpackOpenSsh(say: (line: string) => void): Promise<string> {
  if (existsSync(SERVER)) return SERVER;
  const place = join(CACHE, 'openssh');
  const program = join(place, 'sshd');
  if (existsSync(program)) return program;
  say('unpacking Debian’s OpenSSH server for the tests');
  await unpackDebianPackages(place, ['openssh-server', 'libwrap0'], async (folder) => {
    const libraries = (await readdir(join(folder, 'root/usr/lib')))
      .filter((name) => name.endsWith('-linux-gnu'))
      .map((name) => join(place, 'root/usr/lib', name));
    await writeFile(
      join(folder, 'sshd'),
      `#!/bin/sh\nLD_LIBRARY_PATH=${libraries.join(':')} exec ${place}/root${SERVER} "$@"\n`,
    );
    await chmod(join(folder, 'sshd'), 0o755);
  });
  return program;
}
