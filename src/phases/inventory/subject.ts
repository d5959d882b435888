import type { CandidateHost, Config, MasterKey, Settings } from '../../config/config.ts';
import type { Problem, Where } from '../../core/problem.ts';

/** What is judged: how the files would be with the changes of this run. */
export interface InventorySubject {
  /** The files are only now begun, so that lists which nobody named yet are no failure. */
  readonly begun: boolean;
  readonly group: {
    readonly hosts: readonly string[];
    readonly added: string | undefined;
    readonly candidates: readonly string[];
    readonly file: string;
  };
  readonly backends: ListState;
  readonly models: ListState & { readonly unanswered: readonly Unanswered[] };
  readonly key: MasterKey | { readonly state: 'added'; readonly file: string };
  /** The file that is or would be the vault, as people see it, and how to make it by hand. */
  readonly vault: { readonly file: string; readonly exists: boolean };
  /** `--backend` values that a list which is there does not have. */
  readonly unlisted: readonly string[];
}

/** How a list of variables stands: its entries, where they are, and whether this run adds it. */
export type ListState =
  | { readonly state: 'defined'; readonly entries: readonly string[]; readonly where: Where | undefined }
  | { readonly state: 'added'; readonly entries: readonly string[]; readonly file: string }
  | { readonly state: 'partly'; readonly without: readonly string[] }
  | { readonly state: 'missing' };

/** A backend that was asked for its models and did not say. */
export interface Unanswered {
  readonly url: string;
  readonly problem: Problem;
}

/** One host as the files describe it. */
export interface KnownHost {
  readonly name: string;
  readonly settings: Settings;
  readonly origins: CandidateHost['origins'];
}

/** The hosts whose variables count: those of the group, or the one that is to join it, or any, to see what holds for all. */
export function knownHosts(config: Config | undefined, joining: string | undefined): readonly KnownHost[] {
  if (config === undefined) return [];
  const known = [
    ...config.hosts.map(({ target, settings, origins }) => ({ name: target.name, settings, origins })),
    ...config.candidates,
  ];
  const own = known.filter((host) => host.name === joining);
  if (own.length > 0) return own;
  const grouped = config.candidates.length === 0 ? known : [];
  return grouped.length > 0 ? grouped : known.slice(0, 1);
}

/** How a list stands over several hosts. */
export function listState(
  hosts: readonly KnownHost[],
  name: string,
  entriesOf: (settings: Settings) => readonly string[] | undefined,
): ListState {
  const defined = hosts.filter((host) => entriesOf(host.settings) !== undefined);
  const [first] = defined;
  if (first === undefined) return { state: 'missing' };
  if (defined.length < hosts.length)
    return { state: 'partly', without: hosts.filter((host) => !defined.includes(host)).map((host) => host.name) };
  return { state: 'defined', entries: entriesOf(first.settings) ?? [], where: first.origins[name] };
}
