import { decodeBase64 } from '../base64.ts';
import { parseNotes } from '../installation/notes.ts';
import type { Question } from '../question.ts';
import type { FolderState, Footprint } from './footprint.ts';
import { FOOTPRINT_SCRIPT } from './script.ts';

/** Parameters of the question. */
export interface FootprintPaths {
  readonly configDir: string;
  readonly installDir: string;
  readonly stateDir: string;
  readonly serviceUnit: string;
  readonly user: string;
  readonly group: string;
  readonly serviceManager: 'systemd' | 'process';
  /** Folders of every deployment that sets no other ones. */
  readonly defaults: readonly string[];
}

/**
 * The folders, users and groups of hxllm. The pointer to an install folder that is not the one of the settings is hxllm's
 * own unit in /etc/systemd/system, whose path never changes.
 */
export function footprintQuestion(paths: FootprintPaths): Question<Footprint> {
  const { configDir, installDir, stateDir, serviceUnit, user, group, serviceManager, defaults } = paths;
  return {
    script: FOOTPRINT_SCRIPT,
    arguments: [configDir, installDir, serviceUnit, user, group, serviceManager, stateDir, ...defaults],
    as: 'root',
    timeoutS: 60,
    parse: ({ stdout, exitCode }) => {
      if (exitCode !== 0) throw new Error(`the script that reads hxllm’s folders exited with ${String(exitCode)}`);
      return parseFootprint(stdout);
    },
  };
}

/** Parses the script's output. */
export function parseFootprint(stdout: string): Footprint {
  const lines = stdout.split('\n').map((line) => line.trim().split(' '));
  const all = (kind: string): readonly (readonly string[])[] =>
    lines.filter(([word]) => word === kind).map(([, ...values]) => values.map(decodeBase64));
  const [unit] = all('unit');
  return {
    markers: new Map(all('marker').map(([folder = '', text = '']) => [folder, parseNotes(text)])),
    unit:
      unit === undefined
        ? undefined
        : { configDir: unit[0] ?? '', installDir: unit[1] ?? '', user: unit[2] ?? '', group: unit[3] ?? '' },
    folders: new Map(all('folder').map(readFolder)),
    users: new Map(
      all('user').map(([name = '', uid, gid, gecos = '', owns = '']) => [
        name,
        { uid: Number(uid), gid: Number(gid), gecos, owns: words(owns, '\n') },
      ]),
    ),
    groups: new Map(
      all('group').map(([name = '', gid, primaryOf = '', owns = '']) => [
        name,
        { gid: Number(gid), primaryOf: words(primaryOf, '\n'), owns: words(owns, '\n') },
      ]),
    ),
  };
}

const KINDS: Readonly<Record<string, FolderState['kind']>> = {
  folder: 'folder',
  missing: 'missing',
  'dangling-link': 'dangling-link',
};

function readFolder(values: readonly string[]): readonly [string, FolderState] {
  const [path = '', kind = '', isLink, isMountPoint, isConfigDir, isInstallDir, isStateDir] = values;
  const [mode = '', owner = '', group = '', ours = '', listen = '', above = '', names = '', closed = '', place = ''] =
    values.slice(7);
  return [
    path,
    {
      kind: KINDS[kind] ?? 'other',
      isLink: isLink === 'yes',
      isMountPoint: isMountPoint === 'yes',
      isConfigDir: isConfigDir === 'yes',
      isInstallDir: isInstallDir === 'yes',
      isStateDir: isStateDir === 'yes',
      mode: Number.parseInt(mode === '' ? '0' : mode, 8),
      owner,
      group,
      ours: words(ours, ' '),
      listen,
      unsafeAbove: words(above, '\n'),
      names: words(names, '\n'),
      closedAbove: words(closed, '\n'),
      place,
    },
  ];
}

function words(text: string, separator: string): readonly string[] {
  return text.split(separator).filter((word) => word !== '');
}
