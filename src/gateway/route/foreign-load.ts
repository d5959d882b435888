import { touchBackend, touchMemory } from './attention.ts';
import type { Candidate, Fleet } from './fleet.ts';
import { newLoad } from './loading.ts';

/** Records that a load of another instance is under way: this one waits for its end, and sends none beside it. */
export function noteForeignLoad(fleet: Fleet, { deployment, backend, replica }: Candidate, sinceMs: number): void {
  if (backend.loading !== undefined) return;
  backend.loading = replica.id;
  fleet.ticks.loading.add(backend);
  fleet.tickWanted = true;
  const about = { runnerKey: deployment.runnerKey, queue: undefined, reason: 'absent', victims: [] } as const;
  replica.load = newLoad(backend, replica, about, sinceMs);
  touchMemory(fleet, replica);
  touchBackend(fleet, backend);
}

/** Drops the loads that are decided and not sent: another instance decides anew. */
export function dropUnsentLoads(fleet: Fleet): void {
  for (const id of fleet.heldLoads.keys()) {
    const replica = fleet.replicas.get(id);
    const backend = fleet.backends.get(replica?.backend ?? '');
    if (replica !== undefined) replica.load = undefined;
    if (backend === undefined) continue;
    backend.loading = undefined;
    fleet.ticks.loading.delete(backend);
  }
  fleet.heldLoads.clear();
  for (const backend of fleet.makingRoom) backend.makingRoom = undefined;
  fleet.makingRoom.clear();
}
