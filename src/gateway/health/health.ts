import { jsonResponse } from '../http/sized-response.ts';

/** A signal that was sent before a request reaches the process before it, but not by much, ms. */
const SIGNAL_MS = 20;

/** `/health/liveliness`: the process runs. The words and the spelling are LiteLLM's. */
export function liveliness(): Response {
  return jsonResponse("I'm alive!");
}

/** The parts of a gateway that decide whether it is ready. */
export interface ReadinessOptions {
  readonly isStopping: () => boolean;
  /** The reload under way; `undefined` if there is none. */
  readonly reloading: () => Promise<unknown> | undefined;
}

/**
 * `/health/readiness`: the gateway takes requests, unless it is stopping. It needs no key, so it says nothing about the fleet. With
 * `?reloaded` the answer comes after the end of a reload whose signal was sent before the request.
 */
export function readiness({
  isStopping,
  reloading,
}: ReadinessOptions): (query: { readonly reloaded: boolean }) => Promise<Response> {
  return async ({ reloaded }) => {
    if (reloaded) await settled(reloading);
    return isStopping() ? jsonResponse({ status: 'stopping' }, 503) : jsonResponse({ status: 'healthy' });
  };
}

async function settled(reloading: ReadinessOptions['reloading']): Promise<void> {
  do {
    await reloading();
    // Signals that came during a reload are one more.
    await new Promise((resolve) => setTimeout(resolve, SIGNAL_MS));
  } while (reloading() !== undefined);
}
