import { HIDDEN_FROM_UNIT } from '../../core/hidden-from-unit.ts';
import type { Value } from '../value.ts';
import { STATE_DIR } from '../../core/state-dir.ts';
import type { Reader } from './reader.ts';

const FOLDERS_OF_ALL = new Set([
  '/',
  '/bin',
  '/boot',
  '/dev',
  '/etc',
  '/home',
  '/lib',
  '/opt',
  '/proc',
  '/root',
  '/run',
  '/sbin',
  '/srv',
  '/sys',
  '/tmp',
  '/usr',
  '/usr/local',
  '/var',
  '/etc/systemd',
  '/etc/systemd/system',
]);

/** Names in the install folder that hxllm replaces and removes as a whole. */
const NAMES_IN_INSTALL_DIR = ['.hxllm', '.previous', 'current', 'deployments', 'releases', 'runtimes'];

/** The variables of the two folders, and whether systemd confines the program that reads them. */
export interface FolderVariables {
  readonly config: Value | undefined;
  readonly install: Value | undefined;
  readonly managed: boolean;
}

/** Reads `litellm_config_dir` and `litellm_install_dir`. The state of the folders on the host is judged there. */
export function readFolders(
  { config, install, managed }: FolderVariables,
  reader: Reader,
): { readonly configDir: string; readonly installDir: string } {
  const configDir = readFolder(config, '/etc/litellm', managed, reader);
  const installDir = readFolder(install, '/opt/litellm', managed, reader);
  const inside = NAMES_IN_INSTALL_DIR.some((name) => isWithin(configDir, `${installDir}/${name}`));
  const [value, otherwise] = config === undefined ? [install, '/opt/litellm'] : [config, '/etc/litellm'];
  if (value !== undefined && (configDir === installDir || inside))
    reader.wrong(
      value,
      `a folder for config.yaml apart from ${inside ? 'the releases' : 'litellm_install_dir'} (${installDir})`,
      `write ${otherwise}`,
    );
  return { configDir, installDir };
}

function readFolder(value: Value | undefined, otherwise: string, managed: boolean, reader: Reader): string {
  const text = reader.text(value, 'an absolute path')?.replace(/(?<=.)\/+$/, '');
  if (value === undefined || text === undefined) return otherwise;
  const wrong = (wanted: string): string => reader.wrong(value, wanted, `write ${otherwise}`) ?? otherwise;
  if (isWithin(text, STATE_DIR)) return wrong(`a folder outside ${STATE_DIR}, which the gateway keeps its state in`);
  if (!isCleanPath(text)) return wrong('an absolute path of letters, digits, ".", "_", "-", without ..');
  if (FOLDERS_OF_ALL.has(text)) return wrong('a folder of its own, not a system folder');
  const hidden = managed ? HIDDEN_FROM_UNIT.find((folder) => isWithin(text, folder)) : undefined;
  return hidden === undefined
    ? text
    : wrong(`a folder that the service sees after a reboot, too; below ${hidden} it does not`);
}

// Paths with these characters need no quotes in a unit, a shell or sudoers.
function isCleanPath(path: string): boolean {
  return /^(?:\/[\w.@+-]+)+$|^\/$/.test(path) && !path.split('/').some((part) => part === '..' || part === '.');
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
