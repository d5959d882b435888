import type { Demand } from '../route/demand.ts';
import type { Fleet } from '../route/fleet.ts';
import { gauge, type Metric, type Sample } from './metric.ts';

const BY_ALIAS = ['model'];

/** Counters of routing's decisions, read from its own counts at each scrape. Aliases are those of the configuration. */
export function routingMetrics(read: () => Fleet): readonly Metric[] {
  const aliases = (of: (demand: Demand) => readonly Sample[]) => (): readonly Sample[] =>
    [...read().demands].flatMap(([name, demand]) =>
      of(demand).map(({ labels, value }) => ({ labels: [name, ...labels], value })),
    );
  return [
    gauge(
      {
        name: 'hxllm_routes_total',
        help: 'Decisions of routing, by alias and reason: of the choice of a server, or of a refusal; each retry is one.',
        labelNames: [...BY_ALIAS, 'reason'],
      },
      aliases(({ tally }) => [...tally.decisions].map(([reason, value]) => ({ labels: [reason], value }))),
      'counter',
    ),
    gauge(
      {
        name: 'hxllm_queued_seconds_total',
        help: 'Time in queues, loads included, of requests that wait no more, by class: people or batch.',
        labelNames: [...BY_ALIAS, 'class'],
      },
      aliases(({ tally: { queuedS } }) => [
        { labels: ['people'], value: queuedS.people },
        { labels: ['batch'], value: queuedS.batch },
      ]),
      'counter',
    ),
    gauge(
      {
        name: 'hxllm_given_up_late_total',
        help: 'Requests of people that were given up as late: they went after those that could still begin in time, or left.',
        labelNames: BY_ALIAS,
      },
      aliases(({ tally }) => [{ labels: [], value: tally.late }]),
      'counter',
    ),
    gauge(
      {
        name: 'hxllm_lost_slots_total',
        help: 'Unloads of models that answered none of their requests while their server answered.',
        labelNames: ['backend', 'server_model'],
      },
      () =>
        [...read().replicas.values()].flatMap(({ backend, model, slotWatch: { unloads } }) =>
          unloads === 0 ? [] : [{ labels: [backend, model], value: unloads }],
        ),
      'counter',
    ),
    gauge(
      {
        name: 'hxllm_recalled_requests_total',
        help: 'Requests that were taken back and sent to another server, since their first token was overdue.',
        labelNames: ['backend', 'server_model'],
      },
      () =>
        [...read().replicas.values()].flatMap(({ backend, model, recalls }) =>
          recalls === 0 ? [] : [{ labels: [backend, model], value: recalls }],
        ),
      'counter',
    ),
    gauge(
      {
        name: 'hxllm_needless_loads_total',
        help: 'Loads that served nothing: a slot was free elsewhere (slot-free), or the model left before it had a request (unused).',
        labelNames: ['backend', 'server_model', 'kind'],
      },
      () =>
        // Only of models that were loaded: a large fleet has thousands.
        [...read().replicas.values()].flatMap(({ backend, model, lastLoad, needless: { slotFree, unused } }) =>
          lastLoad === undefined && slotFree === 0
            ? []
            : [
                { labels: [backend, model, 'slot-free'], value: slotFree },
                { labels: [backend, model, 'unused'], value: unused },
              ],
        ),
      'counter',
    ),
  ];
}
