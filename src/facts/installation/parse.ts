import { parseBuild } from '../../core/build.ts';
import { decodeBase64 } from '../base64.ts';
import type { Entry, InstalledRuntime, Installation, UnitState } from './installation.ts';
import { readDeployment, readInstance } from './deployments.ts';
import { instanceNumber, readInstanceUnits } from './instance-units.ts';
import { parseNotes } from './notes.ts';

/** Parses the script's output. `marker` is the path of the file with hxllm's notes. */
export function parseInstallation(stdout: string, marker: string): Installation {
  const lines = stdout
    .split('\n')
    .map((line) => line.trim().split(' '))
    .filter((words) => words[0] !== '');
  const all = (kind: string): readonly (readonly string[])[] =>
    lines.filter(([word]) => word === kind).map(([, ...values]) => values.map(decodeBase64));
  const one = (kind: string): readonly string[] | undefined => all(kind)[0];
  const entries = new Map(all('entry').map(readEntry));
  const noted = entries.get(marker);
  const user = one('user');
  const daemon = one('daemon');
  const units = new Map(
    all('unit').map(
      ([name = '', text = '', program = '', followers = '']) => [name, readUnit(text, program, followers)] as const,
    ),
  );
  return {
    user: user === undefined ? undefined : { gecos: user[0] ?? '', group: user[1] ?? '' },
    groupExists: one('group') !== undefined,
    entries,
    notes: noted?.marked === true ? parseNotes(noted.text ?? '') : undefined,
    current: one('current')?.[0]?.replace(/^.*\//, ''),
    build: parseBuild(one('build')?.[0] ?? ''),
    releases: new Map(all('release').map(([name = '', hash = '']) => [name, hash])),
    runtimeOf: new Map(all('uses').map(([id = '', runtime = '']) => [id, runtime])),
    instances: all('instance').map(readInstance),
    deployments: all('deployment')
      .map(readDeployment)
      .toSorted((a, b) => a.number - b.number),
    runtimes: all('runtime').map(([name = '', hash = '', intact = '']): InstalledRuntime => ({
      name,
      sha256: hash,
      intact: intact === 'yes',
    })),
    backups: all('backup').map(([path = '']) => path),
    service: units.get('litellm.service'),
    socket: units.get('litellm.socket'),
    instanceUnits: readInstanceUnits(all('instance-unit'), one('instance-states')?.[0] ?? ''),
    inUse: all('in-use')
      .flatMap(([name = '']) => instanceNumber(name))
      .at(-1),
    danglingLinks: all('dangling').map(([path = '']) => path),
    daemon: daemon === undefined ? undefined : { pid: Number(daemon[0]), alive: daemon[1] === 'yes' },
  };
}

const KINDS: Readonly<Record<string, Entry['kind']>> = {
  'regular file': 'file',
  'regular empty file': 'file',
  directory: 'folder',
  'symbolic link': 'link',
};

function readEntry([
  path = '',
  mode = '',
  owner = '',
  group = '',
  kind = '',
  hash = '',
  marked = '',
  text = '',
  written = '',
  changed = '',
]: readonly string[]): readonly [string, Entry] {
  return [
    path,
    {
      kind: KINDS[kind] ?? 'other',
      mode: Number.parseInt(mode, 8),
      owner,
      group,
      sha256: hash === '' ? undefined : hash,
      marked: marked === 'yes',
      text: text === '' ? undefined : text.slice(0, -1),
      ...(written === '' ? {} : { writtenS: Number(written), changedS: Number(changed) }),
    },
  ];
}

// Parses the lines of systemctl-show(1), `Name=value`.
function readUnit(text: string, program: string, followers: string): UnitState {
  const values = new Map(
    text.split('\n').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const),
  );
  const value = (name: string): string => values.get(name) ?? '';
  if (!values.has('LoadState')) throw new Error('systemctl gave no answer');
  return {
    load: value('LoadState'),
    active: value('ActiveState'),
    enabled: value('UnitFileState'),
    fragment: value('FragmentPath'),
    needsReload: value('NeedDaemonReload') === 'yes',
    program,
    followers: followers.split('\n').filter((each) => each !== ''),
  };
}
