import { pathsOf } from '../../../config/config.ts';
import type { Target } from '../../../core/host.ts';
import { packageOffline } from '../../../core/without-internet.ts';
import { failed, pass, unknown, type Verdict } from '../../../core/verdict.ts';
import type { Clock } from '../../../facts/clock.ts';
import {
  commandOn,
  knowing,
  lineOn,
  type AskedBetween,
  type PreflightSubject,
  type PreflightCheck,
} from '../subject.ts';

const MIB = 1024 * 1024;

/** Room for the runtime (127 MB) twice, while it is uploaded beside an older one, for releases and for logs. */
const DISK_MIB = 512;

/** Without this room no file can be replaced, since its successor is written beside it; disk.space judges the runtime. */
const ROOM_BYTES = 8 * 1024;
const ROOM_INODES = 4;
/** The files and folders of a release and a runtime. */
const RELEASE_INODES = 16;

/** With a larger difference, logs of two machines cannot be read side by side. */
const SKEW_MS = 2000;

/** The clock and the disk space of the host. */
export const RESOURCES: readonly PreflightCheck[] = [
  {
    id: 'time.synchronized',
    title: 'the clock is kept in sync',
    severity: 'warning',
    why: 'Compares the clock of the host with that of this machine, and asks which time daemon keeps it. Kerberos, certificates and the times in logs need the right time.',
    remedy: 'Start a time daemon (systemd-timesyncd, chrony) that reaches a time server of your network.',
    asks: ['clock'],
    after: ['system.bash'],
    judge: knowing(
      (facts) => facts.clock,
      (clock, subject) =>
        subject.seen.reached ? judgeClock(clock, subject.seen.askedMs, subject) : unknown('it was not asked'),
    ),
  },
  {
    id: 'disk.space',
    title: 'there is room for runtime and releases',
    severity: 'error',
    why: 'Asks for the free space where the gateway is installed. A runtime has 127 MB, and an upgrade keeps two of them.',
    remedy: 'Free space on that file system, or set litellm_install_dir to another one.',
    asks: ['disk'],
    after: ['system.bash'],
    judge: knowing(
      (facts) => facts.disk,
      (disk, { host }) => {
        const seen = `${String(Math.floor(disk.availableBytes / MIB))} MiB free on ${disk.mount}, where ${pathsOf(host.settings).installDir} belongs`;
        return disk.availableBytes >= DISK_MIB * MIB
          ? pass(seen)
          : failed(
              `${String(DISK_MIB)} MiB free`,
              seen,
              commandOn(host.target, 'du', '-xh', '--max-depth=2', disk.mount),
            );
      },
    ),
  },
  {
    id: 'disk.writable',
    title: 'the folders of the gateway can be written',
    severity: 'error',
    why: 'Asks, as root, whether the folders of the configuration, the program and the units can be written, with room and inodes. enforce replaces a file by writing its successor beside it.',
    remedy: 'Free space or inodes there, or mount the file system writable.',
    asks: ['room'],
    after: ['system.bash', 'privilege.sudo'],
    judge: knowing(
      (facts) => facts.room,
      (rooms, { host }) => {
        const { installDir } = pathsOf(host.settings);
        const inodesFor = (path: string): number => (path === installDir ? RELEASE_INODES : ROOM_INODES);
        const full = rooms.find(
          ({ path, isWritable, availableBytes, freeInodes }) =>
            !isWritable || availableBytes < ROOM_BYTES || (freeInodes !== undefined && freeInodes < inodesFor(path)),
        );
        if (full === undefined) return pass(rooms.map(({ path }) => path).join(', '));
        const { path, folder, mount, isWritable, availableBytes } = full;
        const expected = `${path} on a file system with room that may be written`;
        if (!isWritable)
          return failed(
            expected,
            `${folder}, on ${mount}, may not be written, or is mounted read-only`,
            `${commandOn(host.target, 'findmnt', '-T', folder)}  # shows the mount and its options`,
          );
        return availableBytes < ROOM_BYTES
          ? failed(
              expected,
              `${String(Math.floor(availableBytes / 1024))} KiB free on ${mount}`,
              commandOn(host.target, 'du', '-xh', '--max-depth=2', mount),
            )
          : failed(
              expected,
              `${String(full.freeInodes ?? 0)} inodes free on ${mount}`,
              commandOn(host.target, 'du', '-x', '--inodes', '--max-depth=2', mount),
            );
      },
    ),
  },
  {
    id: 'disk.executable',
    title: 'programs may be run where the runtime belongs',
    severity: 'error',
    why: 'Reads the options of the mount where the runtime belongs. With noexec the kernel refuses to start it.',
    remedy: 'Mount it with exec, or set litellm_install_dir to a file system that runs programs.',
    asks: ['disk'],
    after: ['system.bash'],
    judge: knowing(
      (facts) => facts.disk,
      ({ mount, runsPrograms }, { host }) =>
        runsPrograms
          ? pass(mount)
          : failed(
              `a file system that runs programs, for ${pathsOf(host.settings).installDir}`,
              `${mount} is mounted with noexec`,
              `${commandOn(host.target, 'sudo', 'mount', '-o', 'remount,exec', mount)}  # and in /etc/fstab; or set litellm_install_dir to another file system`,
            ),
    ),
  },
];

