import type { CheckResult } from '../../src/core/verdict.ts';
import type { Operator } from './operator.ts';

/** A preflight of the lab. */
export interface LabPreflight {
  readonly all: readonly CheckResult[];
  /** `id outcome` of the checks that neither pass nor do not apply, without the URL of a backend. */
  readonly faults: readonly string[];
  seen(id: string): CheckResult | undefined;
}

/** Warnings on every host of the lab: nspawn has neither a time daemon nor cgroups that limit. */
const EVERYWHERE: ReadonlySet<string> = new Set(['time.synchronized', 'runtime.cgroups']);

/** Runs preflight and reads its document. */
export async function preflightOf(operator: Operator): Promise<LabPreflight> {
  const ran = await operator.hxllm('preflight', '--json');
  // Its shape is what hxllm documents.
  const { results } = JSON.parse(ran.stdout) as { readonly results: readonly CheckResult[] };
  return {
    all: results,
    faults: results
      .filter(({ id, outcome }) => !['pass', 'not-applicable'].includes(outcome) && !EVERYWHERE.has(id))
      .map(({ id, outcome }) => `${id.replace(/\[https?:.*\]$/, '')} ${outcome}`),
    seen: (id) => results.find((result) => result.id === id),
  };
}
