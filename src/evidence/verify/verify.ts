import { lstatSync, readdirSync, readFileSync, statSync, type Dirent } from 'node:fs';
import { join } from 'node:path';
import { isObject, parseJson } from '../../core/json.ts';
import { tombstones } from '../archive/tombstones.ts';
import { isOneChain, readChain } from '../chain/chain.ts';
import { isPhase, placeOfRun, type ChainLink } from '../chain/link.ts';
import { CHAIN_LOCK } from '../chain/lock.ts';
import { CHAIN_LOG, readChainLog } from '../chain/log.ts';
import { isDraft } from '../claim-run.ts';
import type { Manifest } from '../manifest.ts';
import { isRun } from '../run-name.ts';
import { checkSignatures } from '../signature/check.ts';
import { checkOrder, followed } from './chain-order.ts';
import type { Finding } from './finding.ts';
import { checkRunFiles, type FoundRun } from './run-files.ts';

/** The result of a verification. */
export interface Verification {
  /** The closed runs in the order of the chain; the last one is the head. */
  readonly links: readonly ChainLink[];
  readonly findings: readonly Finding[];
  /** Remarks about things that are no faults: runs at work, chains of earlier versions. */
  readonly notes: readonly string[];
  /** Sentences about the things that this folder alone cannot tell. */
  readonly unknown: readonly string[];
}

/** Files that may stand beside the phases. */
const BESIDE = new Set([CHAIN_LOG, 'README.md', '.gitignore', '.gitkeep']);

/**
 * Compares every file of an evidence folder with the manifests, and the manifests with each other and the log. Throws an error of the system.
 * `isAtWork` tells from the first event of a run whether its process still runs here; `signersFile` are allowed signers of ssh-keygen(1).
 */
export function verifyEvidence(
  root: string,
  isAtWork: (opening: { readonly by: string; readonly pid: number; readonly at: string }) => boolean,
  signersFile?: string,
): Verification {
  const log = readChainLog(join(root, CHAIN_LOG));
  const listed = new Set(log.links.map(placeOfRun));
  const findings: Finding[] = log.damaged.map((line) => ({
    kind: 'changed',
    path: `${CHAIN_LOG}:${String(line)}`,
    expected: 'a line as hxllm writes it',
    found: 'another text',
  }));
  const notes: string[] = [];
  const runs = new Map<string, FoundRun>();
  for (const entry of entriesOf(root)) {
    if (!entry.isDirectory()) findings.push(...besideFindings(root, entry));
    else if (!isPhase(entry.name) || hasOwnPhases(join(root, entry.name)))
      notes.push(`${entry.name}/ is no phase of this chain and was not looked at`);
    else
      for (const run of entriesOf(join(root, entry.name))) {
        const checked = checkEntry(root, entry.name, run, { listed, isAtWork });
        findings.push(...checked.findings);
        notes.push(...checked.notes);
        if (checked.run !== undefined) runs.set(placeOfRun(checked.run.link), checked.run);
      }
  }
  const pruned = tombstones(root).filter(({ link }) => !runs.has(placeOfRun(link)));
  for (const tombstone of pruned) runs.set(placeOfRun(tombstone.link), tombstone);
  if (pruned.length > 0)
    notes.push(`${String(pruned.length)} runs were removed by \`evidence prune\`, which kept their manifests`);
  const { unlisted } = readChain(root);
  const links = [...log.links, ...unlisted];
  findings.push(
    ...checkOrder(links, runs, new Set(pruned.map(({ link }) => placeOfRun(link)))),
    ...unlistedFindings(log.exists, links, unlisted, runs),
  );
  const signatures = checkSignatures(
    root,
    links,
    (link) =>
      !pruned.some((each) => placeOfRun(each.link) === placeOfRun(link)) &&
      runs.get(placeOfRun(link))?.manifest?.signed === true,
    signersFile,
  );
  findings.push(...signatures.findings);
  notes.push(...signatures.notes);
  const joinable = unlisted.filter((link) => !isLinked(runs.get(placeOfRun(link))?.manifest));
  if (joinable.length > 0)
    notes.push(
      `${String(joinable.length)} of the runs are by an earlier version of hxllm, with a chain for each phase; the next run joins them to one`,
    );
  return { links, findings, notes, unknown: unknownIn(links, log.exists) };
}

function isLinked(manifest: Manifest | undefined): boolean {
  return manifest !== undefined && isOneChain(manifest);
}

