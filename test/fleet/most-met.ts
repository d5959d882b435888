import type { Scenario } from '../../src/simulation/scenario.ts';
import { Targets } from '../../src/simulation/target.ts';

/**
 * A bound of the share of requests that any policy can serve in time, in percent. A request counts if the fastest server reads its prompt
 * within the target while it does nothing else, with the model in memory. The start of a prompt that an earlier request had, with its
 * answer, counts as cached. Times are as planned: a turn of a conversation may be sent later.
 */
export function mostMet({ servers, models, requests }: Scenario): number {
  const speed = Math.max(...servers.map((server) => server.speed));
  const prefillOf = new Map(models.map(({ name, prefill }) => [name, prefill * speed]));
  const targets = new Targets();
  const seen = new Set<string>();
  let met = 0;
  for (const request of requests) {
    const { model, promptTokens, prefix, answer, sentMs } = request;
    let cached = 0;
    for (const { hash, tokens } of prefix) if (seen.has(`${model} ${String(hash)}`)) cached = tokens;
    for (const { hash } of [...prefix, answer]) seen.add(`${model} ${String(hash)}`);
    const readMs = (1000 * Math.max(1, promptTokens - cached)) / (prefillOf.get(model) ?? Infinity);
    if (readMs <= targets.sent(request, sentMs)) met += 1;
  }
  return requests.length === 0 ? 100 : (100 * met) / requests.length;
}
