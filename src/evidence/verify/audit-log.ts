import type { AuditEntry } from '../../core/audit-entry.ts';
import { isObject, parseJson } from '../../core/json.ts';
import { placeOfRun, type ChainLink } from '../chain/link.ts';
import type { Finding } from './finding.ts';

/** The comparison of a chain with the audit log of a host. */
export interface AuditComparison {
  readonly findings: readonly Finding[];
  /** The number of runs in the log that are links of the chain. */
  readonly confirmed: number;
  /** The last link that the log confirms; `undefined`: none. */
  readonly last: ChainLink | undefined;
  /** Runs in the log whose evidence is in another folder: the manifests before them are none of this chain. */
  readonly others: readonly string[];
}

/**
 * Compares the links of a chain with the text of a host's audit log. A run of the log that follows a manifest of the chain has to be in the
 * chain, with the manifest that the log names, and in the order of the log.
 */
export function compareAuditLog(host: string, text: string, links: readonly ChainLink[]): AuditComparison {
  const places = new Map(links.map((link, index) => [placeOfRun(link), index]));
  const known = new Set(links.map((link) => link.sha256));
  const findings: Finding[] = [];
  const others: string[] = [];
  const before = new Map<string, string | null>();
  let [confirmed, lastIndex] = [0, -1];
  const source = `the audit log of ${host}`;
  for (const entry of entriesIn(text)) {
    if (entry.event !== 'closed') {
      before.set(entry.record, entry.before);
      if (places.has(entry.run) && entry.before !== null && !known.has(entry.before))
        findings.push({
          kind: 'missing',
          path: `the run before ${entry.run}`,
          expected: `a run whose manifest has the SHA-256 ${entry.before}, by ${source}`,
          found: 'no run',
        });
      continue;
    }
    const { run, manifest } = entry;
    if (manifest === null) continue;
    const index = places.get(run);
    const link = index === undefined ? undefined : links[index];
    const expected = `SHA-256 ${manifest}, by ${source}`;
    if (link === undefined || index === undefined) {
      const followed = before.get(entry.record);
      if (typeof followed === 'string' && known.has(followed)) {
        known.add(manifest);
        findings.push({
          kind: 'missing',
          path: run,
          expected: `a run whose manifest has the ${expected}`,
          found: 'no run',
        });
      } else others.push(run);
    } else if (link.sha256 !== manifest)
      findings.push({ kind: 'changed', path: `${run}/manifest.json`, expected, found: `SHA-256 ${link.sha256}` });
    else if (index < lastIndex)
      findings.push({ kind: 'moved', path: run, expected: `the order of ${source}`, found: 'another order' });
    else {
      confirmed += 1;
      lastIndex = index;
    }
  }
  return { findings, confirmed, last: links[lastIndex], others };
}

// Lines that a full disk cut off tell nothing.
function entriesIn(text: string): readonly AuditEntry[] {
  return text.split('\n').flatMap((line) => {
    const value = parseJson(line);
    if (!isObject(value) || typeof value['run'] !== 'string' || typeof value['record'] !== 'string') return [];
    // hxllm wrote it: a line with these members is an entry.
    return [value as unknown as AuditEntry];
  });
}
