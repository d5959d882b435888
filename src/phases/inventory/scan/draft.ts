import type { Backend, CandidateHost, Model, Settings } from '../../../config/config.ts';
import { setEntryKeys, type EntryKey, type EntryList } from '../../../config/edit/entry-edit.ts';
import { listInWords } from '../../../core/pluralize.ts';
import { inWords } from '../../../core/problem.ts';
import type { Drafts } from '../drafts.ts';
import { backendProposals, modelProposals, type Proposals } from './proposals.ts';
import type { Scan } from './scan.ts';

/** The two lists of a host, and the places that define them. */
export interface ListHost {
  readonly settings: Pick<Settings, 'backends' | 'models'>;
  readonly origins: CandidateHost['origins'];
}

/** The lists of all hosts. */
export interface ListPlaces {
  /** The files that may define them; absolute. */
  readonly files: readonly string[];
  readonly hosts: readonly ListHost[];
}

/** Drafts the keys that the servers state, each file once. Returns remarks about numbers that stay and changes to make by hand. */
export async function draftProposals(
  { files, hosts }: ListPlaces,
  scan: Scan,
  drafts: Drafts,
): Promise<readonly string[]> {
  const remarks: string[] = [];
  const done = new Set<string>();
  const apply = async (list: NamedList, host: ListHost, { keys, remarks: said }: Proposals): Promise<void> => {
    const shown = host.origins[list.variable]?.file;
    const path = files.find((file) => drafts.shown(file) === shown);
    const place = `${list.variable} ${shown ?? ''}`;
    if (path === undefined || done.has(place)) return;
    done.add(place);
    remarks.push(...said);
    if (keys.length === 0) return;
    const after = await setEntryKeys({ text: (await drafts.text(path)) ?? '', file: shown ?? path }, list, keys);
    if (after.ok) {
      remarks.push(`proposed for ${list.variable} in ${shown ?? path}: ${inSentence(keys, list.names)}`);
      await drafts.write(path, after.value);
    } else remarks.push(`${inWords(after.problems[0])} ${after.problems[0].fix}`);
  };
  for (const host of hosts) {
    const { backends, models } = host.settings;
    if (backends !== undefined) await apply(backendList(backends), host, backendProposals(backends, scan));
    if (models !== undefined)
      await apply(modelList(models), host, modelProposals(models, backends?.map(({ url }) => url) ?? [], scan));
  }
  return remarks;
}

/** A list with the names of its entries. */
interface NamedList extends EntryList {
  readonly names: readonly string[];
}

function backendList(backends: readonly Backend[]): NamedList {
  const names = backends.map(({ url }) => url);
  return { variable: 'litellm_backends', mainKey: 'url', length: backends.length, names };
}

function modelList(models: readonly Model[]): NamedList {
  const names = models.map(({ name }) => name);
  return { variable: 'litellm_models', mainKey: 'model', length: models.length, names };
}

/** The keys in words: a line of a diff that holds other things of the operator is not shown. */
function inSentence(keys: readonly EntryKey[], names: readonly string[]): string {
  const entries = [...new Set(keys.map(({ index }) => index))];
  return entries
    .map((entry) => {
      const own = keys.filter(({ index }) => index === entry).map(({ key, value }) => `${key} ${String(value)}`);
      return `${names[entry] ?? ''} ${listInWords(own)}`;
    })
    .join(', ');
}
