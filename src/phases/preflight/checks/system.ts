import { packageOffline } from '../../../core/without-internet.ts';
import { failed, notApplicable, pass } from '../../../core/verdict.ts';
import { commandOn, knowing, type PreflightCheck } from '../subject.ts';

/** The first version of systemd with every setting of the unit. Debian 12 has 252. */
const SYSTEMD_MIN = 249;

/** The glibc that the shipped Node.js 24 needs (its BUILDING.md). */
const GLIBC_MIN = '2.28';

const KNOWN = ['debian', 'ubuntu'];

const after = ['system.bash'];

/** The operating system of the host. */
export const SYSTEM: readonly PreflightCheck[] = [
  {
    id: 'system.distribution',
    title: 'the distribution is supported',
    severity: 'warning',
    why: 'Reads os-release. hxllm is tried on Debian and Ubuntu; others with systemd, glibc and bash most often work, too.',
    remedy: 'Read the other checks: if they pass, the host is fit. Otherwise choose Debian or Ubuntu.',
    asks: ['os'],
    after,
    judge: knowing(
      (facts) => facts.os,
      (os, { host }) =>
        KNOWN.some((id) => os.id === id || os.idLike.includes(id))
          ? pass(os.prettyName)
          : failed(
              'Debian, Ubuntu or a distribution based on them',
              os.prettyName,
              commandOn(host.target, 'cat', '/etc/os-release'),
            ),
    ),
  },
  {
    id: 'system.architecture',
    title: 'hxllm has a runtime for the architecture',
    severity: 'error',
    why: 'Asks for the hardware. hxllm ships Node.js for x86_64 and aarch64, and a host needs nothing else to run it.',
    remedy: 'Choose a host with one of the two.',
    asks: ['machine'],
    after,
    judge: knowing(
      (facts) => facts.machine,
      ({ architecture, hardware, kernel }) =>
        architecture === undefined
          ? failed(
              'x86_64 or aarch64, for which hxllm ships Node.js',
              hardware,
              'Choose another host: hxllm has no runtime for this one.',
            )
          : pass(`${hardware}, Linux ${kernel}`),
    ),
  },
  {
    id: 'system.libc',
    title: 'the C library can run the shipped Node.js',
    severity: 'error',
    why: 'Asks for the version of glibc, which the shipped Node.js is linked against. On musl or an older glibc it does not start.',
    remedy: 'Choose a newer distribution: Debian 10, Ubuntu 20.04 and RHEL 8 have 2.28 or newer.',
    asks: ['machine'],
    after,
    judge: knowing(
      (facts) => facts.machine,
      ({ glibc }) => {
        const wanted = `glibc ${GLIBC_MIN} or newer`;
        const fix = 'Choose a newer distribution: the shipped Node.js cannot start on this one.';
        if (glibc === undefined) return failed(wanted, 'another C library, or one that does not tell its version', fix);
        return isAtLeast(glibc, GLIBC_MIN) ? pass(`glibc ${glibc}`) : failed(wanted, `glibc ${glibc}`, fix);
      },
    ),
  },
  {
    id: 'system.systemd',
    title: 'systemd manages the host',
    severity: 'error',
    why: 'Asks for systemd and its version. It starts, confines and restarts the gateway, and holds its port; 249 is the first version with every setting of the unit.',
    remedy: 'Upgrade the distribution, or choose a host whose init is systemd.',
    asks: ['systemd'],
    after,
    judge: knowing(
      (facts) => facts.systemd,
      (systemd, { host }) => {
        if (host.settings.serviceManager === 'process') return notApplicable('litellm_service_manager is process');
        const wanted = `systemd ${String(SYSTEMD_MIN)} or newer as the host’s init`;
        if (systemd.version === undefined)
          return failed(
            wanted,
            'no systemctl',
            'Choose a host with systemd: it starts, confines and restarts the gateway.',
          );
        if (!systemd.running)
          return failed(
            wanted,
            `systemd ${String(systemd.version)} is installed, but another program is init`,
            commandOn(host.target, 'ps', '-p', '1', '-o', 'comm='),
          );
        if (systemd.version < SYSTEMD_MIN)
          return failed(
            wanted,
            `systemd ${String(systemd.version)}`,
            'Upgrade the distribution, which brings a newer systemd.',
          );
        return pass(`systemd ${String(systemd.version)}, ${systemd.state}`);
      },
    ),
  },
  {
    id: 'system.tools',
    title: 'the programs that hxllm’s scripts need are there',
    severity: 'error',
    why: 'Looks for the programs of coreutils, util-linux and others that the scripts of enforce call. They are part of every Debian, but not of every container.',
    remedy: 'Install the packages that are named; nothing else is needed.',
    asks: ['tools'],
    after,
    judge: knowing(
      (facts) => facts.tools,
      (unusable, { host: { target } }) => {
        const [first] = unusable;
        if (first === undefined) return pass('all of them');
        const seen = unusable.map(({ name, file }) =>
          file === undefined ? `no ${name}` : `${file}, which may not be executed`,
        );
        return failed(
          unusable.map(({ name }) => name).join(', '),
          seen.join('; '),
          first.file === undefined
            ? `${commandOn(target, 'sudo', 'apt-get', 'install', '-y', 'coreutils', 'gzip', 'libc-bin', 'util-linux', 'findutils', 'grep', 'sed', 'diffutils', 'passwd')}  # ${packageOffline('coreutils')}`
            : commandOn(target, 'sudo', 'chmod', 'a+x', ...unusable.flatMap(({ file }) => file ?? [])),
        );
      },
    ),
  },
  {
    id: 'system.python',
    title: 'Python is not needed',
    severity: 'note',
    why: 'Reads the version of Python for operators who come from the playbooks, which needed 3.11. hxllm uses none, so it cannot fail.',
    remedy: 'Nothing is to do.',
    asks: ['programs'],
    after,
    judge: knowing(
      (facts) => facts.programs,
      ({ python }) => pass(`${python === undefined ? 'no Python' : `Python ${python}`}; hxllm does not use it`),
    ),
  },
];

function isAtLeast(version: string, least: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = least.split('.').map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}
