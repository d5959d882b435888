import { decodeBase64, SAY } from './base64.ts';
import type { Answer, Question } from './question.ts';

/** A Node.js that hxllm sent to the host, and how it started. */
export interface InstalledRuntime {
  readonly path: string;
  /** The release in use starts it. */
  readonly inUse: boolean;
  /** The user that started it: the service's, or `nobody` if that has no account yet. */
  readonly as: string;
  readonly exitCode: number;
  /** The output of `--version`, or the error of the loader or the kernel. */
  readonly output: string;
}

// Without an account of the service, nobody stands for it: both have no right beyond those of everybody.
const STARTS = `${SAY}
runtimes=$1 current=$2 user=$3 group=$4
used=$(sed -nE "s#^exec '([^']*/bin/node)'.*#\\1#p" "$current/gateway" 2>/dev/null | head -n 1)
[ -z "$user" ] || { id -u -- "$user" >/dev/null 2>&1 && getent group -- "$group" >/dev/null; } || { user=nobody; group=$(id -gn nobody); }
if [ -n "$user" ] && [ "$(id -u)" = 0 ]; then start() { setpriv --reuid="$user" --regid="$group" --clear-groups --no-new-privs -- "$@"; }
else user=$(id -un); start() { "$@"; }; fi
cd /
for node in "$runtimes"/node-*/bin/node; do
  [ -e "$node" ] || continue
  said=$(start timeout 8 "$node" --version 2>&1 </dev/null); code=$?
  say runtime "$node" "$([ "$node" != "$used" ] || echo used)" "$user" $code "\${said:0:400}"
done
exit 0`;

/** The account of the service. */
export interface ServiceAccount {
  readonly user: string;
  readonly group: string;
  readonly serviceManager: 'systemd' | 'process';
}

/** The runtimes below `runtimes`, each started once with `--version`: as the service's user, or as the login user, whose process it is without systemd. */
export function runtimeQuestion(
  { runtimes, current }: { readonly runtimes: string; readonly current: string },
  { user, group, serviceManager }: ServiceAccount,
): Question<readonly InstalledRuntime[]> {
  return {
    script: STARTS,
    arguments: [runtimes, current, ...(serviceManager === 'systemd' ? [user, group] : ['', ''])],
    as: serviceManager === 'systemd' ? 'root' : 'user',
    timeoutS: 20,
    parse: parseRuntimes,
  };
}

/** Parses lines `runtime PATH USED USER CODE OUTPUT`, values in base64. */
export function parseRuntimes({ stdout, exitCode }: Answer): readonly InstalledRuntime[] {
  if (exitCode !== 0) throw new Error(`the script that starts the runtimes exited with ${String(exitCode)}`);
  return linesOf(stdout, 'runtime').map(([path = '', used, as = '', code, output = '']) => ({
    path,
    inUse: used === 'used',
    as,
    exitCode: Number(code),
    output: output.trim(),
  }));
}

/** A shared library that the shipped Node.js needs beside glibc. */
export interface Library {
  readonly name: string;
  /** `undefined`: not installed for this architecture. */
  readonly path: string | undefined;
  /** The newest `GLIBCXX_` symbol version that it has. */
  readonly newest: string | undefined;
}

// A host can have libraries of several architectures. The loader's own list says which are for this one.
const LIBRARIES = `${SAY}
case $(uname -m) in x86_64) kind='x86-64';; aarch64) kind=AArch64;; *) kind='';; esac
for name in libstdc++.so.6 libgcc_s.so.1; do
  path=$(ldconfig -p 2>/dev/null | sed -nE "s/^[[:space:]]*\${name//+/\\\\+} \\(.*\${kind}.*\\) => //p" | head -n 1)
  [ -n "$path" ] || for each in /usr/lib/"$(uname -m)"-linux-gnu /lib/"$(uname -m)"-linux-gnu /usr/lib64 /lib64; do [ ! -e "$each/$name" ] || { path=$each/$name; break; }; done
  say library "$name" "$path" "$([ -z "$path" ] || grep -aoE 'GLIBCXX_3\\.4\\.[0-9]+' -- "$path" | sort -uV | tail -n 1)"
done
exit 0`;

/** The shared libraries of the C++ runtime. */
export const librariesQuestion: Question<readonly Library[]> = {
  script: LIBRARIES,
  as: 'user',
  parse: ({ stdout }) => {
    const lines = linesOf(stdout, 'library');
    if (lines.length === 0) throw new Error('the host did not list its libraries');
    return lines.map(([name = '', path = '', newest = '']) => ({
      name,
      path: path === '' ? undefined : path,
      newest: newest.trim() === '' ? undefined : newest.trim().replace('GLIBCXX_', ''),
    }));
  },
};

/** The limits of open files. */
export interface FileLimits {
  /** The hard limit of process 1, above which no unit gets more without CAP_SYS_RESOURCE. */
  readonly hard: number;
  /** Process 1 may raise a unit’s limit above its own. */
  readonly mayRaise: boolean;
  /** fs.nr_open: the most that one process can have. */
  readonly perProcess: number;
  /** fs.file-max, and the number that is in use on the whole host. */
  readonly most: number;
  readonly used: number;
}

/** The limits of open files on the host. */
export const fileLimitsQuestion: Question<FileLimits> = {
  script: `grep -E '^Max open files' /proc/1/limits
grep -E '^CapBnd' /proc/1/status
printf 'nr_open %s\\nfile-nr %s\\n' "$(cat /proc/sys/fs/nr_open)" "$(cat /proc/sys/fs/file-nr)"`,
  as: 'user',
  parse: ({ stdout }) => parseFileLimits(stdout),
};

/** CAP_SYS_RESOURCE of capabilities(7). */
const SYS_RESOURCE = 24n;

/** Parses lines of proc(5): limits, the bounding set of capabilities, nr_open and file-nr. */
export function parseFileLimits(text: string): FileLimits {
  const hard = /^Max open files\s+\S+\s+(\d+|unlimited)/m.exec(text)?.[1];
  const perProcess = /^nr_open (\d+)/m.exec(text)?.[1];
  const [, used, most] = /^file-nr (\d+)\s+\d+\s+(\d+)/m.exec(text) ?? [];
  if (hard === undefined || perProcess === undefined || used === undefined)
    throw new Error('/proc does not show the limits of open files');
  const bounding = BigInt(`0x${/^CapBnd:\s*([0-9a-f]+)/m.exec(text)?.[1] ?? '0'}`);
  return {
    hard: hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard),
    mayRaise: ((bounding >> SYS_RESOURCE) & 1n) === 1n,
    perProcess: Number(perProcess),
    most: Number(most),
    used: Number(used),
  };
}

function linesOf(stdout: string, word: string): readonly (readonly string[])[] {
  return stdout
    .split('\n')
    .map((line) => line.trim().split(' '))
    .filter(([kind]) => kind === word)
    .map(([, ...values]) => values.map(decodeBase64));
}
