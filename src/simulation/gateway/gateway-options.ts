import type { OnRouted } from './scheduler.ts';
import type { FleetSpec } from '../../gateway/route/fleet-spec.ts';
import type { Policy } from '../../gateway/route/policy.ts';
import type { Work } from '../../gateway/route/work.ts';
import type { Clock } from '../clock.ts';
import type { SimModel } from '../server/model.ts';
import type { SimServer } from '../server/server.ts';

/** Parts of a simulated gateway. */
export interface GatewayOptions {
  readonly clock: Clock;
  readonly servers: ReadonlyMap<string, SimServer>;
  readonly models: ReadonlyMap<string, SimModel>;
  readonly spec: FleetSpec;
  readonly policy: Policy;
  /** The part of a request's work that the gateway knows. */
  readonly known: (work: Work) => Work;
  /** Whether a load that is about to be sent is needless. */
  readonly isNeedless: (model: string) => boolean;
  readonly onRouted?: OnRouted | undefined;
}
