import { jsonResponse } from '../http/sized-response.ts';

/** `/health/liveliness`: the process runs. The words and the spelling are LiteLLM's. */
export function liveliness(): Response {
  return jsonResponse("I'm alive!");
}

/** `/health/readiness`: the gateway takes requests, unless it is stopping. It needs no key, so it says nothing about the fleet. */
export function readiness(isStopping: () => boolean): () => Response {
  return () => (isStopping() ? jsonResponse({ status: 'stopping' }, 503) : jsonResponse({ status: 'healthy' }));
}
