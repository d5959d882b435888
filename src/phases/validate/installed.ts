import { failed, notApplicable, pass, unknown, type Verdict } from '../../core/verdict.ts';
import type { PlannedStep } from '../../core/recorder.ts';
import { planFiles } from '../../plan/files.ts';
import type { DesiredFile } from '../../render/content.ts';
import type { HostFacts } from './host-facts.ts';

/** The comparison of the rendered files with those on the host. `steps`: a step with its difference for each file that differs. */
export interface Comparison {
  readonly verdict: Verdict;
  readonly steps: readonly PlannedStep[];
}

/** Compares by the rules of a plan: no text of a foreign file is shown, and of hxllm's own files no secret. */
export function compareInstalled(files: readonly DesiredFile[], { installation }: HostFacts): Comparison {
  if (!installation.known) return { verdict: unknown(installation.why), steps: [] };
  const { entries } = installation.value;
  if (files.every(({ path }) => !entries.has(path)))
    return { verdict: notApplicable('nothing is installed there yet'), steps: [] };
  const steps = planFiles({ files }, { installation: installation.value });
  const verdict =
    steps.length === 0
      ? pass('the host has the same files')
      : failed(
          'the rendered files on the host',
          `other ones: ${steps.map(({ id }) => id.replace(/^files\./, '')).join(', ')}`,
          'hxllm enforce --dry-run',
        );
  return {
    verdict,
    steps: steps.map(({ id, title, detail, verb, blocked }) => ({
      id,
      title,
      detail,
      verb,
      ...(blocked === undefined ? {} : { blocked }),
    })),
  };
}
