import { failed, notApplicable, pass, unknown, type Verdict } from '../../core/verdict.ts';
import type { PlannedStep } from '../../core/recorder.ts';
import { fileDifferences } from '../../core/file-difference.ts';
import { contentText, type DesiredFile } from '../../render/content.ts';
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
  const steps = files.flatMap((file): readonly PlannedStep[] => {
    const { name, path, owner, group, mode, content } = file;
    const text = contentText(content) ?? '';
    const details = fileDifferences(
      { owner, group, mode, text, isSecret: content.kind === 'secret' },
      entries.get(path),
    );
    return details.length === 0
      ? []
      : [{ id: `files.${name}`, title: `write ${path}`, detail: details.join('\n'), verb: 'write' }];
  });
  const verdict =
    steps.length === 0
      ? pass('the host has the same files')
      : failed(
          'the rendered files on the host',
          `other ones: ${steps.map(({ id }) => id.replace(/^files\./, '')).join(', ')}`,
          'hxllm enforce --dry-run',
        );
  return { verdict, steps };
}
