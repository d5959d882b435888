import type { SimRequest } from '../../../src/simulation/request.ts';
import type { Scenario } from '../../../src/simulation/scenario.ts';
import type { ServerSpec } from '../../../src/simulation/server/server.ts';
import { capacityOf } from './capacity.ts';

/** A scenario whose servers have another number of slots; its times are stretched, so that the load stays the same part of their capacity. */
export function withSlots({ servers, models, requests, faults }: Scenario, slots: number): Scenario {
  const own = servers.map((server): ServerSpec => ({ ...server, slots }));
  const stretch = capacityOf(servers, models, requests) / capacityOf(own, models, requests);
  return {
    servers: own,
    models,
    requests: requests.map((request): SimRequest => ({ ...request, sentMs: request.sentMs * stretch })),
    faults: faults.map((fault) => ({ ...fault, atMs: fault.atMs * stretch })),
  };
}
