import { must, run } from './command.ts';

/** The mirror of this machine's own apt, which therefore is reachable. */
export interface Mirror {
  readonly url: string;
}

const NEEDED = [
  'debootstrap',
  'debian-archive-keyring',
  'systemd-container',
  'dnsmasq-base',
  'nftables',
  'iproute2',
  'openssh-client',
  'util-linux',
  'xz-utils',
  'ca-certificates',
];

/** Installs the missing Debian packages with apt-get, and says in one line which; it says nothing if all are installed. */
export async function ensurePackages(say: (line: string) => void, signal: AbortSignal): Promise<void> {
  const missing: string[] = [];
  for (const name of NEEDED) if (!(await isInstalled(name))) missing.push(name);
  if (missing.length === 0) return;
  say(`installing what the lab needs, with apt-get: ${missing.join(' ')}`);
  // A third-party source that is down does not matter: the installation itself tells whether a package was found.
  await run(['apt-get', 'update', '-qq'], { signal });
  await must(['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...missing], {
    environment: { DEBIAN_FRONTEND: 'noninteractive' },
    signal,
  });
}

/** Reads the mirror from apt's sources: the one that has Debian's own main component. */
export async function findMirror(): Promise<Mirror> {
  const targets = await must([
    'apt-get',
    'indextargets',
    '--format',
    '$(ORIGIN)|$(COMPONENT)|$(SUITE)|$(REPO_URI)',
    'Created-By: Packages',
  ]);
  const rows = targets.split('\n').map((line) => line.split('|'));
  // Updates and security are sources of their own; a release is where neither is in the suite's name.
  const row = rows.find(
    ([origin, component, suite]) =>
      origin === 'Debian' && component === 'main' && suite !== undefined && !suite.includes('-'),
  );
  const url = row?.[3];
  if (url === undefined) throw new Error(`apt's sources name no Debian mirror with main:\n${targets}`);
  return { url };
}

async function isInstalled(name: string): Promise<boolean> {
  const ran = await run(['dpkg-query', '-W', '-f', '${db:Status-Status}', name]);
  return ran.exitCode === 0 && ran.stdout === 'installed';
}
