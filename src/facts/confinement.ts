import type { Question } from './question.ts';

/** The kernel's and a container's part in confining the gateway. */
export interface Confinement {
  /** The program that runs the container (`lxc`, `docker`, `systemd-nspawn`); `none` on a machine. */
  readonly container: string;
  /** Settings of the unit that the kernel or the container refused in a trial. */
  readonly refused: readonly string[];
  readonly cgroups: Cgroups;
  /** Whether systemd filters the addresses of a unit (`IPAddressDeny=`); `undefined`: it was not asked, or the trial said nothing. */
  readonly filtersAddresses?: boolean;
  readonly seLinux: 'enforcing' | 'permissive' | 'off';
  /** `undefined`: AppArmor is off. */
  readonly appArmor: AppArmor | undefined;
}

/** The control groups of systemd. */
export interface Cgroups {
  readonly layout: 'v2' | 'hybrid' | 'v1' | 'none';
  /** systemd counts memory and tasks of units, so it can also limit them. */
  readonly counts: boolean;
}

/** AppArmor on the host. */
export interface AppArmor {
  /** Profiles for programs below the install folder, each with its mode: `/opt/litellm/** (enforce)`. */
  readonly profiles: readonly string[];
  readonly total: number;
}

/** The trials, with the settings of the unit that systemd cannot apply where the trial fails. */
const TRIALS: readonly (readonly [word: string, settings: readonly string[]])[] = [
  [
    'mounts',
    [
      'ProtectSystem',
      'ProtectHome',
      'ReadOnlyPaths',
      'PrivateTmp',
      'PrivateDevices',
      'ProtectKernelTunables',
      'ProtectControlGroups',
    ],
  ],
  ['users', ['PrivateUsers']],
  ['ipc', ['PrivateIPC']],
  ['names', ['ProtectHostname']],
  ['proc', ['ProtectProc', 'ProcSubset']],
  ['seccomp', ['SystemCallFilter', 'SystemCallArchitectures', 'RestrictAddressFamilies', 'RestrictNamespaces']],
];

// Each trial runs in namespaces of its own, which end with it: nothing on the host changes.
const SCRIPT = `install=$1 restrict=$2
# A program that is missing, or too slow, says nothing about the kernel.
try() {
  local word=$1; shift
  timeout 5 "$@" >/dev/null 2>&1
  case $? in 0) echo "$word=yes";; 124|126|127) ;; *) echo "$word=no";; esac
}
echo "container=$(systemd-detect-virt -c 2>/dev/null)"
try mounts unshare --mount mount -o remount,bind,ro /
try users unshare --user true
try ipc unshare --ipc true
try names unshare --uts true
try proc unshare --mount mount -t proc -o hidepid=invisible,subset=pid proc /proc
try seccomp grep -q '^Seccomp:' /proc/self/status
# A packet to the host itself, in a unit that is gone afterwards: once with the filter, and once without, which has to leave.
send() { timeout 8 systemd-run --quiet --collect --wait --pipe "$@" /bin/bash -c 'echo >/dev/udp/127.0.0.1/9' </dev/null >/dev/null 2>&1; }
if [ "$restrict" = yes ] && send; then
  send -p IPAddressDeny=any
  case $? in 0) echo filter=no;; 1) echo filter=yes;; esac
fi
echo "cgroup=$(stat -fc %T /sys/fs/cgroup 2>/dev/null)"
echo "unified=$(stat -fc %T /sys/fs/cgroup/unified 2>/dev/null)"
systemctl show system.slice -p MemoryCurrent -p TasksCurrent 2>/dev/null
echo "selinux=$(cat /sys/fs/selinux/enforce 2>/dev/null)"
echo "apparmor=$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)"
sed 's/^/profile=/' /sys/kernel/security/apparmor/profiles 2>/dev/null
echo "install=$install"`;

/** Trials of what the unit asks of the kernel, and the state of cgroups, SELinux and AppArmor. */
export function confinementQuestion(installDir: string, restrictEgress = false): Question<Confinement> {
  return {
    script: SCRIPT,
    arguments: [installDir, restrictEgress ? 'yes' : 'no'],
    as: 'root',
    timeoutS: 30,
    parse: ({ stdout }) => parseConfinement(stdout),
  };
}

/** Parses lines `NAME=VALUE`. A trial without a line gave no answer, and counts as not refused. */
export function parseConfinement(text: string): Confinement {
  const value = (name: string): string | undefined => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1]?.trim();
  const install = value('install');
  if (install === undefined) throw new Error('the answer about confinement is incomplete');
  const container = value('container') ?? '';
  const profiles = [...text.matchAll(/^profile=(.*)$/gm)].map(([, profile = '']) => profile.trim());
  return {
    container: container === '' ? 'none' : container,
    refused: TRIALS.flatMap(([word, settings]) => (value(word) === 'no' ? settings : [])),
    cgroups: cgroupsOf(value('cgroup'), value('unified'), value('MemoryCurrent')),
    ...(value('filter') === undefined ? {} : { filtersAddresses: value('filter') === 'yes' }),
    seLinux: value('selinux') === '1' ? 'enforcing' : value('selinux') === '0' ? 'permissive' : 'off',
    appArmor:
      value('apparmor') === 'Y'
        ? { total: profiles.length, profiles: profiles.filter((profile) => profile.startsWith(`${install}/`)) }
        : undefined,
  };
}

// statfs(2) names cgroup v2 cgroup2fs; v1 is below a tmpfs, and hybrid has v2 besides, for systemd's own bookkeeping.
function cgroupsOf(root: string | undefined, unified: string | undefined, memory: string | undefined): Cgroups {
  const layout = root === 'cgroup2fs' ? 'v2' : root !== 'tmpfs' ? 'none' : unified === 'cgroup2fs' ? 'hybrid' : 'v1';
  return { layout, counts: memory !== undefined && /^\d+$/.test(memory) && memory !== '18446744073709551615' };
}
