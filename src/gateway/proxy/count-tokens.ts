import type { Deployment, ModelGroup } from '../../schema/gateway-config.ts';
import { answerWhole } from '../http/response-writer.ts';
import { readableNames } from '../http/header-value.ts';
import type { Outcome } from '../exchange.ts';
import type { Commission } from './response.ts';
import { OUR_FAULT } from './failures.ts';
import { isReady } from '../route/residence.ts';
import type { Service } from '../service.ts';

/** Tells how many tokens the prompt of an order has, as well as that can be known before it is answered. It takes no place in a line, and nothing is loaded for it. */
export async function answerCount(
  { service, visit, outgoing, dialect, order, group }: Commission,
  body: (tokens: number) => string,
): Promise<void> {
  const { account } = visit;
  const { deployment, inMemory } = whereToAsk(service, group);
  const asks = order.shares[0]?.asks;
  const counted: Outcome<number> =
    asks?.kind === 'chat'
      ? await service.upstream
          .count(asks.request, deployment, inMemory)
          .catch(() => ({ ok: false, failure: OUR_FAULT }))
      : { ok: false, failure: OUR_FAULT };
  if (!counted.ok) {
    account.failure = counted.failure.code ?? counted.failure.kind;
    answerWhole(outgoing, dialect.refusal(counted.failure, visit.id));
    return;
  }
  const ignored = account.unmet.size === 0 ? {} : { 'x-hxllm-ignored-params': readableNames([...account.unmet]) };
  answerWhole(outgoing, {
    status: 200,
    headers: { 'content-type': 'application/json', 'x-hxllm-estimated': 'true', ...ignored },
    body: body(counted.value),
  });
}

// Best is one that has the model in memory, as its alias wants it: there the template can be asked for.
function whereToAsk(
  { desk: { fleet } }: Service,
  { deployments }: ModelGroup,
): { readonly deployment: Deployment; readonly inMemory: boolean } {
  for (const deployment of deployments) {
    const place = fleet.places.get(deployment.id);
    const replica = fleet.replicas.get(place?.replica ?? '');
    const up = fleet.backends.get(deployment.url)?.circuit.state !== 'open';
    if (
      up &&
      place !== undefined &&
      replica !== undefined &&
      replica.load === undefined &&
      isReady(replica.residence, place.wants)
    )
      return { deployment, inMemory: true };
  }
  return { deployment: deployments[0], inMemory: false };
}
