import { compareClosing, endsOf, isOneChain } from '../chain/chain.ts';
import { isSameLink, placeOfRun, type ChainLink } from '../chain/link.ts';
import { MANIFEST, type Manifest } from '../manifest.ts';
import type { Finding } from './finding.ts';
import type { FoundRun } from './run-files.ts';

/** Differences between the links of a chain, in their order, and the runs in the folder. */
export function checkOrder(
  links: readonly ChainLink[],
  runs: ReadonlyMap<string, FoundRun>,
  /** Runs that were removed by `evidence prune`, whose manifests it kept. */
  pruned: ReadonlySet<string>,
): readonly Finding[] {
  const findings: Finding[] = [];
  const seen = new Set<string>();
  // `undefined`: a run among them is missing or changed, so its ends are not known.
  let sinceJoin: { readonly link: ChainLink; readonly manifest: Manifest }[] | undefined = [];
  let beforeThose: ChainLink | undefined;
  for (const [index, link] of links.entries()) {
    const place = placeOfRun(link);
    const before = links[index - 1];
    const found = runs.get(place);
    if (seen.has(place)) findings.push(moved(place, 'one line in chain.jsonl', 'several'));
    else if (found === undefined) findings.push(missing(link));
    else if (found.link.sha256 !== link.sha256)
      findings.push({
        kind: 'changed',
        path: `${pruned.has(place) ? 'the manifest that prune kept of ' : ''}${place}/${MANIFEST}`,
        expected: `SHA-256 ${link.sha256}`,
        found: `SHA-256 ${found.link.sha256}`,
      });
    const manifest = found?.link.sha256 === link.sha256 ? found.manifest : undefined;
    seen.add(place);
    if (manifest !== undefined && isOneChain(manifest)) {
      findings.push(...oneChainFindings(manifest, before, sinceJoin, beforeThose));
      sinceJoin = [];
      beforeThose = link;
    } else if (manifest === undefined) {
      sinceJoin = undefined;
      beforeThose = link;
    } else {
      findings.push(...phaseChainFindings(manifest, links.slice(0, index), sinceJoin?.at(-1)?.manifest));
      sinceJoin?.push({ link, manifest });
    }
  }
  return findings;
}

function oneChainFindings(
  manifest: Manifest,
  before: ChainLink | undefined,
  sinceJoin: readonly { readonly link: ChainLink; readonly manifest: Manifest }[] | undefined,
  beforeThose: ChainLink | undefined,
): readonly Finding[] {
  const place = placeOfRun(manifest);
  const { previous, joined = [] } = manifest;
  if (before === undefined || previous === null)
    return before === undefined && previous === null
      ? []
      : [
          moved(
            place,
            before === undefined ? 'the first run' : `a run after ${placeOfRun(before)}`,
            followed(manifest),
          ),
        ];
  if (!isSameLink({ ...previous, phase: previous.phase ?? manifest.phase }, before))
    return [moved(place, `a run after ${placeOfRun(before)}, SHA-256 ${before.sha256}`, followed(manifest))];
  if (sinceJoin === undefined) return [];
  const ends = sinceJoin.length === 0 ? [] : endsOf(sinceJoin, beforeThose).filter((end) => !isSameLink(end, before));
  const isSame = ends.length === joined.length && ends.every((end) => joined.some((each) => isSameLink(each, end)));
  const names = (list: readonly ChainLink[]): string => list.map(placeOfRun).join(', ') || 'no run';
  return isSame ? [] : [moved(place, `that it joins ${names(ends)} to the chain`, `that it joins ${names(joined)}`)];
}

function phaseChainFindings(
  manifest: Manifest,
  earlier: readonly ChainLink[],
  last: Manifest | undefined,
): readonly Finding[] {
  const place = placeOfRun(manifest);
  const { phase, previous } = manifest;
  if (last !== undefined && compareClosing(last, manifest) > 0)
    return [moved(place, `to be before ${placeOfRun(last)}, which closed later`, 'it after that run')];
  if (previous === null) {
    const first = earlier.find((link) => link.phase === phase);
    return first === undefined ? [] : [moved(place, `a run after ${placeOfRun(first)}`, followed(manifest))];
  }
  const link = { ...previous, phase };
  if (earlier.some((each) => isSameLink(each, link))) return [];
  return earlier.some((each) => placeOfRun(each) === placeOfRun(link))
    ? [
        {
          kind: 'changed',
          path: `${placeOfRun(link)}/${MANIFEST}`,
          expected: `SHA-256 ${link.sha256}`,
          found: 'another',
        },
      ]
    : [missing(link)];
}

/** The words about the run that a manifest names as the one before. */
export function followed({ phase, previous }: Manifest): string {
  if (previous === null) return 'that it is the first';
  return `that it follows ${placeOfRun({ phase, ...previous })}, SHA-256 ${previous.sha256}`;
}

function moved(path: string, expected: string, found: string): Finding {
  return { kind: 'moved', path, expected, found };
}

function missing(link: ChainLink): Finding {
  const expected = `a run whose manifest has the SHA-256 ${link.sha256}`;
  return { kind: 'missing', path: placeOfRun(link), expected, found: 'no run' };
}
