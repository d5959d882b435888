import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../core/hash.ts';
import type { Result } from '../../core/problem.ts';
import { readChain } from '../chain/chain.ts';
import { placeOfRun } from '../chain/link.ts';
import { CHAIN_LOG, readChainLog } from '../chain/log.ts';
import { removeRun } from '../claim-run.ts';
import { MANIFEST } from '../manifest.ts';
import { openRun, type RunRequest } from '../run-folder.ts';
import type { KeptRun } from './kept-runs.ts';
import { keptRuns } from './kept-runs.ts';
import { PRUNE, tombstones } from './tombstones.ts';

/** The runs that a prune removes: the closed ones of each phase but the newest `keep`. Runs of `prune` are never removed. */
export function runsToPrune(root: string, keep: number): readonly KeptRun[] {
  const links = new Map(
    [...readChainLog(join(root, CHAIN_LOG)).links, ...readChain(root).unlisted].map((link) => [placeOfRun(link), link]),
  );
  const byPhase = Map.groupBy(
    keptRuns(root).filter(({ phase, place, record }) => phase !== PRUNE && record !== undefined && links.has(place)),
    ({ phase }) => phase,
  );
  return [...byPhase.values()].flatMap((runs) => runs.slice(0, Math.max(0, runs.length - keep)));
}

/**
 * Removes runs. Before that, a run of `prune` joins the chain which keeps their manifests, so the chain stays whole and a copy of a removed
 * run can still be verified. A process that is killed in between leaves runs that the next prune removes.
 */
export function pruneRuns(
  request: Omit<RunRequest, 'phase'>,
  runs: readonly KeptRun[],
): Result<{ readonly folder: string; readonly head: string | undefined }> {
  const opened = openRun({ ...request, phase: PRUNE });
  if (!opened.ok) return opened;
  const run = opened.value;
  const manifests = runs.map(({ place }) => ({
    place,
    text: readFileSync(join(request.root, place, MANIFEST), 'utf8'),
  }));
  for (const { place, text } of manifests) run.recorder.file(`removed/${place}/${MANIFEST}`, text);
  run.recorder.file(
    'removed.json',
    runs.map(({ place, record }, index) => ({
      run: place,
      manifest: sha256(manifests[index]?.text ?? ''),
      startedAt: record?.startedAt,
      ending: record?.ending,
      by: record?.by,
    })),
  );
  const closed = run.close({
    ending: 'passed',
    exitCode: 0,
    hosts: [],
    inputs: [],
    changes: runs.length,
    results: [],
    problems: [],
    warnings: [],
  });
  if (!closed.ok) return closed;
  // Only a run whose manifest is kept as it was goes.
  const kept = new Map(tombstones(request.root).map(({ link }) => [placeOfRun(link), link.sha256]));
  for (const [index, { place }] of runs.entries())
    if (kept.get(place) === sha256(manifests[index]?.text ?? '')) removeRun(join(request.root, place));
  return { ok: true, value: { folder: run.folder, head: run.manifest() } };
}
