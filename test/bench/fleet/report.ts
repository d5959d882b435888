import { markdown } from '../gateway/table.ts';
import { differenceOf, type Outcome } from './outcome.ts';

/** The results of all gateways with a workload, and of the simulation with the same requests, by the name of the gateway. */
export interface WorkloadResult {
  readonly name: string;
  readonly about: string;
  readonly outcomes: readonly Outcome[];
  readonly simulated: ReadonlyMap<string, Outcome>;
  /** Delay of the event loop of the load generator, ms. */
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
  /** The part of the machine that was idle, percent. */
  readonly idle: number;
}

const COLUMNS = [
  'gateway',
  'target met %',
  '− first',
  'served %',
  'TTFT p50 s',
  'p95 s',
  'loads',
  'needless',
  'by a chat',
  'polite %',
  'CPU s',
  'simulated %',
  'difference',
];

/** The table of a workload in Markdown. */
export function workloadTable({ name, about, outcomes, simulated, ...result }: WorkloadResult): string {
  const [first] = outcomes;
  const lines = outcomes.map((outcome) => {
    const { gateway, score, cpuS } = outcome;
    const model = simulated.get(gateway);
    return [
      gateway,
      score.met.toFixed(1),
      first === undefined || first === outcome ? '' : signed(outcome, first),
      score.served.toFixed(1),
      score.p50.toFixed(1),
      score.p95.toFixed(1),
      String(score.loads),
      String(score.needless),
      String(score.byChat),
      score.polite?.toFixed(1) ?? '',
      cpuS?.toFixed(1) ?? '',
      model?.score.met.toFixed(1) ?? '',
      model === undefined ? '' : signed(outcome, model),
    ];
  });
  return `**${name}**: ${about}; ${String(first?.score.requests ?? 0)} requests. Event loop of the load generator: p99 ${result.delayP99Ms.toFixed(0)} ms late, at most ${result.delayMaxMs.toFixed(0)}; machine ${result.idle.toFixed(0)} % idle.\n\n${markdown(COLUMNS, lines)}${outcomes.map(failureLine).join('')}`;
}

function failureLine({ gateway, failures }: Outcome): string {
  const [first] = failures;
  if (first === undefined) return '';
  const all = failures.reduce((total, [, count]) => total + count, 0);
  return `\n- ${gateway}: ${String(all)} without a whole answer, ${String(first[1])} of them: ${first[0].replaceAll(/\s+/g, ' ').slice(0, 160)}`;
}

/** The means over all workloads, in Markdown, measured and simulated. */
export function meansTable(results: readonly WorkloadResult[]): string {
  const names = results[0]?.outcomes.map(({ gateway }) => gateway) ?? [];
  const lines = names.map((name) => {
    const all = results.flatMap(({ outcomes }) => outcomes.filter(({ gateway }) => gateway === name));
    const models = results.flatMap(({ simulated }) => simulated.get(name) ?? []);
    const mean = (of: readonly Outcome[], figure: (outcome: Outcome) => number): number =>
      of.reduce((total, one) => total + figure(one), 0) / Math.max(1, of.length);
    const met = mean(all, ({ score }) => score.met);
    const simulated = mean(models, ({ score }) => score.met);
    return [
      name,
      met.toFixed(1),
      mean(all, ({ score }) => score.served).toFixed(1),
      mean(all, ({ score }) => score.p50).toFixed(1),
      mean(all, ({ score }) => score.p95).toFixed(1),
      sum(all, ({ score }) => score.loads),
      sum(all, ({ score }) => score.needless),
      sum(all, ({ score }) => score.byChat),
      models.length === 0 ? '' : simulated.toFixed(1),
      models.length === 0 ? '' : (met - simulated).toFixed(1),
    ];
  });
  return markdown(
    [
      'mean',
      'target met %',
      'served %',
      'TTFT p50 s',
      'p95 s',
      'loads',
      'needless',
      'by a chat',
      'simulated %',
      'difference',
    ],
    lines,
  );
}

/** The disagreements with the simulation: a workload by more than 3 points and twice its standard error, a mean by more than 1.5. */
export function disagreements(results: readonly WorkloadResult[]): readonly string[] {
  const found: string[] = [];
  const means = new Map<string, number[]>();
  for (const { name, outcomes, simulated } of results)
    for (const outcome of outcomes) {
      const model = simulated.get(outcome.gateway);
      if (model === undefined) continue;
      const { mean, error } = differenceOf(outcome, model);
      means.set(outcome.gateway, [...(means.get(outcome.gateway) ?? []), mean]);
      if (Math.abs(mean) > Math.max(3, 2 * error))
        found.push(`${name}, ${outcome.gateway}: ${mean.toFixed(1)} ± ${error.toFixed(1)} points`);
    }
  for (const [gateway, all] of means) {
    const mean = all.reduce((total, one) => total + one, 0) / all.length;
    if (all.length > 1 && Math.abs(mean) > 1.5) found.push(`mean, ${gateway}: ${mean.toFixed(1)} points`);
  }
  return found;
}

function sum(all: readonly Outcome[], figure: (outcome: Outcome) => number): string {
  return String(all.reduce((total, one) => total + figure(one), 0));
}

function signed(a: Outcome, b: Outcome): string {
  const { mean, error } = differenceOf(a, b);
  return `${mean > 0 ? '+' : ''}${mean.toFixed(1)} ± ${error.toFixed(1)}`;
}
