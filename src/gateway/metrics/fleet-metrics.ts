import type { Fleet } from '../route/fleet.ts';
import { gauge, type Metric, type Sample } from './metric.ts';

/** What routing knows of the servers, as of the moment of looking. */
export function fleetMetrics(read: () => Fleet): readonly Metric[] {
  const each = (of: (backend: { readonly url: string; readonly inFlight: number; readonly circuit: { readonly state: string } }) => number) => (): readonly Sample[] =>
    [...read().backends.values()].map((backend) => ({ labels: [backend.url], value: of(backend) }));
  return [
    gauge({ name: 'hxllm_backend_up', help: 'Whether a server may be used: 0 from a failure until a probe finds it alive.', labelNames: ['backend'] }, each(({ circuit }) => (circuit.state === 'closed' ? 1 : 0))),
    gauge({ name: 'hxllm_backend_in_flight', help: 'Requests that a server is working on.', labelNames: ['backend'] }, each(({ inFlight }) => inFlight)),
  ];
}
