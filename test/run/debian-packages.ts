import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { must, run } from '../lab/command.ts';

/**
 * Downloads packages of Debian and unpacks them below `root` in a folder, without installing them; `finish` may add to the folder before it is
 * there under its name.
 */
export async function unpackDebianPackages(
  place: string,
  packages: readonly string[],
  finish: (folder: string) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await mkdir(dirname(place), { recursive: true });
  const folder = await mkdtemp(`${place}-`);
  const download = ['apt-get', 'download', '-qq', '-o', 'APT::Sandbox::User=root', ...packages];
  try {
    // Fresh lists only cost time, and the download tells whether they were good.
    if ((await run(download, { cwd: folder })).exitCode !== 0) {
      await run(['apt-get', 'update', '-qq']);
      await must(download, { cwd: folder });
    }
    for (const name of await readdir(folder)) await must(['dpkg-deb', '-x', join(folder, name), join(folder, 'root')]);
    await finish(folder);
    await rm(place, { recursive: true, force: true });
    await rename(folder, place);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
