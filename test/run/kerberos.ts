import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CACHE } from '../lab/place.ts';
import { unpackDebianPackages } from './debian-packages.ts';

const PROGRAMS = ['/usr/sbin/krb5kdc', '/usr/sbin/kdb5_util', '/usr/sbin/kadmin.local', '/usr/bin/kinit'];
const PACKAGES = [
  'krb5-kdc',
  'krb5-admin-server',
  'krb5-user',
  'libkadm5srv-mit12',
  'libkadm5clnt-mit12',
  'libkdb5-10',
  'libgssrpc4',
  'libverto1',
  'libverto-libev1',
  'libev4',
];

/** The line about the test that needs a Kerberos server. */
export const KERBEROS_LEFT_OUT =
  'LEFT OUT: the test with a Kerberos server (there is none here; apt-get install krb5-kdc krb5-admin-server krb5-user)';

/** The folder with the programs of MIT Kerberos: the one that the environment names, or `/usr/sbin` if they are installed, where kinit lies in `/usr/bin`. */
export function findKerberos(): string | undefined {
  const named = process.env['HXLLM_KRB5_BIN'];
  if (named !== undefined && existsSync(join(named, 'krb5kdc'))) return named;
  return PROGRAMS.every((program) => existsSync(program)) ? '/usr/sbin' : undefined;
}

/** Debian's MIT Kerberos, unpacked and not installed: an installed one would start. `undefined` where there are no such packages. */
export async function unpackKerberos(say: (line: string) => void): Promise<string | undefined> {
  const found = findKerberos();
  if (found !== undefined) return found;
  const place = join(CACHE, 'kerberos');
  const bin = join(place, 'bin');
  if (existsSync(bin)) return bin;
  say('unpacking Debian’s Kerberos for the tests');
  try {
    await unpackDebianPackages(place, PACKAGES, async (folder) => {
      const libraries = (await readdir(join(folder, 'root/usr/lib')))
        .filter((name) => name.endsWith('-linux-gnu'))
        .map((name) => join(place, 'root/usr/lib', name));
      await mkdir(join(folder, 'bin'));
      for (const program of PROGRAMS) {
        const file = join(folder, 'bin', program.slice(program.lastIndexOf('/') + 1));
        const script = `#!/bin/sh\nLD_LIBRARY_PATH=${libraries.join(':')} exec ${place}/root${program} "$@"\n`;
        await writeFile(file, script);
        await chmod(file, 0o755);
      }
    });
    return bin;
  } catch {
    return undefined;
  }
}
