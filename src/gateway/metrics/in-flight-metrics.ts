import type { RequestContext } from '../request-context.ts';
import { gauge, type Metric } from './metric.ts';

type Phase = 'body' | 'queue' | 'prompt' | 'answer';

/** Requests for models that have not ended, by their phase. */
export function inFlightMetrics(requests: () => Iterable<RequestContext>): readonly Metric[] {
  return [
    gauge(
      {
        name: 'hxllm_requests_in_flight',
        help: 'Requests for models under way, by phase: body (arriving), queue (waiting for a slot or a load), prompt (sent, no token yet), answer.',
        labelNames: ['phase'],
      },
      () => {
        const counts: Record<Phase, number> = { body: 0, queue: 0, prompt: 0, answer: 0 };
        for (const context of requests()) if (context.endpoint !== undefined) counts[phaseOf(context)] += 1;
        return Object.entries(counts).map(([phase, value]) => ({ labels: [phase], value }));
      },
    ),
  ];
}

function phaseOf({ response, record }: RequestContext): Phase {
  if (response === undefined) return 'body';
  if (record.firstMs !== undefined) return 'answer';
  return response.leases().length > 0 ? 'prompt' : 'queue';
}
