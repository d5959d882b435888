import { decodeBase64 } from './base64.ts';
import { FOREIGN_SCRIPT } from './foreign-script.ts';
import type { Question } from './question.ts';

/** A thing at one of hxllm's paths that hxllm did not install. */
export interface Foreign {
  readonly kind: 'unit' | 'file' | 'process';
  /** Its path; for a process, the path of its program. */
  readonly path: string;
  /** A short description: `a LiteLLM unit (ExecStart=/home/litellm/litellm-venv/bin/litellm)`. */
  readonly looksLike: string;
  /** For a process: its id, its unit if it has one, and the user whose service manager has the unit. */
  readonly pid?: number;
  readonly unit?: string;
  readonly unitOf?: string;
  /** The unit's own program is another one that started the process: cron, supervisord, sshd, a Docker daemon. */
  readonly isGuest?: true;
  /** Further ports on which the process listens. */
  readonly otherPorts?: readonly number[];
  /** For a unit: its file is a link to /dev/null. */
  readonly masked?: true;
  /** A folder is in the place of a file; only set for one at a path where hxllm puts a file. */
  readonly isFolder?: true;
  /** The units that run it: of a unit file, also the one that it is another name of; of a process, also the service of a socket. */
  readonly runs?: readonly ForeignUnit[];
}

/** A unit of the system as it was found. */
export interface ForeignUnit {
  readonly name: string;
  readonly active: boolean;
  /** It is active, but not running yet: it waits for its program, or systemd restarts it again and again. */
  readonly starting: boolean;
  /** The unit file that systemd has read; empty where there is none any more. */
  readonly fragment: string;
  /** The active units that systemd stops together with it. */
  readonly followers: readonly string[];
  /** The links in /etc and /run by which it is enabled or has another name. They are its whole state beside `active`. */
  readonly links: readonly string[];
}

/** The paths to check. */
export interface ForeignPaths {
  readonly configFile: string;
  readonly envFile: string;
  readonly caFile: string;
  readonly tlsCertFile: string;
  readonly tlsKeyFile: string;
  readonly serviceUnit: string;
  readonly socketUnit: string;
  readonly instanceUnit: string;
  readonly failedUnit: string;
  readonly dropInGenerator: string;
  readonly installDir: string;
  readonly marker: string;
}

/**
 * Lists things at hxllm's paths without its mark: files, units, and processes
 * that hold the port.
 */
export function foreignQuestion(
  paths: ForeignPaths,
  {
    port,
    authorities,
    tls,
  }: {
    readonly port: number;
    readonly authorities: object | undefined;
    readonly tls?: { readonly from: string } | undefined;
  },
): Question<readonly Foreign[]> {
  return {
    script: FOREIGN_SCRIPT,
    arguments: [
      paths.configFile,
      paths.envFile,
      paths.serviceUnit,
      paths.socketUnit,
      paths.installDir,
      paths.marker,
      String(port),
      // Places that only some variables take.
      ...(authorities === undefined ? [] : [paths.caFile]),
      ...(tls?.from === 'sent' ? [paths.tlsCertFile, paths.tlsKeyFile] : []),
      paths.instanceUnit,
      paths.failedUnit,
      paths.dropInGenerator,
    ],
    as: 'root',
    parse: ({ stdout, exitCode }) => {
      if (exitCode !== 0) throw new Error(`the script that lists foreign files exited with ${String(exitCode)}`);
      return parseForeign(stdout);
    },
  };
}

/** The paths that a take-over copies before it replaces them. */
export function copiedPaths(foreign: readonly Foreign[]): readonly string[] {
  return foreign.flatMap(({ kind, path }) => (kind === 'process' ? [] : [path]));
}

/**
 * Parses the lines of the script: `file PATH WORDS TARGET KIND`, `unit PATH WORDS TARGET KIND`, `alias PATH|SOCKET UNIT`,
 * `process PID EXE UNIT WORDS USER GUEST PORTS`, `state UNIT ACTIVE FRAGMENT FOLLOWERS LINK…`, values in base64.
 */
