import type { CandidateHost, Config, MasterKey, Settings } from '../../config/config.ts';
import type { PlainSecret, Stray } from '../../config/strays/stray.ts';
import type { Problem, Where } from '../../core/problem.ts';

/** The subject of the checks: the files with the changes of this run. */
export interface InventorySubject {
  /** The inventory is new, so lists without entries are not failures yet. */
  readonly begun: boolean;
  readonly group: {
    readonly hosts: readonly string[];
    readonly added: string | undefined;
    readonly candidates: readonly string[];
    readonly file: string;
  };
  readonly backends: ListState;
  readonly models: ListState & { readonly unanswered: readonly Unanswered[]; readonly relayed: readonly Relayed[] };
  readonly key: MasterKey | { readonly state: 'added'; readonly file: string };
  /** The existing or new vault, as a path to show. */
  readonly vault: { readonly file: string; readonly exists: boolean };
  /** Files with secrets where they should not be, with paths to show. */
  readonly strays: readonly ShownStray[];
  /** `--backend` values that an existing list does not have. */
  readonly unlisted: readonly string[];
}

/** A stray file with its path to show. */
export interface ShownStray {
  readonly file: string;
  readonly kind: Stray['kind'];
  readonly secrets: readonly PlainSecret[];
  readonly isRead: boolean;
}

/** The state of a list variable: its entries and their place, or whether this run adds it. `partly`: only some hosts have it. */
export type ListState =
  | { readonly state: 'defined'; readonly entries: readonly string[]; readonly where: Where | undefined }
  | { readonly state: 'added'; readonly entries: readonly string[]; readonly file: string }
  | { readonly state: 'partly'; readonly without: readonly string[] }
  | { readonly state: 'missing' };

/** A backend that this machine does not reach, and that answered a host of the gateway. */
export interface Relayed {
  readonly url: string;
  readonly from: string;
}

/** A backend that was asked for its models and did not answer. */
export interface Unanswered {
  readonly url: string;
  readonly problem: Problem;
}

/** A host with its variables. */
export interface KnownHost {
  readonly name: string;
  readonly settings: Settings;
  readonly origins: CandidateHost['origins'];
}

/** The hosts whose variables count: the joining host, else the hosts of the group, else any one host, for variables of all hosts. */
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

/** The state of a list over several hosts. */
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
