import { sha256 } from '../../../src/core/hash.ts';
import { Secret } from '../../../src/core/secret.ts';
import type { Action, Plan, Step } from '../../../src/plan/plan.ts';

/** A file, folder or link. Everything belongs to one user, as with the service manager `process`. */
export type Node =
  | { readonly kind: 'folder'; readonly mode: number }
  | { readonly kind: 'file'; readonly mode: number; readonly text: string }
  | { readonly kind: 'link'; readonly target: string };

/** The files and the command line that a process was started with. */
export interface Running {
  readonly release: string;
  readonly config: string;
  readonly environment: string;
}

/** One thing that happens on the host, between two of which a power cut may come. `step` is done with its last one. */
export interface Operation {
  readonly step: string;
  readonly run: (host: FakeHost) => void;
}

/** A host as data: a file system and one process. It carries out the actions of a plan in the order of the real scripts. */
export class FakeHost {
  readonly nodes: Map<string, Node>;
  running: Running | undefined;

  constructor(nodes: ReadonlyMap<string, Node> = new Map(), running?: Running) {
    this.nodes = new Map(nodes);
    this.running = running;
  }

  clone(): FakeHost {
    return new FakeHost(this.nodes, this.running);
  }

  /** The text of a file, also through the link `current`. */
  text(path: string): string | undefined {
    const node = this.nodes.get(this.resolve(path));
    return node?.kind === 'file' ? node.text : undefined;
  }

  resolve(path: string): string {
    for (const [link, node] of this.nodes)
      if (node.kind === 'link' && path.startsWith(`${link}/`))
        return `${link.slice(0, link.lastIndexOf('/'))}/${node.target}${path.slice(link.length)}`;
    return path;
  }

  /** Names of the things in a folder, sorted. */
  names(folder: string): readonly string[] {
    return [...this.nodes.keys()]
      .filter((path) => path.startsWith(`${folder}/`) && !path.slice(folder.length + 1).includes('/'))
      .map((path) => path.slice(folder.length + 1))
      .toSorted();
  }

  put(path: string, node: Node): void {
    const parent = path.slice(0, path.lastIndexOf('/'));
    if (parent !== '' && this.nodes.get(parent)?.kind !== 'folder') throw new Error(`${path}: there is no folder`);
    const found = this.nodes.get(path);
    if (found?.kind === 'folder' && node.kind !== 'folder') throw new Error(`${path} is a folder`);
    this.nodes.set(path, node);
  }

  /** An action of systemd or of accounts, which this host does not have. */
  other(action: Action): void {
    throw new Error(`a host without systemd has no ${action.kind}`);
  }

  removeTree(path: string): void {
    for (const each of this.nodes.keys()) if (each === path || each.startsWith(`${path}/`)) this.nodes.delete(each);
  }
}

/** The operations of a plan in the order in which the host carries them out: first `prepare`, then the script of the switch. */
export function operationsOf(plan: Plan): readonly Operation[] {
  const isPrepare = ({ stage }: Step): boolean => stage === 'prepare';
  const inTurn = (steps: readonly Step[]): readonly Operation[] =>
    steps.flatMap((step) => step.actions.map((action) => ({ step: step.id, run: (host) => act(host, action) })));
  const switching = plan.steps.filter(({ stage }) => stage === 'switch');
  if (switching.length === 0 && plan.steps.every(isPrepare)) return inTurn(plan.steps);
  const stages = switching.flatMap((step): readonly Operation[] =>
    step.actions.flatMap((action): readonly Operation[] => {
      if (action.kind === 'folder') return [{ step: step.id, run: (host) => act(host, action) }];
      if (action.kind !== 'write') return [];
      return [{ step: step.id, run: (host) => act(host, { ...action, path: `${action.path}.hxllm-new` }) }];
    }),
  );
  const acts = switching.flatMap((step) =>
    step.actions
      .filter(({ kind }) => kind !== 'folder')
      .map((action): Operation => ({ step: step.id, run: (host) => commit(host, action) })),
  );
  const { keepFolder } = plan;
  return [
    ...inTurn(plan.steps.filter(isPrepare)),
    { step: '', run: (host) => host.put(keepFolder, { kind: 'folder', mode: 0o700 }) },
    ...stages,
    ...acts,
    { step: '', run: (host) => host.removeTree(keepFolder) },
    ...inTurn(plan.steps.filter(({ stage }) => stage === 'clean')),
  ];
}

