import { errorCode, errorMessage } from '../../core/error.ts';
import { isObject, parseJson, textOf, type Json } from '../../core/json.ts';
import { printable } from '../../core/printable.ts';
import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { withoutKeys } from '../../core/without-keys.ts';
import type { FleetGateway } from '../fleet/fleet-gateway.ts';
import { callHttp, type HttpAnswer } from './http-call.ts';

const TIMEOUT_MS = 30_000;

/** The answer of a gateway to a call about keys, teams or users. */
export interface GatewayAnswer {
  readonly value: unknown;
  /** Names of fields that it keeps and that have no effect. */
  readonly ignored: readonly string[];
}

/** Calls a gateway: a body makes it a POST. A refusal is a Problem with the gateway's own words. */
export async function callGateway(
  gateway: FleetGateway,
  path: string,
  signal: AbortSignal,
  body?: object,
): Promise<Result<GatewayAnswer>> {
  const { url, key } = gateway;
  let answer: HttpAnswer;
  try {
    answer = await callHttp(`${url.replace(/\/+$/, '')}${path}`, {
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key.reveal()}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
  } catch (error) {
    return fail(unreachable(gateway, error));
  }
  const { status, text } = answer;
  const value = parseJson(text);
  if (status !== 200 || value === undefined) return fail(refused(gateway, path, status, value));
  const ignored = answer.header('x-hxllm-ignored-params')?.split(', ') ?? [];
  return ok({ value, ignored });
}

/** The same, for answers that are objects. */
export async function callForObject(
  gateway: FleetGateway,
  path: string,
  signal: AbortSignal,
  body?: object,
): Promise<Result<{ readonly value: Json; readonly ignored: readonly string[] }>> {
  const answer = await callGateway(gateway, path, signal, body);
  if (!answer.ok) return answer;
  const { value, ignored } = answer.value;
  return isObject(value) ? ok({ value, ignored }) : fail(refused(gateway, path, 200, value));
}

function unreachable({ name, url, command }: FleetGateway, error: unknown): Problem {
  // The reason of an abort says more than that it was one.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const found = [cause === error ? errorCode(error) : '', errorMessage(cause)].find((text) => text !== '');
  return {
    code: 'host.gateway-unreachable',
    summary: `the gateway does not answer at ${url}`,
    detail: `Expected a running gateway there, found ${printable(found ?? 'an error')}. A change may have been made all the same.`,
    fix: command === undefined ? `curl ${url}/health/readiness` : 'hxllm smoke',
    where: { host: name },
  };
}

function refused({ name, url, key }: FleetGateway, path: string, status: number, value: unknown): Problem {
  const where = { host: name };
  const error = isObject(value) && isObject(value['error']) ? value['error'] : {};
  const message = withoutKeys(printable(textOf(error, 'message'))).slice(0, 1000);
  if (status === 401)
    return {
      code: 'permission.key',
      summary: key === undefined ? 'the gateway needs its key' : 'the gateway refuses the key',
      detail: `Expected the master key of ${url} or a key of key_type management, found ${key === undefined ? 'no key' : `one that it refuses (401): ${message}`}.`,
      fix: `hxllm keys list --url ${url} --key-file FILE`,
      where,
    };
  if (message === '' || (status === 404 && message.startsWith('Invalid URL')))
    return {
      code: 'gateway.older',
      summary: 'the gateway does not know this call',
      detail: `Expected an hxllm gateway of this version at ${url}, found ${String(status)} for ${path.split('?')[0] ?? path}.`,
      fix: 'hxllm up  # deploys the gateway of this hxllm',
      where,
    };
  const param = textOf(error, 'param');
  return {
    code: status === 403 ? 'permission.key' : 'gateway.refused',
    summary: `the gateway refuses the call (${String(status)}${param === '' ? '' : `, ${param}`})`,
    detail: message,
    fix: status === 409 ? 'hxllm inventory explain HOST litellm_keys' : 'hxllm keys list',
    where,
  };
}
