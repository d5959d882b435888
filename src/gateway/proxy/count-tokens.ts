import type { Deployment, ModelGroup } from '../../schema/gateway-config.ts';
import { sendWhole } from '../http/response-writer.ts';
import { headerValue } from '../http/header-value.ts';
import type { FailureOr } from '../exchange.ts';
import type { ProxyRequest } from './response.ts';
import { INTERNAL_ERROR } from './failures.ts';
import { isReady } from '../route/residency.ts';
import type { Service } from '../service.ts';

/** Tells how many tokens the prompt of an order has, as well as that can be known before it is answered. It takes no place in a line, and nothing is loaded for it. */
export async function countTokens(
  { service, context, outgoing, dialect, parsed, group }: ProxyRequest,
  body: (tokens: number) => string,
): Promise<void> {
  const { record } = context;
  const { deployment, inMemory } = whereToAsk(service, group);
  const request = parsed.subrequests[0]?.request;
  const counted: FailureOr<number> =
    request?.kind === 'chat'
      ? await service.upstream
          .count(request.params, deployment, inMemory)
          .catch(() => ({ ok: false, failure: INTERNAL_ERROR }))
      : { ok: false, failure: INTERNAL_ERROR };
  if (!counted.ok) {
    record.failure = counted.failure.code ?? counted.failure.kind;
    sendWhole(outgoing, dialect.errorResponse(counted.failure, context.id));
    return;
  }
  const ignored =
    record.ignoredParams.size === 0 ? {} : { 'x-hxllm-ignored-params': headerValue([...record.ignoredParams]) };
  sendWhole(outgoing, {
    status: 200,
    headers: { 'content-type': 'application/json', 'x-hxllm-estimated': 'true', ...ignored },
    body: body(counted.value),
  });
}

// Best is one that has the model in memory, as its alias wants it: there the template can be asked for.
function whereToAsk(
  { scheduler: { fleet } }: Service,
  { deployments }: ModelGroup,
): { readonly deployment: Deployment; readonly inMemory: boolean } {
  for (const deployment of deployments) {
    const place = fleet.deployments.get(deployment.id);
    const replica = fleet.replicas.get(place?.replica ?? '');
    const up = fleet.backends.get(deployment.url)?.circuit.state !== 'open';
    if (
      up &&
      place !== undefined &&
      replica !== undefined &&
      replica.load === undefined &&
      isReady(replica.residency, place.runnerKey)
    )
      return { deployment, inMemory: true };
  }
  return { deployment: deployments[0], inMemory: false };
}
