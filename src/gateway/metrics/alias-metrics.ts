import type { GatewayConfig } from '../../schema/gateway-config.ts';
import type { Fleet } from '../route/fleet.ts';
import { gauge, type Metric } from './metric.ts';

/** Metrics of the aliases of the configuration: whether any backend can serve them, and how long their queues may be. */
export function aliasMetrics(
  read: () => Fleet,
  config: () => Pick<GatewayConfig, 'groups' | 'queue'>,
): readonly Metric[] {
  return [
    gauge(
      {
        name: 'hxllm_model_backends_up',
        help: 'Backends of an alias that are in use and not drained.',
        labelNames: ['model'],
      },
      () => {
        const { backends } = read();
        return config().groups.map(({ name, deployments }) => {
          const urls = new Set(deployments.map(({ url }) => url));
          const up = [...urls].filter((url) => {
            const backend = backends.get(url);
            return backend?.circuit.state === 'closed' && !backend.drained;
          });
          return { labels: [name], value: up.length };
        });
      },
    ),
    gauge(
      {
        name: 'hxllm_queue_limit',
        help: 'The most requests that wait for one alias (hxllm.max_queue).',
        labelNames: [],
      },
      () => [{ labels: [], value: config().queue.longest }],
    ),
  ];
}
