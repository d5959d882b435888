import type { Backend, CandidateHost, Model, Settings } from '../../../config/config.ts';
import { setEntryKeys, type EntryList } from '../../../config/edit/entry-edit.ts';
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
  const apply = async (list: EntryList, host: ListHost, { keys, remarks: said }: Proposals): Promise<void> => {
    const shown = host.origins[list.variable]?.file;
    const path = files.find((file) => drafts.shown(file) === shown);
    const place = `${list.variable} ${shown ?? ''}`;
    if (path === undefined || done.has(place)) return;
    done.add(place);
    remarks.push(...said);
    if (keys.length === 0) return;
    const after = await setEntryKeys({ text: (await drafts.text(path)) ?? '', file: shown ?? path }, list, keys);
    if (after.ok) await drafts.write(path, after.value);
    else remarks.push(`${inWords(after.problems[0])} ${after.problems[0].fix}`);
  };
  for (const host of hosts) {
    const { backends, models } = host.settings;
    if (backends !== undefined) await apply(backendList(backends), host, backendProposals(backends, scan));
    if (models !== undefined)
      await apply(modelList(models), host, modelProposals(models, backends?.map(({ url }) => url) ?? [], scan));
  }
  return remarks;
}

function backendList({ length }: readonly Backend[]): EntryList {
  return { variable: 'litellm_backends', mainKey: 'url', length };
}

function modelList({ length }: readonly Model[]): EntryList {
  return { variable: 'litellm_models', mainKey: 'model', length };
}
