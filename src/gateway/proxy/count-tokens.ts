import type { Deployment, ModelGroup } from '../../schema/gateway-config.ts';
import { sendWhole } from '../http/response-writer.ts';
import { headerValue } from '../http/header-value.ts';
import type { ParsedRequest } from '../client-dialect.ts';
import type { FailureOr } from '../exchange.ts';
import type { RequestContext } from '../request-context.ts';
import { INTERNAL_ERROR } from './failures.ts';
import { isUp } from '../route/candidate.ts';
import { isReady } from '../route/residency.ts';
import type { Service } from '../service.ts';
import { clientFailure } from './client-failure.ts';

/** Answers with the estimated number of tokens of a prompt. It takes no slot and loads no model. */
export async function countTokens(
  { service, record, outgoing, headers, dialect, id }: RequestContext,
  { subrequests }: ParsedRequest,
  group: ModelGroup,
  tokenCountBody: (tokens: number) => string,
): Promise<void> {
  const { deployment, inMemory } = preferredDeployment(service, group);
  const request = subrequests[0]?.request;
  const counted: FailureOr<number> =
    request?.kind === 'chat'
      ? await service.upstream.count(request.params, deployment, inMemory)
      : { ok: false, failure: INTERNAL_ERROR };
  if (!counted.ok) {
    record.failure = counted.failure.code ?? counted.failure.kind;
    sendWhole(outgoing, dialect.errorResponse(clientFailure(counted.failure, service.config.backends), id), headers);
    return;
  }
  const { ignoredParams } = record;
  const ignored = ignoredParams.size === 0 ? {} : { 'x-hxllm-ignored-params': headerValue([...ignoredParams]) };
  const response = {
    status: 200,
    headers: { 'content-type': 'application/json', 'x-hxllm-estimated': 'true', ...ignored },
    body: tokenCountBody(counted.value),
  };
  sendWhole(outgoing, response, headers);
}

/** Prefers a deployment with the model in memory, as its alias wants it: there the template can be rendered without a load. */
function preferredDeployment(
  { scheduler: { fleet } }: Service,
  { deployments }: ModelGroup,
): { readonly deployment: Deployment; readonly inMemory: boolean } {
  for (const deployment of deployments) {
    const state = fleet.deployments.get(deployment.id);
    const replica = fleet.replicas.get(state?.replica ?? '');
    const backend = fleet.backends.get(deployment.url);
    const up = backend === undefined || isUp(backend);
    if (
      up &&
      state !== undefined &&
      replica !== undefined &&
      replica.load === undefined &&
      isReady(replica.residency, state.runnerKey)
    )
      return { deployment, inMemory: true };
  }
  const used = deployments.find(({ url }) => fleet.backends.get(url)?.drained !== true);
  return { deployment: used ?? deployments[0], inMemory: false };
}
