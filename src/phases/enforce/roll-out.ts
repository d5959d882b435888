import { applyPlan, type Applied } from '../../apply/apply.ts';
import { randomId } from '../../core/id.ts';
import { FORKS, mapInParallel } from '../../core/parallel.ts';
import type { PhaseTools } from '../../core/phase.ts';
import type { Problem } from '../../core/problem.ts';
import { auditOf } from './host/audit.ts';
import type { Held } from './host/until-closed.ts';
import { recordersInOrder } from './in-order.ts';
import type { Prepared } from './prepare.ts';
import { keepForeign, notePutBack } from './taken-over.ts';

/** The end of a roll-out. */
export interface RolledOut {
  /** Ids of the steps that were carried out and not undone, by host. */
  readonly done: ReadonlyMap<Prepared, readonly string[]>;
  readonly problems: readonly Problem[];
}

/**
 * Applies the plans of all hosts. The part that nothing uses yet (`prepare`: uploads, folders, accounts) is done on up to `forks` hosts at
 * once; if that fails anywhere, no host is switched. Then `serial` hosts at once are switched, in the order of the inventory. The first group
 * with a failure is the last: it would repeat on the next hosts, and the whole fleet would go down.
 */
export async function rollOut(
  prepared: readonly Prepared[],
  serial: number,
  tools: PhaseTools,
  held: Pick<Held, 'changed'>,
): Promise<RolledOut> {
  const changing = prepared.filter(({ plan }) => plan.steps.length > 0);
  const audits = new Map(
    changing.map((one) => [one, auditOf(one.plan, { ...one.desired, record: one.record.id }, tools)] as const),
  );
  const done = new Map<Prepared, readonly string[]>();
  const work = async (
    hosts: readonly Prepared[],
    limit: number,
    part: 'prepare' | 'switch',
  ): Promise<readonly Problem[]> => {
    const recorders = recordersInOrder(tools.recorder, hosts.length);
    const applied = await mapInParallel(hosts, limit, async (one, index): Promise<Applied> => {
      const { recorder = tools.recorder, end = () => undefined } = recorders[index] ?? {};
      if (part === 'prepare') held.changed(one.host, audits.get(one));
      try {
        return await applyPart(one, part, done.get(one) ?? [], audits.get(one), { ...tools, recorder });
      } finally {
        end();
      }
    });
    for (const [index, one] of hosts.entries())
      done.set(one, [...(done.get(one) ?? []), ...(applied[index]?.done ?? [])]);
    return applied.flatMap(({ problems }) => problems);
  };
  const unprepared = await work(changing, tools.forks ?? FORKS, 'prepare');
  if (unprepared.length > 0) return { done, problems: unprepared };
  for (let first = 0; first < changing.length; first += serial) {
    const problems = await work(changing.slice(first, first + serial), serial, 'switch');
    if (problems.length > 0) return { done, problems };
  }
  return { done, problems: [] };
}

async function applyPart(
  one: Prepared,
  part: 'prepare' | 'switch',
  before: readonly string[],
  audit: ReturnType<typeof auditOf> | undefined,
  tools: PhaseTools,
): Promise<Applied> {
  const { recorder, signal, nowMs } = tools;
  if (part === 'prepare') await keepForeign(one, tools);
  const applied = await applyPlan(
    one.plan,
    one.host,
    { recorder, signal, nowMs, nonce: randomId(), record: one.record, audit },
    part,
  );
  if (part === 'switch' || applied.problems.length > 0) notePutBack(one, [...before, ...applied.done], tools);
  return applied;
}
