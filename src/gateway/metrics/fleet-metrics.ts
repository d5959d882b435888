import type { Backend, Fleet } from '../route/fleet.ts';
import { queueLength } from '../route/queue.ts';
import type { Replica } from '../route/replica.ts';
import { gauge, type Metric, type Sample } from './metric.ts';

const BY_BACKEND = ['backend'];
/** Labels of a model on its server, which several aliases may share. */
const BY_REPLICA = ['backend', 'server_model'];

/** Metrics of backends, models and queues, read from the state of routing at each scrape. */
export function fleetMetrics(read: () => Fleet, nowMs: () => number = () => performance.now()): readonly Metric[] {
  const backends = (of: (backend: Backend) => number) => (): readonly Sample[] =>
    [...read().backends.values()].map((backend) => ({ labels: [backend.url], value: of(backend) }));
  const replicas = (of: (replica: Replica) => number | undefined) => (): readonly Sample[] =>
    [...read().replicas.values()].flatMap((replica) => {
      const value = of(replica);
      return value === undefined ? [] : [{ labels: [replica.backend, replica.model], value }];
    });
  // A queue is gone with its last waiter; its gauge then shows 0.
  const sizes = new Map<string, number>();
  const queues = (): readonly Sample[] => {
    for (const name of sizes.keys()) sizes.set(name, 0);
    // Several queues have one name while requests of an older configuration wait.
    for (const queue of read().queues.values())
      sizes.set(queue.name, (sizes.get(queue.name) ?? 0) + queueLength(queue));
    return [...sizes].map(([name, value]) => ({ labels: [name], value }));
  };
  return [
    gauge(
      {
        name: 'hxllm_backend_up',
        help: 'Whether a backend is in use: 0 from a failure until a probe succeeds.',
        labelNames: BY_BACKEND,
      },
      backends(({ circuit }) => (circuit.state === 'closed' ? 1 : 0)),
    ),
    gauge(
      {
        name: 'hxllm_backend_drained',
        help: 'Whether an operator has drained a backend, so that nothing new goes there.',
        labelNames: BY_BACKEND,
      },
      backends(({ drained }) => (drained ? 1 : 0)),
    ),
    gauge(
      { name: 'hxllm_backend_in_flight', help: 'Requests that a backend is working on.', labelNames: BY_BACKEND },
      backends(({ inFlight }) => inFlight),
    ),
    gauge(
      {
        name: 'hxllm_slots_taken',
        help: 'Slots in use: by requests, and by abandoned prompts.',
        labelNames: BY_REPLICA,
      },
      replicas(({ inFlight, abandonedPrefills }) => inFlight + abandonedPrefills.length),
    ),
    gauge(
      {
        name: 'hxllm_slots_known',
        help: 'Number of slots, configured or learned; absent if the server queues requests itself.',
        labelNames: BY_REPLICA,
      },
      replicas(({ slots }) => (Number.isFinite(slots.count) ? slots.count : undefined)),
    ),
    gauge(
      {
        name: 'hxllm_model_resident',
        help: "Whether a model is in its server's memory; absent if unknown.",
        labelNames: BY_REPLICA,
      },
      replicas(({ residency: { state } }) => (state === 'resident' ? 1 : state === 'absent' ? 0 : undefined)),
    ),
    gauge(
      {
        name: 'hxllm_loads_underway',
        help: 'Loads that the gateway has started and that have not ended.',
        labelNames: BY_REPLICA,
      },
      replicas(({ load }) => (load === undefined ? 0 : 1)),
    ),
    gauge(
      {
        name: 'hxllm_load_underway_seconds',
        help: 'How long a load of the gateway has been under way; absent without one.',
        labelNames: BY_REPLICA,
      },
      replicas(({ load }) => (load === undefined ? undefined : (nowMs() - load.sinceMs) / 1000)),
    ),
    gauge(
      {
        name: 'hxllm_load_last_seconds',
        help: 'How long the last load of a model took; absent before the first one.',
        labelNames: BY_REPLICA,
      },
      replicas(({ lastLoad }) => (lastLoad === undefined ? undefined : lastLoad.tookMs / 1000)),
    ),
    gauge(
      {
        name: 'hxllm_queue_length',
        help: 'Requests that wait for a slot, by alias; requests for a named backend wait as ALIAS on URL.',
        labelNames: ['model'],
      },
      queues,
    ),
  ];
}
