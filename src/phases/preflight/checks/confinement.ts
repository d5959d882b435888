import { pathsOf } from '../../../config/config.ts';
import { failed, notApplicable, pass, unknown, type Verdict } from '../../../core/verdict.ts';
import type { Confinement } from '../../../facts/confinement.ts';
import { ignoredSettings } from '../../../facts/unit-settings.ts';
import { commandOn, knowing, lineOn, type PreflightCheck, type PreflightSubject } from '../subject.ts';

const after = ['system.bash'];

const PROCESS = notApplicable('litellm_service_manager is process: no unit confines the gateway');

/** The part of systemd, the kernel and a container in confining the gateway: a part of the family `runtime`. */
export const CONFINEMENT: readonly PreflightCheck[] = [
  {
    id: 'runtime.hardening',
    title: 'systemd knows every setting of the unit',
    severity: 'warning',
    why: 'Compares the version and the build of systemd with the settings of the unit. systemd ignores a setting that it does not know, and the gateway then runs with less confinement.',
    remedy: 'Upgrade the distribution: 249 knows every setting.',
    asks: ['systemd'],
    after,
    judge: knowing(
      (facts) => facts.systemd,
      ({ version, features }, { host: { settings } }) => {
        if (settings.serviceManager === 'process') return PROCESS;
        if (version === undefined) return notApplicable('the host has no systemd');
        const ignored = ignoredSettings(version, features);
        return ignored.length === 0
          ? pass(`systemd ${String(version)} knows all of them`)
          : failed(
              'a systemd that applies every setting of the unit',
              `systemd ${String(version)} ignores ${ignored.join(', ')}`,
              'Upgrade the distribution, which brings a newer systemd.',
            );
      },
    ),
  },
  {
    id: 'runtime.container',
    title: 'the kernel allows what the unit asks for',
    severity: 'warning',
    why: 'Tries, in namespaces that end at once, what the unit asks of the kernel. Containers refuse some of it; systemd then starts the gateway without these settings and says so only in its debug log.',
    remedy: 'Let the container nest (LXC and Proxmox: features: nesting=1), or take a virtual machine.',
    asks: ['confinement'],
    after: [...after, 'privilege.sudo'],
    judge: onUnit(({ container, refused }, { host: { target } }) => {
      const where = container === 'none' ? 'the kernel of this machine' : `the container (${container})`;
      if (refused.length === 0)
        return pass(container === 'none' ? 'no container' : `${container} refuses nothing of it`);
      return failed(
        'a kernel that applies every setting of the unit',
        `${where} refuses ${refused.join(', ')}`,
        container === 'none'
          ? commandOn(target, 'sudo', 'sysctl', 'user.max_user_namespaces', 'kernel.unprivileged_userns_clone')
          : `let the container nest, on the machine that runs it  # LXC: lxc.include = /usr/share/lxc/config/nesting.conf; Proxmox: pct set ID --features nesting=1; or take a virtual machine`,
      );
    }),
  },
  {
    id: 'runtime.cgroups',
    title: 'limits of memory and CPU would hold',
    severity: 'note',
    why: 'Asks for the layout of cgroups and whether systemd counts memory. The unit sets no limit; MemoryMax= or CPUQuota= in a drop-in does nothing where systemd does not count.',
    remedy: 'Boot with cgroup v2: systemd.unified_cgroup_hierarchy=1 on the kernel’s command line.',
    asks: ['confinement'],
    after: [...after, 'privilege.sudo'],
    judge: onUnit(judgeCgroups),
  },
  {
    id: 'runtime.egress',
    title: 'systemd keeps the gateway from other addresses',
    severity: 'error',
    why: 'Sends a packet to the host itself from a unit with IPAddressDeny=any, which must not leave. Without cgroup v2 or BPF systemd starts the gateway all the same, and it reaches every address.',
    remedy:
      'Boot with cgroup v2; in a container, allow CAP_BPF, CAP_NET_ADMIN and the system call bpf. Or set litellm_restrict_egress: false.',
    asks: ['confinement'],
    after: [...after, 'privilege.sudo'],
    judge: onUnit(judgeEgress),
  },
  {
    id: 'runtime.security-module',
    title: 'SELinux and AppArmor leave the gateway alone',
    severity: 'warning',
    why: 'Reads the mode of SELinux and the profiles of AppArmor. hxllm sets no labels and no profile, so an enforcing one can deny the gateway its files or its port.',
    remedy:
      'SELinux: restore the labels of the install folder, then read the denials. AppArmor: set the profile to complain.',
    asks: ['confinement'],
    after: [...after, 'privilege.sudo'],
    judge: onUnit(judgeSecurityModule),
  },
];

