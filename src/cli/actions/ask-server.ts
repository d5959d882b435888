import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { parseServerVersion, parseShow, parseTags, type ServedModel } from '../../facts/ollama-server/http.ts';
import type { ServerAnswer } from '../../phases/inventory/scan/scan.ts';
import { notOllama, TIMEOUT_MS, unreachable } from './backend-models.ts';

/**
 * Asks an Ollama server from this machine for its version, its models and, one after the other, for what `/api/show` says of each. Problems:
 * `backend.unreachable`, `backend.not-ollama`.
 */
export async function askServer(url: string, signal: AbortSignal): Promise<Result<ServerAnswer>> {
  const base = url.replace(/\/+$/, '');
  const request = async (path: string, body?: object): Promise<Response> =>
    fetch(`${base}${path}`, {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      redirect: 'error',
    });
  const documentOf = async (path: string, body?: object): Promise<unknown> => {
    try {
      const reply = await request(path, body);
      return reply.ok ? await reply.json() : undefined;
    } catch {
      // A part that is missing is shown as unknown.
      return undefined;
    }
  };
  const listed = await listOf(url, () => request('/api/tags'));
  if (!listed.ok) return listed;
  const version = parseServerVersion(await documentOf('/api/version'));
  const models: ServedModel[] = [];
  for (const model of listed.value)
    models.push({ ...model, ...parseShow(await documentOf('/api/show', { model: model.name })) });
  return ok({ version, models });
}

async function listOf(url: string, request: () => Promise<Response>): Promise<Result<readonly ServedModel[]>> {
  const problem = (seen: string): Problem => notOllama(url, seen);
  try {
    const reply = await request();
    if (!reply.ok) return fail(problem(`the status ${String(reply.status)}`));
    const models = parseTags(await reply.json().catch(() => undefined));
    return models === undefined ? fail(problem('another document')) : ok(models);
  } catch (error) {
    return fail(unreachable(url, error));
  }
}
