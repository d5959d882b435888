import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandResult } from '../../src/core/host.ts';
import { run, until } from './command.ts';
import { childOf } from './host/host.ts';
import { addNamespace, dnsConfig, startDetached } from './network.ts';
import { STATE, ZONE } from './place.ts';

/** The address of the domain controller and of its name server. */
export const DIRECTORY_ADDRESS = '10.77.0.14';
/** The password of the domain's Administrator. */
export const ADMINISTRATOR_PASSWORD = 'Passw0rd!lab';

const FOLDER = join(STATE, 'dc');

/** The records of a domain controller that a member asks for. */
const SRV = (
  [
    ['ldap', 389],
    ['kerberos', 88],
    ['kpasswd', 464],
    ['gc', 3268],
  ] as const
)
  .flatMap(([service, port]) =>
    [`_${service}._tcp`, `_${service}._udp`, `_${service}._tcp.dc._msdcs`].map(
      (name) => `srv-host=${name}.${ZONE},hx-dc.${ZONE},${String(port)}\n`,
    ),
  )
  .concat(`host-record=hx-dc.${ZONE},hx-dc,${DIRECTORY_ADDRESS},60\n`)
  .join('');

/** The domain controller of the zone, as a program of its own in a network namespace. */
export interface Directory {
  /** Runs samba-tool on the controller's own database. */
  readonly tool: (...words: readonly string[]) => Promise<string>;
}

/** Starts the domain controller and a name server that knows its SRV records, and waits until both answer. */
export async function startDirectory(layers: readonly string[], signal: AbortSignal): Promise<Directory> {
  const root = join(FOLDER, 'root');
  for (const part of ['upper', 'work', 'root']) await mkdir(join(FOLDER, part), { recursive: true });
  const namespace = await addNamespace('dc', 14);
  const config = join(FOLDER, 'dnsmasq.conf');
  await writeFile(config, `${dnsConfig()}${SRV}`);
  startDetached(
    'dc-dns',
    ['nsenter', `--net=${namespace}`, 'dnsmasq', '--keep-in-foreground', `--conf-file=${config}`],
    join(FOLDER, 'dns.log'),
  );
  // The mounts are those of the program and end with it.
  const script = `set -e
mount -t overlay hxlab-dc -o lowerdir=${layers.join(':')},upperdir=${join(FOLDER, 'upper')},workdir=${join(FOLDER, 'work')} ${root}
mount -t proc proc ${root}/proc; mount --bind /dev ${root}/dev; mount -t tmpfs tmpfs ${root}/run
hostname hx-dc
printf '127.0.0.1 localhost\\n${DIRECTORY_ADDRESS} hx-dc.${ZONE} hx-dc\\n' > ${root}/etc/hosts
printf 'nameserver ${DIRECTORY_ADDRESS}\\n' > ${root}/etc/resolv.conf
rm -rf ${root}/var/lib/samba; mv ${root}/srv/dc/lib ${root}/var/lib/samba; mv ${root}/srv/dc/smb.conf ${root}/etc/samba/smb.conf
cp ${root}/var/lib/samba/private/krb5.conf ${root}/etc/krb5.conf
exec chroot ${root} samba --foreground --no-process-group --model=single --debug-stdout`;
  const pid = startDetached(
    'dc',
    ['nsenter', `--net=${namespace}`, 'unshare', '--mount', '--uts', '--propagation', 'private', 'bash', '-c', script],
    join(FOLDER, 'log'),
  );
  const inside = (line: string): Promise<CommandResult> =>
    run([
      'nsenter',
      `--target=${String(childOf(pid) ?? 0)}`,
      '--mount',
      '--net',
      '--uts',
      'chroot',
      root,
      'bash',
      '-c',
      line,
    ]);
  await until(
    'the domain controller',
    30_000,
    async () =>
      (await inside(`echo '${ADMINISTRATOR_PASSWORD}' | KRB5CCNAME=MEMORY:x kinit Administrator@${ZONE.toUpperCase()}`))
        .exitCode === 0,
    signal,
  );
  return {
    tool: async (...words) => {
      const ran = await inside(['samba-tool', ...words].map((word) => `'${word}'`).join(' '));
      if (ran.exitCode !== 0) throw new Error(`samba-tool ${words.join(' ')}: ${ran.stdout}${ran.stderr}`);
      return ran.stdout;
    },
  };
}
