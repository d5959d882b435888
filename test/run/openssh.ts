import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { must, run } from '../lab/command.ts';
import { CACHE } from '../lab/place.ts';

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
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(`${place}-`);
  try {
    // Fresh lists only cost time, and the download tells whether they were good.
    await run(['apt-get', 'update', '-qq']);
    await must(['apt-get', 'download', '-qq', '-o', 'APT::Sandbox::User=root', 'openssh-server', 'libwrap0'], {
      cwd: folder,
    });
    for (const name of await readdir(folder)) await must(['dpkg-deb', '-x', join(folder, name), join(folder, 'root')]);
    const libraries = (await readdir(join(folder, 'root/usr/lib')))
      .filter((name) => name.endsWith('-linux-gnu'))
      .map((name) => join(place, 'root/usr/lib', name));
    await writeFile(
      join(folder, 'sshd'),
      `#!/bin/sh\nLD_LIBRARY_PATH=${libraries.join(':')} exec ${place}/root${SERVER} "$@"\n`,
    );
    await chmod(join(folder, 'sshd'), 0o755);
    await rm(place, { recursive: true, force: true });
    await rename(folder, place);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return program;
}
