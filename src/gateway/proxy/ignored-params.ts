import type { Deployment } from '../../schema/gateway-config.ts';
import type { ParsedRequest } from '../client-dialect.ts';
import type { RequestContext } from '../request-context.ts';
import { ignoredByServers, providerOf } from '../upstream/providers.ts';
import { unsupportedOptions } from './runner-options.ts';

type Serving = Pick<RequestContext, 'service'>;

/**
 * The parameters of a request without effect on these deployments, known before the first byte. Of several deployments, a parameter
 * counts that one of them ignores: the headers of a stream may go out before the choice.
 */
export function ignoredBy(
  deployments: readonly [Deployment, ...Deployment[]],
  { ignoredParams, runner, subrequests }: ParsedRequest,
  { service: { scheduler } }: Serving,
): readonly string[] {
  const options = unsupportedOptions(runner, deployments, scheduler.fleet);
  const params = options.length === 0 ? ignoredParams : [...ignoredParams, ...options];
  return ignoredByServers(deployments, subrequests[0]?.request, params);
}

/** Whether a deployment can serve a request: under `strict` only if each of its parameters has an effect. */
export function canServe(deployment: Deployment, parsed: ParsedRequest, context: Serving): boolean {
  if (parsed.translationFailure !== undefined && !providerOf(deployment).forwardsOriginal) return false;
  return !context.service.config.strict || ignoredBy([deployment], parsed, context).length === 0;
}
