import type { Desired } from '../render/desired.ts';
import type { Actual } from './actual.ts';
import type { Step } from './plan.ts';
import { stagedPaths } from './staged.ts';

/**
 * Removes what a switch left that a power cut ended: the copies of the files that it replaced, and files that it wrote beside their places. Both
 * may have a master key. A switch removes them too, so this matters where nothing else differs.
 */
export function planInterrupted({ paths }: Desired, { installation, footprint }: Actual): readonly Step[] {
  const copies = `${paths.installDir}/.previous`;
  const hasCopies = footprint.folders.get(paths.installDir)?.ours.includes('.previous') === true;
  const staged = stagedPaths(paths).filter((path) => installation.entries.has(path));
  if (!hasCopies && staged.length === 0) return [];
  const left = [...(hasCopies ? [copies] : []), ...staged];
  return [
    {
      id: 'interrupted',
      title: 'remove what an interrupted switch left',
      detail: left.join('\n'),
      // After the switch, which moves files of these names into place.
      stage: 'clean',
      verb: 'remove',
      actions: [
        ...(hasCopies ? [{ kind: 'remove-tree' as const, path: copies }] : []),
        ...(staged.length === 0 ? [] : [{ kind: 'remove' as const, paths: staged }]),
      ],
    },
  ];
}
