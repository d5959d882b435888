import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isObject, parseJson } from '../../core/json.ts';
import type { KeptRun } from './kept-runs.ts';

/** A difference between two runs. */
export interface RunDifference {
  readonly about: 'ending' | 'check' | 'plan' | 'latency';
  /** The host and the check, step or request. */
  readonly subject: string;
  /** `undefined`: the run does not have it. */
  readonly a: string | undefined;
  readonly b: string | undefined;
}

/** The differences between two runs: endings, outcomes of checks, steps of plans, and latencies of requests. */
export function compareKeptRuns(root: string, a: KeptRun, b: KeptRun): readonly RunDifference[] {
  const both = (
    about: RunDifference['about'],
    partsOf: (run: KeptRun) => ReadonlyMap<string, string>,
  ): readonly RunDifference[] => {
    const [ofA, ofB] = [partsOf(a), partsOf(b)];
    return [...new Set([...ofA.keys(), ...ofB.keys()])]
      .map((subject) => ({ about, subject, a: ofA.get(subject), b: ofB.get(subject) }))
      .filter((each) => each.a !== each.b);
  };
  return [
    ...both('ending', ({ record }) => new Map([['the run', record?.ending ?? 'open']])),
    ...both('check', ({ record }) => {
      const results = record?.results ?? [];
      return new Map(results.map(({ host, id, outcome, seen }) => [`${host} ${id}`, `${outcome}: ${seen}`]));
    }),
    ...both('plan', ({ place }) => stepsIn(join(root, place))),
    ...both('latency', ({ place }) => latenciesIn(join(root, place))),
  ];
}

function stepsIn(folder: string): ReadonlyMap<string, string> {
  const hosts = join(folder, 'hosts');
  if (!existsSync(hosts)) return new Map();
  return new Map(
    readdirSync(hosts).flatMap((host) =>
      list(read(join(hosts, host, 'plan.json'))).map(({ id, title, detail }) => [
        `${host} ${String(id)}`,
        [title, detail].filter((text) => typeof text === 'string' && text !== '').join(': '),
      ]),
    ),
  );
}

// The first byte and the whole answer of each request, in the order of the report.
function latenciesIn(folder: string): ReadonlyMap<string, string> {
  const report = read(join(folder, 'report.json'));
  const targets = list(isObject(report) ? report['targets'] : undefined);
  return new Map(
    targets.flatMap(({ name, exchanges }) => {
      const seen = new Map<string, number>();
      return list(exchanges).flatMap(({ asked, reply }): readonly (readonly [string, string])[] => {
        if (!isObject(asked) || !isObject(reply)) return [];
        const request = `${String(name)} ${String(asked['method'])} ${String(asked['url']).replace(/^\w+:\/\/[^/]*/, '')}`;
        const number = (seen.get(request) ?? 0) + 1;
        seen.set(request, number);
        const subject = number === 1 ? request : `${request} #${String(number)}`;
        return [[subject, `${String(reply['firstByteMs'])} ms, whole ${String(reply['totalMs'])} ms`]];
      });
    }),
  );
}

function read(path: string): unknown {
  try {
    return parseJson(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function list(value: unknown): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
