import { fail, ok, type Problem, type Result } from '../../core/problem.ts';
import { errorCode, errorMessage } from '../../core/error.ts';
import { isObject } from '../../core/json.ts';
import { printable } from '../../core/printable.ts';
import { fleetDocumentSchema, FLEET_VERSION, type FleetDocument } from '../../schema/fleet-document.ts';
import type { FleetGateway } from './fleet-gateway.ts';
import { otherPart } from './other-part.ts';

const TIMEOUT_MS = 10_000;

/** Asks a gateway for its fleet. */
export async function askFleet(gateway: FleetGateway, signal: AbortSignal): Promise<Result<FleetDocument>> {
  const { url, key } = gateway;
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${url.replace(/\/+$/, '')}/fleet`, {
      headers: key === undefined ? {} : { authorization: `Bearer ${key.reveal()}` },
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    text = await response.text();
  } catch (error) {
    return fail(unreachable(gateway, error));
  }
  return response.status === 200 ? readDocument(gateway, text) : fail(refused(gateway, response.status, text));
}

function readDocument(gateway: FleetGateway, text: string): Result<FleetDocument> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    document = undefined;
  }
  if (!isObject(document) || !Array.isArray(document['servers']) || !Array.isArray(document['aliases']))
    return fail(noGateway(gateway, `a page of ${String(text.length)} characters that is no such document`));
  if (document['schema_version'] !== FLEET_VERSION)
    return fail({
      code: 'gateway.version',
      summary: 'the gateway and this hxllm are of different versions',
      detail: `Expected version ${String(FLEET_VERSION)} of the document of GET /fleet, found ${printable(JSON.stringify(document['schema_version']) ?? 'none').slice(0, 40)}.`,
      fix: 'npm install -g hxllm@latest  # then deploy the gateway: hxllm up',
      where: { host: gateway.name },
    });
  const other = otherPart(document, fleetDocumentSchema());
  if (other !== undefined) return fail(anotherBuild(gateway, other));
  // It was compared with the schema.
  return ok(document as unknown as FleetDocument);
}

function anotherBuild({ name, url, command }: FleetGateway, part: string): Problem {
  return {
    code: 'gateway.version',
    summary: 'the gateway and this hxllm are of different builds',
    detail: `Expected the document of GET /fleet as this hxllm knows it, found another ${printable(part)}.`,
    fix: command === undefined ? `curl ${url}/api/version` : 'hxllm up',
    where: { host: name },
  };
}

function unreachable({ name, url, command }: FleetGateway, error: unknown): Problem {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const isLate = error instanceof Error && error.name === 'TimeoutError';
  const found = isLate
    ? `no answer within ${String(TIMEOUT_MS / 1000)} s`
    : [errorCode(cause), errorMessage(cause)].find((text) => text !== '');
  return {
    code: 'host.gateway-unreachable',
    summary: `the gateway does not answer at ${url}`,
    detail: `Expected a running gateway there, found ${printable(found ?? 'an error')}.`,
    fix: command === undefined ? `curl ${url}/health/readiness` : 'hxllm smoke',
    where: { host: name },
  };
}

function refused(gateway: FleetGateway, status: number, text: string): Problem {
  const { name, url, key, command } = gateway;
  const where = { host: name };
  if (status === 401)
    return {
      code: 'permission.key',
      summary: key === undefined ? 'the gateway needs its key' : 'the gateway has another key',
      detail: `Expected the master key of ${url}, found ${key === undefined ? 'no key' : 'one that it refuses'} (401).`,
      fix: command ?? `hxllm fleet --url ${url} --key-file FILE`,
      where,
    };
  if (status === 404 || status === 405)
    return {
      code: 'gateway.older',
      summary: 'the gateway has no /fleet',
      detail: `Expected an hxllm gateway of this version at ${url}, found ${String(status)} for GET /fleet: it is older, or no hxllm gateway.`,
      fix: command === undefined ? `curl ${url}/api/version` : 'hxllm up',
      where,
    };
  if (status >= 300 && status < 400) return noGateway(gateway, `a redirection (${String(status)})`);
  return noGateway(gateway, `status ${String(status)}: ${printable(text).replaceAll(/\s+/g, ' ').slice(0, 200)}`);
}

function noGateway({ name, url }: FleetGateway, found: string): Problem {
  return {
    code: 'gateway.answer',
    summary: 'no hxllm gateway answers at this address',
    detail: `Expected the document of GET /fleet at ${url}, found ${found}.`,
    fix: `curl -i ${url}/health/readiness`,
    where: { host: name },
  };
}