function parseForeign(stdout: string): readonly Foreign[] {
  const lines = stdout.split('\n').map((line) => line.trim().split(' '));
  const all = (word: string): readonly (readonly string[])[] =>
    lines.filter(([kind]) => kind === word).map(([, ...values]) => values.map(decodeBase64));
  const states = new Map(
    all('state').map(
      ([name = '', active = '', fragment = '', followers = '', ...links]): readonly [string, ForeignUnit] => [
        name,
        {
          name,
          active: !['inactive', 'failed', 'unknown', ''].includes(active.trim()),
          starting: active.trim() === 'activating',
          fragment: fragment.trim(),
          followers: followers.split('\n').filter((each) => each !== ''),
          links: links.toSorted(),
        },
      ],
    ),
  );
  const runs = (...names: readonly string[]): Pick<Foreign, 'runs'> => ({
    runs: names.flatMap((name) => states.get(name) ?? []),
  });
  const behind = (key: string): readonly string[] =>
    all('alias').flatMap(([from, unit = '']) => (from === key ? [unit] : []));
  return [
    ...all('file').map(([path = '', head = '', target = '', kind = '']): Foreign => ({
      kind: 'file',
      path,
      looksLike: target === '' ? (special(kind) ?? fileLike(head)) : `a link to ${target}`,
      ...folderOf(path, kind),
    })),
    ...all('unit').map(([path = '', head = '', target = '', kind = '']): Foreign => ({
      kind: 'unit',
      path,
      looksLike: special(kind) ?? unitLike(path, head, target),
      ...(target === '/dev/null' ? { masked: true } : {}),
      ...folderOf(path, kind),
      ...runs(path.slice(path.lastIndexOf('/') + 1), ...behind(path)),
    })),
    ...all('process').map(
      ([pid = '', path = '', unit = '', command = '', user = '', guest = '', ports = '']): Foreign => ({
        ...processOf(pid, path, unit, command, user),
        ...(guest === '' ? {} : { isGuest: true }),
        ...(ports.trim() === '' ? {} : { otherPorts: ports.trim().split(' ').map(Number) }),
        ...(user === '' && unit !== '' ? runs(unit, ...behind(unit)) : {}),
      }),
    ),
  ];
}

// The words of stat(1) for a thing that is no file.
function special(kind: string): string | undefined {
  if (kind === '' || kind.startsWith('regular ')) return undefined;
  return kind === 'directory' ? 'a folder' : `a ${kind}`;
}

// hxllm writes no unit below /usr or /run, so nothing there is in its way.
function folderOf(path: string, kind: string): Pick<Foreign, 'isFolder'> {
  return kind === 'directory' && !/^\/(?:usr|run|lib)\//.test(path) ? { isFolder: true } : {};
}

function unitLike(path: string, text: string, target: string): string {
  if (target === '/dev/null') return 'a masked unit (a link to /dev/null)';
  if (path.includes('/run/systemd/transient/')) return 'a unit of systemd-run, which exists only while it runs';
  const line = text.split('\n').find((word) => word.includes('='));
  const what = /litellm/i.test(text) ? 'a LiteLLM unit' : 'a unit';
  const link = target === '' ? '' : `, a link to ${target}`;
  return line === undefined ? `${what}${link}` : `${what} (${line.slice(0, 160)})${link}`;
}

function fileLike(text: string): string {
  if (text.includes('model_list')) return 'a LiteLLM configuration';
  return text.includes('LITELLM_') ? 'an environment file of LiteLLM' : 'a file without hxllm’s mark';
}

function processOf(pid: string, path: string, unit: string, command: string, user: string): Foreign {
  // Without root, sockets of other users are visible, but not their processes.
  if (pid === '') return { kind: 'process', path: '', looksLike: 'a process of another user holds the port' };
  const program = path.slice(path.lastIndexOf('/') + 1) || 'a process';
  const short = command === '' || /litellm/i.test(program) ? program : `${program}, of LiteLLM`;
  const by = user === '' ? unit : [unit, `of ${user}`].filter((part) => part !== '').join(' ');
  const looksLike = `${short} (pid ${pid}${by === '' ? '' : `, ${by}`}) holds the port`;
  return {
    kind: 'process',
    path,
    looksLike,
    pid: Number(pid),
    ...(unit === '' ? {} : { unit }),
    ...(user === '' ? {} : { unitOf: user }),
  };
}
