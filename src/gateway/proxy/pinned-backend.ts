import type { IncomingHttpHeaders } from 'node:http';
import type { ModelGroup } from '../../schema/gateway-config.ts';
import type { Failure, FailureOr } from '../exchange.ts';

/**
 * Narrows a group to its deployments on the backend that the request header `x-hxllm-backend` names, by its URL as responses show
 * it. So an operator sees each backend answer.
 */
export function pinToBackend(group: ModelGroup, headers: IncomingHttpHeaders): FailureOr<ModelGroup> {
  const asked = headers['x-hxllm-backend'];
  if (typeof asked !== 'string') return { ok: true, value: group };
  const [first, ...rest] = group.deployments.filter(({ writtenUrl, url }) => asked === writtenUrl || asked === url);
  if (first === undefined) return { ok: false, failure: notThere(group.name, asked) };
  // A queue of its own: other requests do not wait behind it. The name has no fallbacks: a fallback would be another backend.
  return { ok: true, value: { name: `${group.name} on ${first.url}`, deployments: [first, ...rest] } };
}

function notThere(model: string, found: string): Failure {
  return {
    kind: 'invalid',
    code: 'backend_not_found',
    param: 'x-hxllm-backend',
    message: `Invalid header x-hxllm-backend: expected the URL of a backend of the model \`${model.slice(0, 200)}\`, found ${found.slice(0, 200)}.`,
  };
}