/** A judge of the confinement, which concerns a gateway that systemd runs. */
function onUnit(judge: (confinement: Confinement, subject: PreflightSubject) => Verdict): PreflightCheck['judge'] {
  return (subject) =>
    subject.host.settings.serviceManager === 'process'
      ? PROCESS
      : knowing((facts) => facts.confinement, judge)(subject);
}

function judgeCgroups({ cgroups: { layout, counts } }: Confinement): Verdict {
  if (counts)
    return pass(
      layout === 'v2'
        ? 'cgroup v2: MemoryMax=, MemoryHigh=, CPUQuota= and TasksMax= of a drop-in hold'
        : `cgroup ${layout}: MemoryMax=, CPUQuota= and TasksMax= of a drop-in hold, MemoryHigh= does not; systemd 258 needs v2`,
    );
  return failed(
    'cgroups in which systemd counts memory and tasks',
    layout === 'none'
      ? 'no cgroups at /sys/fs/cgroup'
      : `cgroup ${layout}, in which systemd does not count them: it accepts MemoryMax=, CPUQuota= and TasksMax=, and they do nothing`,
    'boot with systemd.unified_cgroup_hierarchy=1 on the kernel’s command line  # in a container: delegate the controllers to it',
  );
}

function judgeEgress(
  { filtersAddresses, container, cgroups }: Confinement,
  { host: { settings } }: PreflightSubject,
): Verdict {
  if (settings.restrictEgress !== true) return notApplicable('litellm_restrict_egress is not set');
  if (filtersAddresses === undefined) return unknown('the trial of IPAddressDeny= gave no answer');
  if (filtersAddresses) return pass('a unit with IPAddressDeny=any reaches nothing');
  return failed(
    'a systemd that applies IPAddressDeny=, which litellm_restrict_egress needs',
    `a packet left a unit with IPAddressDeny=any (cgroup ${cgroups.layout}, container: ${container})`,
    container === 'none'
      ? 'boot with systemd.unified_cgroup_hierarchy=1 on the kernel’s command line, or set litellm_restrict_egress: false'
      : 'allow the container CAP_BPF, CAP_NET_ADMIN and the system call bpf, on the machine that runs it, or set litellm_restrict_egress: false',
  );
}

function judgeSecurityModule(
  { seLinux, appArmor }: Confinement,
  { host: { target, settings } }: PreflightSubject,
): Verdict {
  const { installDir } = pathsOf(settings);
  if (seLinux === 'enforcing')
    return failed(
      'no security module that could deny the gateway its files',
      'SELinux is enforcing, and hxllm sets no labels',
      lineOn(
        target,
        `sudo restorecon -Rv ${installDir} ${pathsOf(settings).configDir}; sudo ausearch -m avc -ts recent`,
      ),
    );
  const enforced = appArmor?.profiles.filter((profile) => /\((?:enforce|kill)\)$/.test(profile)) ?? [];
  if (enforced.length > 0)
    return failed(
      `no enforcing profile for programs below ${installDir}`,
      `AppArmor: ${enforced.join(', ')}`,
      commandOn(target, 'sudo', 'aa-complain', enforced[0]?.replace(/ \(.*$/, '') ?? ''),
    );
  const words = [
    seLinux === 'permissive' ? 'SELinux is permissive' : 'no SELinux',
    appArmor === undefined ? 'no AppArmor' : `AppArmor with ${String(appArmor.total)} profiles, none for ${installDir}`,
  ];
  return pass(words.join(', '));
}
