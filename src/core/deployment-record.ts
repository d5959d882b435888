import { isObject, parseObject, type Json } from './json.ts';

/** A deployment as its folder on the host describes it: `deployment.json`. It has no secret. */
export interface DeploymentRecord {
  readonly number: number;
  /** When its plan was made: ISO 8601, UTC. Not known of a state that an older hxllm deployed. */
  readonly at: string | undefined;
  /** The operator and the machine: `ada`, `workstation`. */
  readonly who: string | undefined;
  readonly from: string | undefined;
  /** `reload`: the running process read config.yaml again. `switch`: another process took over. */
  readonly kind: 'switch' | 'reload';
  /** Set if it brought back an earlier one. */
  readonly rollback: Rollback | undefined;
  /** The steps of its plan that changed something, by id and title. */
  readonly changed: readonly { readonly id: string; readonly title: string }[];
  readonly release: RecordedRelease;
  readonly runtime: RecordedRuntime;
  /** The settings that the files were rendered with and that a plan needs. */
  readonly settings: RecordedSettings;
  readonly files: readonly RecordedFile[];
  /** The SHA-256 of its plan; not known of a state that an older hxllm deployed. */
  readonly plan: string | undefined;
}

/** The return to an earlier deployment: to all of it, or to its release alone. */
export interface Rollback {
  readonly of: number;
  readonly codeOnly: boolean;
}

/** The release of a deployment, with the SHA-256 of each of its files. */
export interface RecordedRelease {
  readonly id: string;
  readonly version: string;
  readonly committed: string | undefined;
  readonly files: Readonly<Record<string, string>>;
}

/** The runtime of a deployment; `name` is that of its folder. */
export interface RecordedRuntime {
  readonly name: string;
  readonly sha256: string;
}

/** The part of the settings that a plan needs beside the files. */
export interface RecordedSettings {
  readonly configDir: string;
  readonly user: string;
  readonly group: string;
  readonly listen: string;
  readonly port: number;
  readonly serviceManager: 'systemd' | 'process';
}

/** A rendered file of a deployment. Its text is in the folder `files`; a file with a secret has no text there and no hash. */
export interface RecordedFile {
  readonly name: string;
  readonly path: string;
  readonly owner: string | undefined;
  readonly group: string | undefined;
  readonly mode: number;
  readonly sha256: string | undefined;
}

/** The version of the document's format. A reader refuses every other one. */
export const DEPLOYMENT_FORMAT = 1;

/** Writes a `deployment.json`. {@link parseDeployment} is its inverse. */
export function writeDeployment({ files, ...record }: DeploymentRecord): string {
  const document = {
    format: DEPLOYMENT_FORMAT,
    ...record,
    files: files.map((file) => ({ ...file, mode: file.mode.toString(8).padStart(4, '0') })),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** The format of a `deployment.json`; `undefined` if the text is none. */
export function deploymentFormat(text: string): number | undefined {
  return numberOf(parseObject(text)?.['format']);
}

/** Reads a `deployment.json`; `undefined` if it is none, or a part of one. */
export function parseDeployment(text: string): DeploymentRecord | undefined {
  const json = parseObject(text);
  if (json === undefined || json['format'] !== DEPLOYMENT_FORMAT) return undefined;
  const { number, kind, changed, release, runtime, settings, files } = json;
  const count = numberOf(number);
  const isKind = kind === 'switch' || kind === 'reload';
  if (count === undefined || !isKind || !isObject(release) || !isObject(runtime) || !isObject(settings))
    return undefined;
  const read = { release: readRelease(release), runtime: readRuntime(runtime), settings: readSettings(settings) };
  const readFiles = listOf(files, readFile);
  const readSteps = listOf(changed, readStep);
  if (read.release === undefined || read.runtime === undefined || read.settings === undefined) return undefined;
  if (readFiles === undefined || readSteps === undefined) return undefined;
  return {
    number: count,
    at: wordOf(json, 'at'),
    who: wordOf(json, 'who'),
    from: wordOf(json, 'from'),
    kind,
    rollback: readRollback(json['rollback']),
    changed: readSteps,
    release: read.release,
    runtime: read.runtime,
    settings: read.settings,
    files: readFiles,
    plan: wordOf(json, 'plan'),
  };
}

function readRollback(value: unknown): Rollback | undefined {
  const of = isObject(value) ? numberOf(value['of']) : undefined;
  return of === undefined || !isObject(value) ? undefined : { of, codeOnly: value['codeOnly'] === true };
}

function readRelease(json: Json): RecordedRelease | undefined {
  const [id, version, files] = [wordOf(json, 'id'), wordOf(json, 'version'), json['files']];
  if (id === undefined || version === undefined || !isObject(files)) return undefined;
  const hashes = Object.entries(files).flatMap(([name, hash]) =>
    typeof hash === 'string' ? [[name, hash] as const] : [],
  );
  return { id, version, committed: wordOf(json, 'committed'), files: Object.fromEntries(hashes) };
}

function readRuntime(json: Json): RecordedRuntime | undefined {
  const [name, sha256] = [wordOf(json, 'name'), wordOf(json, 'sha256')];
  return name === undefined || sha256 === undefined ? undefined : { name, sha256 };
}

function readSettings(json: Json): RecordedSettings | undefined {
  const [configDir, user, group, listen] = ['configDir', 'user', 'group', 'listen'].map((name) => wordOf(json, name));
  const [port, manager] = [numberOf(json['port']), json['serviceManager']];
  if (configDir === undefined || user === undefined || group === undefined) return undefined;
  if (listen === undefined || port === undefined || (manager !== 'systemd' && manager !== 'process')) return undefined;
  return { configDir, user, group, listen, port, serviceManager: manager };
}

function readFile(json: Json): RecordedFile | undefined {
  const [name, path, mode] = [wordOf(json, 'name'), wordOf(json, 'path'), wordOf(json, 'mode')];
  if (name === undefined || path === undefined || mode === undefined || !/^[0-7]{1,5}$/.test(mode)) return undefined;
  return {
    name,
    path,
    owner: wordOf(json, 'owner'),
    group: wordOf(json, 'group'),
    mode: Number.parseInt(mode, 8),
    sha256: wordOf(json, 'sha256'),
  };
}

function readStep(json: Json): DeploymentRecord['changed'][number] | undefined {
  const [id, title] = [wordOf(json, 'id'), wordOf(json, 'title')];
  return id === undefined || title === undefined ? undefined : { id, title };
}

// All or nothing: a record without one of its files would bring back the rest alone.
function listOf<T>(value: unknown, read: (json: Json) => T | undefined): readonly T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const items = value.flatMap((each: unknown): readonly T[] => {
    const item = isObject(each) ? read(each) : undefined;
    return item === undefined ? [] : [item];
  });
  return items.length === value.length ? items : undefined;
}

function wordOf(json: Json, field: string): string | undefined {
  const value = json[field];
  return typeof value === 'string' ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}
