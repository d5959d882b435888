import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../../core/hash.ts';
import { isObject, parseJson } from '../../core/json.ts';
import { placeOfRun, type ChainLink } from '../chain/link.ts';
import { MANIFEST, parseManifest, SIGNATURE, type Manifest } from '../manifest.ts';
import type { Finding } from './finding.ts';

/** A closed run as it is in the folder. */
export interface FoundRun {
  readonly link: ChainLink;
  /** `undefined`: its text is not as hxllm writes it. */
  readonly manifest: Manifest | undefined;
}

/** A closed run, and the differences between its files and its manifest; `undefined` if it has no manifest. */
export function checkRunFiles(
  root: string,
  phase: string,
  run: string,
): { readonly run: FoundRun; readonly findings: readonly Finding[] } | undefined {
  const place = placeOfRun({ phase, run });
  const folder = join(root, phase, run);
  const path = `${place}/${MANIFEST}`;
  if (lstatSync(join(root, path), { throwIfNoEntry: false })?.isFile() !== true) return undefined;
  const text = readFileSync(join(root, path), 'utf8');
  const manifest = parseManifest(text);
  const found = { link: { phase, run, sha256: sha256(readFileSync(join(root, path))) }, manifest };
  if (manifest === undefined) {
    const finding = {
      kind: 'changed',
      path,
      expected: 'a manifest as hxllm writes it',
      found: 'another text',
    } as const;
    return { run: found, findings: [finding] };
  }
  const named = placeOfRun(manifest);
  const moved: readonly Finding[] =
    named === place
      ? []
      : [{ kind: 'moved', path: place, expected: `the run ${named}, which its manifest names`, found: 'another name' }];
  return {
    run: found,
    findings: [...moved, ...fileFindings(folder, place, manifest), ...timeFindings(folder, path, manifest)],
  };
}

// No later manifest vouches for the newest one, so its time is compared with those in the files that it vouches for.
function timeFindings(folder: string, path: string, { closedAt }: Manifest): readonly Finding[] {
  try {
    const last = readFileSync(join(folder, 'events.jsonl'), 'utf8').trimEnd().split('\n').at(-1);
    const [event, record] = [parseJson(last ?? ''), parseJson(readFileSync(join(folder, 'run.json'), 'utf8'))];
    const times = [isObject(event) ? event['at'] : '', isObject(record) ? record['endedAt'] : ''];
    if (times.includes(closedAt)) return [];
    return [{ kind: 'changed', path, expected: `closedAt ${times.join(' or ')}`, found: `closedAt ${closedAt}` }];
  } catch {
    // A missing file is a finding already.
    return [];
  }
}

function fileFindings(folder: string, place: string, { files }: Manifest): readonly Finding[] {
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
  const kinds = new Map(entries.map((entry) => [entry, lstatSync(join(folder, entry), { throwIfNoEntry: false })]));
  const listed = Object.entries(files).flatMap(([name, hash]): readonly Finding[] => {
    const path = `${place}/${name}`;
    const expected = `SHA-256 ${hash}`;
    const stat = kinds.get(name);
    if (stat === undefined) return [{ kind: 'missing', path, expected, found: 'no file' }];
    if (!stat.isFile()) return [{ kind: 'changed', path, expected, found: 'no file of its own' }];
    const actual = sha256(readFileSync(join(folder, name)));
    return actual === hash ? [] : [{ kind: 'changed', path, expected, found: `SHA-256 ${actual}` }];
  });
  const isKnown = (name: string): boolean => Object.hasOwn(files, name) || name === MANIFEST || name === SIGNATURE;
  const added = entries
    .filter((name) => kinds.get(name)?.isDirectory() !== true && !isKnown(name))
    .map((name): Finding => ({
      kind: 'added',
      path: `${place}/${name}`,
      expected: 'no such file',
      found: 'a file or link',
    }));
  return [...listed, ...added];
}
