import { touchReplica } from './attention.ts';
import type { Fleet, Lease } from './fleet.ts';
import { watchStart } from './lost-slots.ts';
import { endWatch } from './overdue.ts';
import { observeStart } from './slots.ts';
import { observeAnswer } from './stuck-load.ts';
import { observeTurn } from './turn.ts';

/** The backend of a lease has begun to answer. */
export function startLease(fleet: Fleet, lease: Lease, nowMs: number): void {
  if (lease.released || lease.started) return;
  lease.started = true;
  lease.replica.started += 1;
  lease.backend.started += 1;
  lease.backend.seenMs = nowMs;
  lease.replica.unreadTokens = Math.max(0, lease.replica.unreadTokens - lease.unread);
  touchReplica(fleet, lease.replica);
  observeTurn(fleet, lease.backend, lease.replica);
  observeStart(lease.replica.slots, lease.request, nowMs);
  observeAnswer(fleet, lease, nowMs);
  watchStart(lease, nowMs);
  endWatch(fleet, lease, true, nowMs);
}
