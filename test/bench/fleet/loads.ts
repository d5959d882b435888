import type { SimLoad } from '../../../src/simulation/server/memory.ts';
import type { JournalEntry } from '../../../src/sim/runner/journal.ts';

/** A request as the load generator knows it: from its sending to its end, ms since 1970. */
export interface OpenTime {
  readonly model: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The path of requests that clients send past the gateway. */
export const DIRECT_PATH = '/api/generate';

/** A request may be on its way to a free slot for that long, ms. */
const TRANSIT_MS = 100;

interface Copy {
  readonly load: SimLoad;
  users: number;
  isLoading: boolean;
  isExpiring: boolean;
}

/**
 * The loads of all servers, judged as the simulation does: needless is one that began while a request for the model waited and another server
 * had a free slot for it, to which none was on its way. `open` are the requests that the clients sent to the gateway.
 */
export function judgeLoads(
  journals: readonly (readonly JournalEntry[])[],
  open: readonly OpenTime[],
  slots: number,
): readonly SimLoad[] {
  const copies = journals.map(() => new Map<string, Copy>());
  const loads: SimLoad[] = [];
  const all = journals
    .flatMap((journal, server) => journal.map((entry) => ({ ...entry, server })))
    .toSorted((a, b) => a.atMs - b.atMs);
  for (const { atMs, model: name, event, path, only, server } of all) {
    const model = name.replace(/:latest$/, '');
    const own = copies[server];
    const copy = own?.get(model);
    if (event === 'load') {
      const taken = copies.map(
        (one, index) =>
          (one.get(model)?.users ?? 0) +
          (journals[index] ?? []).filter(
            (entry) =>
              entry.event === 'use' &&
              entry.only !== true &&
              entry.model === name &&
              entry.atMs > atMs &&
              entry.atMs <= atMs + TRANSIT_MS,
          ).length,
      );
      const isWaiting =
        open.filter((one) => one.model === model && one.fromMs <= atMs && one.toMs > atMs).length >
        taken.reduce((sum, one) => sum + one, 0);
      const isFree = copies.some((one, index) => {
        const other = one.get(model);
        return (
          index !== server &&
          other?.isExpiring === false &&
          [...one.values()].every(({ isLoading }) => !isLoading) &&
          (taken[index] ?? 0) < slots
        );
      });
      const cause = only === true ? 'gateway' : path === DIRECT_PATH ? 'direct' : 'chat';
      const load: SimLoad = { model, atMs, cause, isUnused: false, isNeedless: isWaiting && isFree };
      loads.push(load);
      own?.set(model, { load, users: 0, isLoading: true, isExpiring: false });
    } else if (copy === undefined) continue;
    else if (event === 'loaded') {
      copy.isLoading = false;
      copy.load.isUnused = true;
    } else if (event === 'use') {
      copy.users += 1;
      if (only !== true) copy.load.isUnused = false;
    } else if (event === 'release') copy.users -= 1;
    else if (event === 'expire') copy.isExpiring = true;
    else own?.delete(model);
  }
  // A copy that is still there may be used yet.
  for (const one of copies) for (const { load } of one.values()) load.isUnused = false;
  return loads;
}
