import { jsonResponse } from '../http/sized-response.ts';

/** `/health/liveliness`: the process runs. The words are LiteLLM's, and so is the spelling. */
export function liveliness(): Response {
  return jsonResponse("I'm alive!");
}

/** `/health/readiness`: requests are taken; not while the gateway is stopping. Open to all, so it says nothing about the fleet. */
export function readiness(isStopping: () => boolean): () => Response {
  return () => (isStopping() ? jsonResponse({ status: 'stopping' }, 503) : jsonResponse({ status: 'healthy' }));
}
