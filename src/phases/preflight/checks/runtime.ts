import { quote } from '../../../core/shell.ts';
import { packageOffline } from '../../../core/without-internet.ts';
import { failed, notApplicable, pass, type Verdict } from '../../../core/verdict.ts';
import { pathsOf } from '../../../config/config.ts';
import type { FileLimits, InstalledRuntime, Library } from '../../../facts/runtime.ts';
import { commandOn, knowing, lineOn, type PreflightCheck, type PreflightSubject } from '../subject.ts';

/** The newest symbol of libstdc++ that the shipped Node.js needs, on x64 and arm64: GLIBCXX_3.4.21, of GCC 5.1. */
const GLIBCXX_MIN = '3.4.21';

/** Each running request holds a connection to its client and one to its server, and the socket queues 4096. */
const FILES_MIN = 8192;

/** LimitNOFILE= of the unit. */
const FILES_WANTED = 65_536;

const after = ['system.bash'];

/** The shipped Node.js on the host, and the host's part in confining it. */
export const RUNTIME: readonly PreflightCheck[] = [
  {
    id: 'runtime.libraries',
    title: 'the C++ libraries can run the shipped Node.js',
    severity: 'error',
    why: 'Asks the loader for libstdc++ and libgcc_s, which the shipped Node.js needs beside glibc. Without them it does not start.',
    remedy: 'Install libstdc++6, which brings libgcc-s1.',
    asks: ['libraries'],
    after: [...after, 'system.libc'],
    judge: knowing((facts) => facts.libraries, judgeLibraries),
  },
  {
    id: 'runtime.starts',
    title: 'the runtime on the host starts',
    severity: 'error',
    why: 'Starts the Node.js that an earlier enforce sent, as the user of the service, with --version. A mount option, a lost library or a security module can stop it after it was installed.',
    remedy: 'Follow the message of the loader. If the file is damaged, hxllm enforce sends it again.',
    asks: ['runtime'],
    after: [...after, 'privilege.sudo', 'disk.executable', 'runtime.libraries'],
    judge: knowing((facts) => facts.runtime, judgeRuntime),
  },
  {
    id: 'runtime.files',
    title: 'the gateway gets enough open files',
    severity: 'warning',
    why: 'Reads the limits of open files. Each request needs two, and a container can hold less than LimitNOFILE= of the unit asks for.',
    remedy: 'Raise the limit of the container, or fs.nr_open and fs.file-max of the host.',
    asks: ['fileLimits'],
    after,
    judge: knowing((facts) => facts.fileLimits, judgeFiles),
  },
];

function judgeLibraries(libraries: readonly Library[], { host: { target } }: PreflightSubject): Verdict {
  const wanted = `libstdc++.so.6 with GLIBCXX_${GLIBCXX_MIN} and libgcc_s.so.1`;
  const missing = libraries.filter(({ path }) => path === undefined).map(({ name }) => name);
  if (missing.length > 0)
    return failed(
      wanted,
      `no ${missing.join(' and no ')}`,
      `${commandOn(target, 'sudo', 'apt-get', 'install', '-y', 'libstdc++6', 'libgcc-s1')}  # ${packageOffline('libstdc++6')}`,
    );
  const cxx = libraries.find(({ newest }) => newest !== undefined);
  if (cxx?.newest !== undefined && compareVersions(cxx.newest, GLIBCXX_MIN) < 0)
    return failed(
      wanted,
      `${cxx.path ?? cxx.name} has GLIBCXX_${cxx.newest} at most`,
      'Choose a newer distribution: the shipped Node.js cannot start on this one.',
    );
  return pass(
    libraries
      .map(({ path, newest }) => `${path ?? ''}${newest === undefined ? '' : ` (GLIBCXX_${newest})`}`)
      .join(', '),
  );
}

function judgeRuntime(runtimes: readonly InstalledRuntime[], { host }: PreflightSubject): Verdict {
  const { target } = host;
  const used = runtimes.filter(({ inUse }) => inUse);
  const judged = used.length > 0 ? used : runtimes;
  if (judged.length === 0)
    return notApplicable(
      'no runtime was sent yet: system.architecture, system.libc, runtime.libraries and the checks of the disk judge what it needs',
    );
  const broken = judged.find(({ exitCode, output }) => exitCode !== 0 || !/^v\d+\.\d+\.\d+$/.test(output));
  if (broken === undefined) {
    const [{ output, as }] = judged as readonly [InstalledRuntime];
    return pass(`Node.js ${output.slice(1)} starts as ${as}`);
  }
  const { path, as, output, exitCode } = broken;
  const found = `${path} as ${as}: ${output === '' ? (exitCode === 124 ? 'no answer within 8 s' : `exit code ${String(exitCode)}`) : lastLineOf(output)}`;
  return failed(`Node.js that starts as ${as}`, found, fixOf(broken, target, pathsOf(host.settings).installDir));
}

function fixOf(
  { path, output, exitCode }: InstalledRuntime,
  target: Parameters<typeof lineOn>[0],
  installDir: string,
): string {
  if (/error while loading shared libraries/.test(output))
    return `${commandOn(target, 'sudo', 'apt-get', 'install', '-y', 'libstdc++6', 'libgcc-s1')}  # ${packageOffline('libstdc++6')}`;
  // 126: the file may not be executed. Its mount, a folder above it or a security module is the reason.
  if (exitCode === 126 || /Permission denied/i.test(output))
    return lineOn(target, `namei -l ${quote(path)}; findmnt -T ${quote(installDir)} -o TARGET,OPTIONS`);
  return 'hxllm enforce  # sends the runtime again if its hash is not the shipped one';
}

function lastLineOf(text: string): string {
  return text.split('\n').findLast((line) => line.trim() !== '') ?? '';
}

function judgeFiles(
  { hard, mayRaise, perProcess, most, used }: FileLimits,
  { host: { target } }: PreflightSubject,
): Verdict {
  const own = mayRaise ? FILES_WANTED : Math.min(hard, FILES_WANTED);
  const limit = Math.min(own, perProcess);
  const wanted = `at least ${String(FILES_MIN)} open files for the gateway, and as many free on the host`;
  if (perProcess < FILES_MIN)
    return failed(
      wanted,
      `fs.nr_open is ${String(perProcess)}`,
      commandOn(target, 'sudo', 'sysctl', '-w', `fs.nr_open=${String(FILES_WANTED)}`),
    );
  if (limit < FILES_MIN)
    return failed(
      wanted,
      `systemd itself has ${String(hard)} and may not raise it`,
      'raise the limit of the container on the machine that runs it  # LXC: lxc.prlimit.nofile = 65536; systemd-nspawn: --rlimit=RLIMIT_NOFILE=65536',
    );
  if (most - used < FILES_MIN)
    return failed(
      wanted,
      `${String(used)} of fs.file-max ${String(most)} are in use`,
      commandOn(target, 'sudo', 'sysctl', '-w', `fs.file-max=${String(used + FILES_WANTED)}`),
    );
  return pass(
    limit === FILES_WANTED
      ? `${String(limit)}, as LimitNOFILE= asks`
      : `${String(limit)} of the ${String(FILES_WANTED)} that LimitNOFILE= asks for`,
  );
}

function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}
