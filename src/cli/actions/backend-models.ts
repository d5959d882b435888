import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { parseModels } from '../../facts/ollama.ts';

/** The time limit of one request to a backend. */
export const TIMEOUT_MS = 5000;

/** Asks an Ollama server from this machine for the names of its models (`/api/tags`). Problems: `backend.unreachable`, `backend.not-ollama`. */
export async function askBackend(url: string, signal: AbortSignal): Promise<Result<readonly string[]>> {
  try {
    const reply = await fetch(`${url.replace(/\/+$/, '')}/api/tags`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      redirect: 'error',
    });
    if (!reply.ok) return fail(notOllama(url, `the status ${String(reply.status)}`));
    const body: unknown = await reply.json().catch(() => undefined);
    const names = parseModels(body);
    return names === undefined ? fail(notOllama(url, 'another document')) : ok(names);
  } catch (error) {
    return fail(unreachable(url, error));
  }
}

/** The Problem of a backend that did not answer. */
export function unreachable(url: string, error: unknown): Problem {
  // fetch hides the actual error in `cause`.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const seen =
    cause instanceof Error
      ? cause.name === 'TimeoutError'
        ? `no answer within ${String(TIMEOUT_MS / 1000)} s`
        : cause.message
      : String(cause);
  return {
    code: 'backend.unreachable',
    summary: `the backend ${url} does not answer`,
    detail: `Expected a list of models from ${url}/api/tags, asked from this machine, found: ${seen}.`,
    fix: `curl ${url}/api/tags`,
  };
}

/** The Problem of a backend that answered as no Ollama does; `seen` is its answer in words. */
export function notOllama(url: string, seen: string): Problem {
  return {
    code: 'backend.not-ollama',
    summary: `${url} is not an Ollama server`,
    detail: `Expected a list of models from ${url}/api/tags, found ${seen}.`,
    fix: `curl -i ${url}/api/tags`,
  };
}
