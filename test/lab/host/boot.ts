import { randomBytes } from 'node:crypto';
import { appendFile, chmod, chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from '../command.ts';
import { addNamespace, startDetached } from '../network.ts';
import { DNS_ADDRESS, hostFolder, KEY, KNOWN_HOSTS, PREFIX, ZONE, type Place } from '../place.ts';

/** Uid of the user `deploy` in the image. */
const DEPLOY = 1000;

/** Boots one host from its layers (topmost first) with a fresh disk on top; returns while it is still booting. */
export async function bootHost(place: Place, layers: readonly string[]): Promise<void> {
  const folder = hostFolder(place.name);
  const root = join(folder, 'root');
  for (const part of ['upper', 'work', 'root']) await mkdir(join(folder, part), { recursive: true });
  await must([
    'mount',
    '-t',
    'overlay',
    `${PREFIX}${place.name}`,
    '-o',
    `lowerdir=${layers.join(':')},upperdir=${join(folder, 'upper')},workdir=${join(folder, 'work')}`,
    root,
  ]);
  await writeFile(join(folder, 'layers'), `${layers.join('\n')}\n`);
  await giveIdentity(place, root);
  const namespace = await addNamespace(place.name, place.octet);
  const pid = startDetached(place.name, nspawn(place, root, namespace), join(folder, 'console'));
  await writeFile(join(folder, 'pid'), `${String(pid)}\n`);
}

function nspawn(place: Place, root: string, namespace: string): readonly string[] {
  return [
    'systemd-nspawn',
    '--quiet',
    '--boot',
    `--directory=${root}`,
    `--machine=${PREFIX}${place.name}`,
    `--hostname=${place.name}`,
    `--network-namespace-path=${namespace}`,
    // This machine may have no systemd and no machined; the current cgroup is the host's own.
    '--register=no',
    '--keep-unit',
    '--resolv-conf=off',
    '--timezone=off',
    '--console=pipe',
    // systemd filters the addresses of units with BPF (IPAddressDeny=), as on a real host.
    '--capability=CAP_BPF,CAP_NET_ADMIN',
    '--system-call-filter=bpf',
  ];
}

/** The identity of a host: its names, its host keys (which go into known_hosts), and its logins. */
async function giveIdentity(place: Place, root: string): Promise<void> {
  const fullName = `${place.name}.${ZONE}`;
  await writeFile(join(root, 'etc/hostname'), `${place.name}\n`);
  await writeFile(join(root, 'etc/hosts'), `127.0.0.1 localhost\n${place.address} ${fullName} ${place.name}\n`);
  await writeFile(join(root, 'etc/resolv.conf'), `search ${ZONE}\nnameserver ${DNS_ADDRESS}\n`);
  await writeFile(join(root, 'etc/machine-id'), `${randomBytes(16).toString('hex')}\n`);
  await must(['ssh-keygen', '-A', '-f', root]);
  for (const type of ['ed25519', 'ecdsa', 'rsa']) {
    const [algorithm = '', key = ''] = (await readFile(join(root, `etc/ssh/ssh_host_${type}_key.pub`), 'utf8')).split(
      ' ',
    );
    await appendFile(KNOWN_HOSTS, `${place.name},${fullName},${place.address} ${algorithm} ${key}\n`);
  }
  const ssh = join(root, 'home/deploy/.ssh');
  await mkdir(ssh, { recursive: true });
  await writeFile(join(ssh, 'authorized_keys'), await readFile(`${KEY}.pub`));
  await chmod(join(ssh, 'authorized_keys'), 0o600);
  await chmod(ssh, 0o700);
  for (const path of [ssh, join(ssh, 'authorized_keys')]) await chown(path, DEPLOY, DEPLOY);
}
