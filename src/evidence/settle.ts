import type { RecordedStep, StepEvent } from '../core/recorder.ts';
import { closeCutOff } from './cut-off.ts';
import { statedSteps, type EarlierRun } from './earlier-run.ts';
import type { OwnFolder } from './own-folder.ts';

/** A host that was not heard for so long may be gone. */
const GIVEN_UP_AFTER_MS = 30 * 24 * 3_600_000;

/** The earlier runs that are settled now. */
export interface Settled {
  /** A line for the operator about each. */
  readonly notes: readonly string[];
  /** The ones that were cut off and are closed now: `enforce/20261123T231500Z`. */
  readonly closed: readonly string[];
}

/** Settles the earlier runs whose hosts were all heard. A run that cannot be closed now is left for the next one. */
export function settle(
  root: OwnFolder,
  earlier: readonly EarlierRun[],
  heard: ReadonlyMap<string, readonly RecordedStep[]>,
  by: { readonly closedBy: string; readonly nowMs: number },
): Settled {
  const notes: string[] = [];
  const closed: string[] = [];
  for (const one of earlier) {
    const name = `${one.phase}/${one.run}`;
    const silent = [...one.records.keys()].filter((host) => !heard.has(host));
    const isOld = by.nowMs - Date.parse(one.lastAt) > GIVEN_UP_AFTER_MS;
    if (silent.length > 0 && (one.isClosed || !isOld)) {
      if (!one.isClosed) notes.push(`${name} was cut off; a run that reaches ${silent.join(', ')} closes it`);
      continue;
    }
    const steps = statedSteps(one, [...heard.values()].flat());
    if (!one.isClosed) {
      try {
        closeCutOff(root, one, steps, by);
      } catch {
        continue;
      }
      closed.push(name);
    }
    const said = stepCounts(steps);
    notes.push(`${name} ${one.isClosed ? 'did not see the end of its steps' : 'was cut off and is closed now'}${said}`);
  }
  return { notes, closed };
}

// The steps by host and state, with the ids of those that did not end well.
function stepCounts(steps: readonly StepEvent[]): string {
  const hosts = [...new Set(steps.map(({ host }) => host))];
  return hosts
    .map((host) => {
      const own = steps.filter((step) => step.host === host);
      const ids = (state: StepEvent['state']): readonly string[] =>
        own.flatMap((step) => (step.state === state ? [step.id] : []));
      const parts = [
        `${String(ids('done').length)} of ${String(own.length)} steps done`,
        ...(['failed', 'undone', 'unknown'] as const).flatMap((state) =>
          ids(state).length === 0 ? [] : [`${state}: ${ids(state).join(', ')}`],
        ),
      ];
      return `\n${host}, by its own record: ${parts.join('; ')}`;
    })
    .join('');
}
