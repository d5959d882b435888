import { defaultFolders } from '../../../src/config/config.ts';
import { parseBuild } from '../../../src/core/build.ts';
import { deploymentFormat, parseDeployment } from '../../../src/core/deployment-record.ts';
import { sha256 } from '../../../src/core/hash.ts';
import { MARK } from '../../../src/core/mark.ts';
import type { FolderState } from '../../../src/facts/footprint/footprint.ts';
import type { Entry, Installation, KeptDeployment } from '../../../src/facts/installation/installation.ts';
import { noted, parseNotes } from '../../../src/facts/installation/notes.ts';
import { desiredFolders } from '../../../src/plan/folders.ts';
import { stagedPaths } from '../../../src/plan/staged.ts';
import type { Actual } from '../../../src/plan/actual.ts';
import type { Desired } from '../../../src/render/desired.ts';
import { bare, folderState } from '../host.ts';
import type { FakeHost } from './fake-host.ts';

const FILES = ['gateway', 'gateway.mjs', 'config.schema.json', 'release.json'] as const;
const TREES = ['current', 'deployments', 'releases', 'runtimes', '.previous', '.hxllm-record', '.hxllm'];

/** The state of a fake host as the questions of enforce find it. */
export function look(host: FakeHost, desired: Desired): Actual {
  const { installDir, marker, runtimes, releases, current, deployments, pidFile } = desired.paths;
  const textIf = (path: string): string | undefined => (isMarked(host.text(path)) ? host.text(path) : undefined);
  const notes = textIf(marker);
  const node = host.nodes.get(current);
  const found: Installation = {
    ...bare().installation,
    entries: new Map(watched(desired).flatMap((path) => entryAt(host, path, path === desired.paths.envFile))),
    notes: notes === undefined ? undefined : parseNotes(notes),
    current: node?.kind === 'link' ? node.target.replace(/^.*\//, '') : undefined,
    build: parseBuild(host.text(`${current}/release.json`) ?? ''),
    releases: new Map(
      host.names(releases).flatMap((id) =>
        FILES.flatMap((name) => {
          const file = host.nodes.get(`${releases}/${id}/${name}`);
          if (file?.kind !== 'file') return [];
          const fits = isFolder755(host, `${releases}/${id}`) && file.mode === (name === 'gateway' ? 0o755 : 0o644);
          return [[`${id}/${name}`, fits ? sha256(file.text) : ''] as const];
        }),
      ),
    ),
    runtimeOf: new Map(
      host.names(releases).flatMap((id) => {
        const text = host.text(`${releases}/${id}/gateway`);
        return text === undefined
          ? []
          : [[id, /^exec '.*\/runtimes\/([^/']*)\/bin\/node'/m.exec(text)?.[1] ?? ''] as const];
      }),
    ),
    runtimes: host.names(runtimes).flatMap((name) => {
      const manifest = host.text(`${runtimes}/${name}/manifest`);
      if (manifest === undefined) return [];
      const [sum = ''] = manifest.split(' ');
      const file = host.nodes.get(`${runtimes}/${name}/bin/node`);
      const fits = isFolder755(host, `${runtimes}/${name}`) && isFolder755(host, `${runtimes}/${name}/bin`);
      return [
        {
          name,
          sha256: sum,
          intact: fits && file?.kind === 'file' && file.mode === 0o755 && sha256(file.text) === sum,
        },
      ];
    }),
    deployments: host
      .names(deployments)
      .filter((name) => /^[1-9]\d*$/.test(name))
      .map((name): KeptDeployment => {
        const link = host.nodes.get(`${deployments}/${name}/gateway`);
        const target = link?.kind === 'link' ? link.target : '';
        return {
          number: Number(name),
          healthy: host.text(`${deployments}/${name}/healthy`) !== undefined,
          release: /^\.\.\/\.\.\/releases\/([^/]+)\/gateway$/.exec(target)?.[1],
          format: deploymentFormat(host.text(`${deployments}/${name}/deployment.json`) ?? ''),
          record: parseDeployment(host.text(`${deployments}/${name}/deployment.json`) ?? ''),
        };
      })
      .toSorted((a, b) => a.number - b.number),
    daemon:
      host.running === undefined && host.text(pidFile) === undefined
        ? undefined
        : { pid: 1, alive: host.running !== undefined },
  };
  return {
    ...bare(),
    installation: found,
    footprint: { ...bare().footprint, ...footprint(host, desired, installDir) },
  };
}

function isMarked(text: string | undefined): boolean {
  return text?.split('\n', 2).some((line) => line.startsWith(MARK)) === true;
}

function isFolder755(host: FakeHost, path: string): boolean {
  const node = host.nodes.get(path);
  return node?.kind === 'folder' && node.mode === 0o755;
}

function watched({ settings, paths }: Desired): readonly string[] {
  const { configFile, envFile, caFile, serviceUnit, socketUnit, instanceUnit, failedUnit, dropInGenerator } = paths;
  const { current, logFile, pidFile, stateFiles, marker } = paths;
  const files = [
    configFile,
    envFile,
    caFile,
    serviceUnit,
    socketUnit,
    instanceUnit,
    failedUnit,
    dropInGenerator,
    current,
    logFile,
    pidFile,
    ...stateFiles,
    marker,
  ];
  return [...files, ...stagedPaths(paths), ...desiredFolders(settings, paths).map(({ path }) => path)];
}

function entryAt(host: FakeHost, path: string, isSecret: boolean): readonly (readonly [string, Entry])[] {
  const node = host.nodes.get(path);
  if (node === undefined) return [];
  const text = node.kind === 'file' ? node.text : undefined;
  const marked = isMarked(text);
  return [
    [
      path,
      {
        kind: node.kind,
        mode: node.kind === 'link' ? 0o777 : node.mode,
        owner: 'me',
        group: 'me',
        sha256: text === undefined ? undefined : sha256(text),
        marked,
        text: marked && !isSecret ? text : undefined,
      },
    ],
  ];
}

function footprint(
  host: FakeHost,
  { settings, paths }: Desired,
  installDir: string,
): Pick<Actual['footprint'], 'markers' | 'folders'> {
  const markers = new Map<string, ReturnType<typeof parseNotes>>();
  const folders = new Map<string, FolderState>();
  const waiting = [paths.configDir, installDir, paths.stateDir, ...defaultFolders(settings)];
  for (const path of waiting) {
    if (folders.has(path)) continue;
    const text = host.text(`${path}/.hxllm`);
    if (text !== undefined && isMarked(text)) {
      const notes = parseNotes(text);
      markers.set(path, notes);
      const access = noted(notes.made, 'access').map((word) => word.split(' ').slice(2).join(' '));
      waiting.push(
        ...noted(notes.made, 'folder'),
        ...access,
        ...noted(notes.used, 'config-dir'),
        ...noted(notes.used, 'install-dir'),
      );
    }
    const node = host.nodes.get(path);
    const names = host.names(path);
    const own = ['config.yaml', 'litellm.env', 'ca.pem', '.hxllm'].filter((name) =>
      isMarked(host.text(`${path}/${name}`)),
    );
    const trees = markers.has(path) ? TREES.filter((name) => !own.includes(name) && names.includes(name)) : [];
    const config = own.includes('config.yaml') ? host.text(`${path}/config.yaml`) : undefined;
    folders.set(
      path,
      folderState({
        kind: node?.kind === 'folder' ? 'folder' : node === undefined ? 'missing' : 'other',
        isConfigDir: path === paths.configDir,
        isInstallDir: path === installDir,
        isStateDir: path === paths.stateDir,
        mode: node?.kind === 'folder' ? node.mode : 0,
        owner: 'me',
        group: 'me',
        ours: [...own, ...trees],
        listen: /^ *listen: .*$/m.exec(config ?? '')?.[0] ?? '',
        names,
      }),
    );
  }
  return { markers, folders };
}
