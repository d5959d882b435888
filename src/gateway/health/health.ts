import type { Context } from 'hono';

/** `/health/liveliness`: the process runs. The words are LiteLLM's, and so is the spelling. */
export function liveliness(c: Context): Response {
  return c.json("I'm alive!");
}

/** `/health/readiness`: requests are taken; not while the gateway is stopping. Open to all, so it says nothing about the fleet. */
export function readiness(isStopping: () => boolean): (c: Context) => Response {
  return (c) => (isStopping() ? c.json({ status: 'stopping' }, 503) : c.json({ status: 'healthy' }));
}
