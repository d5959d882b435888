import type { Check } from '../../../core/check.ts';
import { failed, notApplicable, pass } from '../../../core/verdict.ts';
import { commandOn, knowing, type PreflightSubject } from '../subject.ts';

/** The first systemd with everything that the unit uses; Debian 12 has 252. */
const SYSTEMD_MIN = 249;

/** What the shipped Node.js 24 was linked against (its BUILDING.md). */
const GLIBC_MIN = '2.28';

const KNOWN = ['debian', 'ubuntu'];

const after = ['system.bash'];

/** What the host is. */
export const SYSTEM: readonly Check<PreflightSubject>[] = [
  {
    id: 'system.distribution',
    title: 'the distribution is a known one',
    severity: 'warning',
    after,
    judge: knowing(
      (facts) => facts.os,
      (os, { host }) =>
        KNOWN.some((id) => os.id === id || os.idLike.includes(id))
          ? pass(os.prettyName)
          : failed(
              'Debian, Ubuntu or one of their family',
              os.prettyName,
              commandOn(host.target, 'cat', '/etc/os-release'),
            ),
    ),
  },
  {
    id: 'system.architecture',
    title: 'the architecture has a runtime',
    severity: 'error',
    after,
    judge: knowing(
      (facts) => facts.machine,
      ({ architecture, hardware, kernel }) =>
        architecture === undefined
          ? failed(
              'x86_64 or aarch64, for which there is a Node.js to ship',
              hardware,
              'Choose another host: there is no runtime for this one.',
            )
          : pass(`${hardware}, Linux ${kernel}`),
    ),
  },
  {
    id: 'system.libc',
    title: 'the C library runs the shipped runtime',
    severity: 'error',
    after,
    judge: knowing(
      (facts) => facts.machine,
      ({ glibc }) => {
        const wanted = `glibc ${GLIBC_MIN} or newer`;
        const fix = 'Choose a newer distribution: the shipped Node.js cannot start on this one.';
        if (glibc === undefined) return failed(wanted, 'another C library, or one that does not say its version', fix);
        return isAtLeast(glibc, GLIBC_MIN) ? pass(`glibc ${glibc}`) : failed(wanted, `glibc ${glibc}`, fix);
      },
    ),
  },
  {
    id: 'system.systemd',
    title: 'systemd manages the host',
    severity: 'error',
    after,
    judge: knowing(
      (facts) => facts.systemd,
      (systemd, { host }) => {
        if (host.settings.serviceManager === 'process') return notApplicable('litellm_service_manager is process');
        const wanted = `systemd ${String(SYSTEMD_MIN)} or newer as this host's init`;
        if (systemd.version === undefined)
          return failed(
            wanted,
            'no systemctl',
            'Choose a host with systemd: it starts, confines and restarts the gateway.',
          );
        if (!systemd.running)
          return failed(
            wanted,
            `systemd ${String(systemd.version)} is installed, but something else is init`,
            commandOn(host.target, 'ps', '-p', '1', '-o', 'comm='),
          );
        if (systemd.version < SYSTEMD_MIN)
          return failed(
            wanted,
            `systemd ${String(systemd.version)}`,
            'Upgrade the distribution: systemd comes with it.',
          );
        return pass(`systemd ${String(systemd.version)}, ${systemd.state}`);
      },
    ),
  },
  {
    id: 'system.python',
    title: 'Python is not needed',
    severity: 'note',
    after,
    judge: knowing(
      (facts) => facts.programs,
      ({ python }) => pass(`${python === undefined ? 'none' : `Python ${python}`}; hxllm needs none on the host`),
    ),
  },
];

function isAtLeast(version: string, least: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = least.split('.').map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}
