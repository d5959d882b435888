import type { Result } from '../../core/problem.ts';
import type { OpenRequests, UsedMinutes } from '../limits/owner-uses.ts';
import type { Log } from '../log.ts';
import type { Lease } from '../route/fleet.ts';
import type { Scheduler } from '../scheduler/scheduler.ts';
import type { InstancePlace } from './instance-id.ts';
import { byAge, type InstanceStatus } from './instance-status.ts';
import type { Link, LinkHandlers } from './link.ts';

/** Another instance, as far as its links depend on it. */
export type Peer = Pick<InstanceStatus, 'instance' | 'state' | 'started'>;

/** The side that an instance takes on a link that it opens. */
export type LinkRole = 'decides' | 'holds';

/** A connection to another instance; it becomes a link with the handlers of a side. */
export type LinkConnection = (handlers: LinkHandlers) => Link;

/** The use of the limits of keys, teams and users, which instances tell each other. */
export interface SharedLimits {
  /** The minutes of this instance. */
  used(): readonly UsedMinutes[];
  /** Those of owners that have used more, or less, since the last call, or since `used`. */
  usedSince(): readonly UsedMinutes[];
  /** Counts those of another one, once for each. */
  adopt(peer: string, used: readonly UsedMinutes[]): void;
  /** Counts those that another one has used since. */
  adoptMore(used: readonly UsedMinutes[]): void;
  /** The requests under way in this instance. */
  open(): readonly OpenRequests[];
  /** Counts those of another one, instead of those that it told before. */
  adoptOpen(peer: string, open: readonly OpenRequests[]): void;
}

/** The parts of a gateway that share its slots with other instances. */
export interface LinksOptions {
  readonly place: InstancePlace;
  /** Opens a connection to another instance. */
  readonly connect: (peer: string, role: LinkRole) => Promise<Result<LinkConnection>>;
  /** The other instances that run. */
  readonly peers: () => Promise<readonly Peer[]>;
  /** When this instance was started, as ISO 8601. */
  readonly started: string;
  /** The clock of the scheduler, ms. */
  readonly now: () => number;
  readonly scheduler: Scheduler;
  readonly leases: () => readonly Lease[];
  readonly load: (replica: string, deployment: string) => void;
  /** The limits of keys and teams. */
  readonly limits?: SharedLimits;
  /** Whether this instance decides when no other one does: it serves, or ends what it has. */
  readonly mayDecide: () => boolean;
  readonly log: Log;
}

/**
 * The elder instances for which this one decides while no instance serves but this one; `undefined` if a newer one is to decide. Of all
 * that have work left the newest decides.
 */
export function eldersOf(
  self: Pick<Peer, 'instance' | 'started'>,
  peers: readonly Peer[],
): readonly Peer[] | undefined {
  const atWork = peers.filter(({ state }) => state === 'serving' || state === 'draining');
  const isNewer = (one: Peer): boolean => one.state === 'serving' || byAge(self, one) < 0;
  return atWork.some(isNewer) ? undefined : atWork;
}