function commit(host: FakeHost, action: Action): void {
  if (action.kind !== 'write') return act(host, action);
  const staged = host.nodes.get(`${action.path}.hxllm-new`);
  if (staged === undefined) throw new Error(`${action.path} was not staged`);
  host.put(action.path, staged);
  host.nodes.delete(`${action.path}.hxllm-new`);
}

function act(host: FakeHost, action: Action): void {
  switch (action.kind) {
    case 'folder':
      return host.put(action.path, { kind: 'folder', mode: action.mode });
    case 'write': {
      const text = action.text instanceof Secret ? action.text.reveal() : action.text;
      return host.put(action.path, { kind: 'file', mode: action.mode, text });
    }
    case 'link':
      return host.put(action.path, { kind: 'link', target: action.target });
    case 'remove':
      for (const path of action.paths) {
        if (host.nodes.get(path)?.kind === 'folder') throw new Error(`${path} is a folder`);
        host.nodes.delete(path);
        host.nodes.delete(`${path}.hxllm-new`);
      }
      return undefined;
    case 'remove-tree':
      return host.removeTree(action.path);
    case 'remove-empty':
      if (host.names(action.path).length === 0) host.nodes.delete(action.path);
      return undefined;
    case 'upload':
      return receive(host, action);
    case 'check': {
      const config = host.text(`${action.config}.hxllm-new`) ?? host.text(action.config);
      if (host.text(action.gateway) === undefined || config?.includes('model_list') !== true)
        throw new Error('the check fails');
      return undefined;
    }
    case 'stop-process':
      host.running = undefined;
      host.nodes.delete(action.pidFile);
      return undefined;
    case 'start-process':
      return start(host, action);
    case 'health':
      if ('unit' in action.watch) return host.other(action);
      if (host.running === undefined) throw new Error('nothing answers');
      return undefined;
    case 'command':
    case 'copy':
    case 'use-instance':
    case 'start-instance':
    case 'gate':
    case 'take-over':
    case 'replace-process':
    case 'return-to':
      return host.other(action);
  }
}

function receive(
  host: FakeHost,
  { path, sha256: sum, mode, source, manifest }: Extract<Action, { kind: 'upload' }>,
): void {
  const folder = path.slice(0, path.lastIndexOf('/'));
  for (const each of [folder, ...(manifest === undefined ? [] : [manifest.slice(0, manifest.lastIndexOf('/'))])]) {
    const parts = each.split('/');
    for (let depth = 2; depth <= parts.length; depth += 1) {
      const part = parts.slice(0, depth).join('/');
      if (host.nodes.get(part) === undefined) host.put(part, { kind: 'folder', mode: 0o755 });
    }
    host.put(each, { kind: 'folder', mode: 0o755 });
  }
  const text = 'text' in source ? source.text : RUNTIME;
  if (sha256(text) !== sum) throw new Error(`${path} did not arrive as it was sent`);
  host.put(path, { kind: 'file', mode, text });
  if (manifest !== undefined)
    host.put(manifest, { kind: 'file', mode: 0o644, text: `${sum} ${String(text.length)} 1\n` });
}

/** The bytes of the runtime on a fake host. */
export const RUNTIME = 'a Node.js';

function start(
  host: FakeHost,
  { gateway, config, environment, pidFile }: Extract<Action, { kind: 'start-process' }>,
): void {
  const [program, read, variables] = [host.text(gateway), host.text(config), host.text(environment)];
  if (program === undefined || read === undefined || variables === undefined)
    throw new Error('the gateway ends at once');
  host.running = { release: sha256(program), config: read, environment: variables };
  host.put(pidFile, { kind: 'file', mode: 0o644, text: '1\n' });
}