function judgeClock(clock: Clock, asked: AskedBetween, { host }: PreflightSubject): Verdict {
  // Zero if the host's time lies between question and answer: then the clocks cannot be told apart. The clock is read at the beginning, so the
  // time of all other questions, by the same clock, is taken off.
  const tookMs = asked.hostEndMs - clock.nowMs;
  const byMs = asked.toMs - (tookMs > 0 ? tookMs : 0);
  const skewMs = Math.max(asked.fromMs - clock.nowMs, clock.nowMs - byMs, 0);
  const skew =
    skewMs === 0
      ? 'it agrees with this machine’s clock'
      : `it is ${(skewMs / 1000).toFixed(1)} s off this machine’s clock`;
  const { daemon, container } = clock;
  const fix = fixOfClock(clock, host.target);
  const keeper =
    daemon === undefined ? '' : ` by ${daemon}${clock.reported === undefined ? '' : ` (${clock.reported})`}`;
  if (clock.synchronized === true && skewMs <= SKEW_MS) return pass(`synchronized${keeper}; ${skew}`);
  if (clock.synchronized === true)
    return failed('the same time here and there', `timedatectl says synchronized${keeper}, but ${skew}`, fix);
  // A container cannot set its clock, which its machine keeps.
  if (container !== undefined && daemon === undefined)
    return skewMs <= SKEW_MS
      ? pass(`the clock of the machine around it (${container}); ${skew}`)
      : failed(
          'the same time here and there',
          `${skew}, and the machine around it (${container}) keeps it`,
          'timedatectl set-ntp true  # on that machine',
        );
  const kept =
    daemon !== undefined
      ? `${daemon} runs and has not synchronized it`
      : clock.synchronized === false
        ? 'no time daemon keeps it in sync'
        : 'timedatectl does not say whether a time daemon keeps it in sync';
  return failed('a clock that a time daemon keeps', `${kept}; ${skew}`, fix);
}

/** Without internet the servers that a distribution names do not answer: the fix names one of the network. */
function fixOfClock({ daemon, hasNoDaemon }: Clock, target: Target): string {
  if (hasNoDaemon === true)
    return `${commandOn(target, 'sudo', 'apt-get', 'install', '-y', 'systemd-timesyncd')}  # ${packageOffline('systemd-timesyncd')}`;
  if (daemon === 'systemd-timesyncd')
    return `${lineOn(target, String.raw`sudo mkdir -p /etc/systemd/timesyncd.conf.d && printf '[Time]\nNTP=SERVER\n' | sudo tee /etc/systemd/timesyncd.conf.d/local.conf && sudo systemctl restart systemd-timesyncd`)}  # SERVER: a time server of your network`;
  if (daemon === 'chrony' || daemon === 'chronyd') {
    const file = daemon === 'chrony' ? '/etc/chrony/chrony.conf' : '/etc/chrony.conf';
    return `${lineOn(target, `echo 'server SERVER iburst' | sudo tee -a ${file} && sudo systemctl restart ${daemon}`)}  # SERVER: a time server of your network`;
  }
  return commandOn(target, 'sudo', 'timedatectl', 'set-ntp', 'true');
}
