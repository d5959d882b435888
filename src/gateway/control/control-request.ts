import { errorCode, errorMessage } from '../../core/error.ts';
import { isObject, parseJson, type Json } from '../../core/json.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { socketOf, type InstancePlace } from './instance-id.ts';
import { requestOnSocket } from './unix-request.ts';

/** A request to the control socket of an instance. */
export interface ControlRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: Json;
  readonly timeoutMs: number;
}

/** Codes of a failed request: nothing listens on the socket; nothing answers in time. */
export const NOT_RUNNING = 'instance.dead';
export const SILENT = 'instance.silent';

/** Asks an instance over its control socket. */
export async function askInstance(place: InstancePlace, ask: ControlRequest): Promise<Result<Json>> {
  try {
    const body = ask.body === undefined ? undefined : JSON.stringify(ask.body);
    const { status, text } = await requestOnSocket(socketOf(place), { ...ask, body });
    const document = parseJson(text);
    if (!isObject(document)) return fail(unreadable(place, text));
    const problem = problemIn(document);
    if (problem !== undefined) return fail(problem);
    return status === 200 ? ok(document) : fail(unreadable(place, text));
  } catch (error) {
    return fail(problemOf(place, error));
  }
}

/** The Problem in the answer of an instance. */
function problemIn({ problem }: Json): Problem | undefined {
  if (!isObject(problem)) return undefined;
  const { code, summary, detail, fix } = problem;
  return { code: String(code), summary: String(summary), detail: String(detail), fix: String(fix) };
}

function problemOf(place: InstancePlace, error: unknown): Problem {
  const socket = socketOf(place);
  const code = errorCode(error);
  if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ECONNRESET')
    return {
      code: NOT_RUNNING,
      summary: `instance ${place.id} does not run`,
      detail: `Expected an instance that listens on ${socket}, found none.`,
      fix: 'gateway --control status # shows the instances that run',
    };
  if (code === 'ETIMEDOUT')
    return {
      code: SILENT,
      summary: `instance ${place.id} does not answer`,
      detail: `Expected an answer on ${socket}, found none in time.`,
      fix: `journalctl -u 'litellm@${place.id}' # shows its last lines`,
    };
  if (code === 'EACCES')
    return {
      code: 'instance.not-permitted',
      summary: `no permission to use the control socket of instance ${place.id}`,
      detail: `Expected a user that may write to ${socket}, found one that may not.`,
      fix: 'run the command as root, or as the user of the gateway',
    };
  return {
    code: 'instance.failed',
    summary: `the control socket of instance ${place.id} failed`,
    detail: `Expected an answer on ${socket}, found: ${errorMessage(error)}.`,
    fix: 'gateway --control status # shows the instances that run',
  };
}

function unreadable({ id }: InstancePlace, text: string): Problem {
  return {
    code: 'instance.unreadable',
    summary: `the answer of instance ${id} cannot be read`,
    detail: `Expected a JSON document of this version of the gateway, found ${JSON.stringify(text.slice(0, 100))}.`,
    fix: 'use the gateway program of the newest deployment',
  };
}
