import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../core/hash.ts';
import { tombstones } from '../archive/tombstones.ts';
import { MANIFEST, parseManifest, type Manifest } from '../manifest.ts';
import { compareRuns, isRun } from '../run-name.ts';
import { isPhase, isSameLink, placeOfRun, type ChainLink } from './link.ts';
import { CHAIN_LOG, readChainLog } from './log.ts';

/** The chain of an evidence folder, as the next run sees it. */
export interface Chain {
  /** The last link; `undefined` if no run was closed yet. */
  readonly head: ChainLink | undefined;
  /** Links that the log does not have yet: of a run that was cut off as it closed, or of an earlier version of hxllm. */
  readonly unlisted: readonly ChainLink[];
  /** Ends of the unlisted links but the head, which the next run joins to the chain. */
  readonly joined: readonly ChainLink[];
  /** Whether the chain has a run. Its manifest may be gone, which the next run must not hide. */
  readonly has: (phase: string, run: string) => boolean;
}

interface ClosedRun {
  readonly link: ChainLink;
  readonly manifest: Manifest;
}

/** Reads the chain of an evidence folder. Only manifests that the log does not list are read. */
export function readChain(folder: string): Chain {
  const { links } = readChainLog(join(folder, CHAIN_LOG));
  const listed = new Set(links.map(placeOfRun));
  const last = links.at(-1);
  const unlisted = adopt(last, closedRuns(folder, listed));
  const trailing = unlisted.slice(unlisted.findLastIndex(({ manifest }) => isOneChain(manifest)) + 1);
  const before = unlisted.length === trailing.length ? last : unlisted.at(-trailing.length - 1)?.link;
  const head = unlisted.at(-1)?.link ?? last;
  const names = new Set([...listed, ...unlisted.map(({ link }) => placeOfRun(link))]);
  return {
    head,
    unlisted: unlisted.map(({ link }) => link),
    joined: trailing.length === 0 ? [] : endsOf(trailing, before).filter((end) => end !== head),
    has: (phase, run) => names.has(placeOfRun({ phase, run })),
  };
}

/** Whether a manifest belongs to the one chain of all phases, and not to that of a phase. */
export function isOneChain({ previous, joined }: Manifest): boolean {
  return joined !== undefined || previous?.phase !== undefined;
}

/** Orders runs of chains of phases: by the time of closing, then by name. */
export function compareClosing(a: Manifest, b: Manifest): number {
  if (a.closedAt !== b.closedAt) return a.closedAt < b.closedAt ? -1 : 1;
  return a.phase === b.phase ? compareRuns(a.run, b.run) : a.phase < b.phase ? -1 : 1;
}

/** The links of chains of phases that no other of them names, and the link before them. */
export function endsOf(runs: readonly ClosedRun[], before: ChainLink | undefined): readonly ChainLink[] {
  const named = new Set(runs.flatMap(({ manifest }) => manifest.previous?.sha256 ?? []));
  return [...(before === undefined ? [] : [before]), ...runs.map(({ link }) => link)].filter(
    (link) => link === before || !named.has(link.sha256),
  );
}

/** The unlisted runs that follow the head, in order. A run that follows another manifest stays outside: nothing vouches for it. */
function adopt(last: ChainLink | undefined, runs: readonly ClosedRun[]): readonly ClosedRun[] {
  const following = runs.filter(({ manifest }) => isOneChain(manifest));
  let ofPhases = runs
    .filter(({ manifest }) => !isOneChain(manifest))
    .toSorted((a, b) => compareClosing(a.manifest, b.manifest));
  const found: ClosedRun[] = [];
  for (;;) {
    const head = found.at(-1)?.link ?? last;
    const next = following.find(({ manifest: { previous } }) => {
      if (previous === null || head === undefined) return previous === null && head === undefined;
      return isSameLink({ ...previous, phase: previous.phase ?? '' }, head);
    });
    if (next !== undefined && !found.includes(next)) found.push(next);
    else if (ofPhases.length > 0) {
      found.push(...ofPhases);
      ofPhases = [];
    } else return found;
  }
}

function closedRuns(folder: string, listed: ReadonlySet<string>): readonly ClosedRun[] {
  const found = closedRunsIn(folder, listed);
  if (listed.size > 0) return found;
  // Without a log, runs that `evidence prune` removed are known from the manifests that it kept.
  const places = new Set(found.map(({ link }) => placeOfRun(link)));
  const removed = tombstones(folder).flatMap(({ link, manifest }) =>
    manifest === undefined || places.has(placeOfRun(link)) ? [] : [{ link, manifest }],
  );
  return [...found, ...removed];
}

function closedRunsIn(folder: string, listed: ReadonlySet<string>): readonly ClosedRun[] {
  return namesIn(folder)
    .filter(isPhase)
    .flatMap((phase) =>
      namesIn(join(folder, phase))
        .filter((run) => isRun(run) && !listed.has(placeOfRun({ phase, run })))
        .flatMap((run) => closedRun(join(folder, phase, run, MANIFEST), phase, run)),
    );
}

// A run without a manifest is open or was cut off: no link yet. A manifest of another place or form is none either.
function closedRun(path: string, phase: string, run: string): readonly ClosedRun[] {
  if (!existsSync(path)) return [];
  const text = readFileSync(path, 'utf8');
  const manifest = parseManifest(text);
  if (manifest?.phase !== phase || manifest.run !== run) return [];
  return [{ link: { phase, run, sha256: sha256(text) }, manifest }];
}

// The folder of another operator of a shared checkout is theirs alone, and a file has no runs.
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