function entriesOf(folder: string): readonly Dirent[] {
  return readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

// In a folder of another user, the own evidence is below the user's name. A folder with runs is a phase, whatever was put beside them.
function hasOwnPhases(folder: string): boolean {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return (
      !entries.some(({ name }) => isRun(name)) &&
      entries.some((entry) => entry.name === CHAIN_LOG || (entry.isDirectory() && isPhase(entry.name)))
    );
  } catch {
    // It is closed to this user.
    return true;
  }
}

function besideFindings(root: string, entry: Dirent): readonly Finding[] {
  const { name } = entry;
  if (BESIDE.has(name) && entry.isFile()) return [];
  if (name === CHAIN_LOCK && entry.isFile())
    return statSync(join(root, name)).size === 0
      ? []
      : [{ kind: 'changed', path: name, expected: 'an empty file', found: 'a file with content' }];
  return [{ kind: 'added', path: name, expected: 'no such file', found: 'a file or link' }];
}

interface CheckedEntry {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  readonly run?: FoundRun;
}

function checkEntry(
  root: string,
  phase: string,
  entry: Dirent,
  {
    listed,
    isAtWork,
  }: { readonly listed: ReadonlySet<string>; readonly isAtWork: Parameters<typeof verifyEvidence>[1] },
): CheckedEntry {
  const { name } = entry;
  const path = placeOfRun({ phase, run: name });
  if (entry.isDirectory() && isDraft(name))
    return {
      findings: [],
      notes: [`${path} is no run: it begins or is removed now, or its process was killed meanwhile`],
    };
  if (!entry.isDirectory() || !isRun(name))
    return { findings: [{ kind: 'added', path, expected: 'runs alone', found: 'another file or folder' }], notes: [] };
  const checked = checkRunFiles(root, phase, name);
  if (checked !== undefined) return { ...checked, notes: [] };
  if (listed.has(path)) {
    const finding = { kind: 'missing', path: `${path}/manifest.json`, expected: 'a manifest', found: 'none' } as const;
    return { findings: [finding], notes: [] };
  }
  const opening = openingIn(join(root, path, 'events.jsonl'));
  if (opening !== undefined && isAtWork(opening)) return { findings: [], notes: [`${path} is still at work`] };
  const found = `no manifest: it was cut off, is at work on another machine (${opening?.by ?? 'no first event says by whom'}), or was added`;
  return { findings: [{ kind: 'open', path, expected: 'a closed run', found }], notes: [] };
}

function openingIn(path: string): { readonly by: string; readonly pid: number; readonly at: string } | undefined {
  // Reading a pipe would wait for ever.
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  try {
    const first = parseJson(readFileSync(path, 'utf8').split('\n')[0] ?? '');
    if (!isObject(first)) return undefined;
    const { by, pid, at } = first;
    return typeof by === 'string' && typeof pid === 'number' && typeof at === 'string' ? { by, pid, at } : undefined;
  } catch {
    return undefined;
  }
}

function unlistedFindings(
  hasLog: boolean,
  links: readonly ChainLink[],
  unlisted: readonly ChainLink[],
  runs: ReadonlyMap<string, FoundRun>,
): readonly Finding[] {
  const known = new Set(links.map(placeOfRun));
  const outside = [...runs.values()]
    .filter(({ link }) => !known.has(placeOfRun(link)))
    .map(({ link, manifest }): Finding => {
      const found = manifest === undefined ? 'a changed manifest' : followed(manifest);
      return { kind: 'added', path: placeOfRun(link), expected: 'a run of the chain', found };
    });
  const ofOneChain = unlisted.filter((link) => isLinked(runs.get(placeOfRun(link))?.manifest));
  if (!hasLog)
    return ofOneChain.length === 0
      ? outside
      : [...outside, { kind: 'missing', path: CHAIN_LOG, expected: 'the log of the chain', found: 'no file' }];
  return [
    ...outside,
    ...ofOneChain.map((link): Finding => ({
      kind: 'added',
      path: placeOfRun(link),
      expected: `a line in ${CHAIN_LOG}`,
      found: 'none: it was killed as it closed, or was added',
    })),
  ];
}

function unknownIn(links: readonly ChainLink[], hasLog: boolean): readonly string[] {
  if (links.length === 0) return ['Runs that were all removed leave no trace in this folder.'];
  return [
    hasLog
      ? `A newest run that was removed together with its line in ${CHAIN_LOG} leaves no trace in this folder.`
      : 'The newest run of a phase leaves no trace in this folder if it was removed: these runs are by an earlier version of hxllm.',
  ];
}
