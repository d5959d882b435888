import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ModelGroup } from '../../schema/gateway-config.ts';
import { authenticate } from '../auth/bearer.ts';
import { readBody } from '../http/request-body.ts';
import { sendWhole } from '../http/response-writer.ts';
import type { RequestContext } from '../request-context.ts';
import { countTokens } from './count-tokens.ts';
import type { ClientDialect, Failure, ParsedRequest, FailureOr, Subrequest } from '../exchange.ts';
import { pinToBackend } from './pinned-backend.ts';
import { INTERNAL_ERROR } from './failures.ts';
import { ClientResponse } from './response.ts';
import { unsupportedOptions } from './runner-options.ts';
import type { Service } from '../service.ts';

/** Of a model that nobody has, what is shown. */
const LONGEST_NAME = 200;

/** What an endpoint takes: a request's bytes, as an order. */
export interface Endpoint {
  readonly dialect: ClientDialect;
  readonly read: (bytes: Buffer, nowMs: number) => FailureOr<ParsedRequest>;
  /** Where only the tokens of the prompt are asked for: how they are told. */
  readonly counted?: (tokens: number) => string;
}

/** One request at the door. */
export interface Door {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly context: RequestContext;
}

/** Answers a request that has a body, writing straight to its client: auth → request → route → upstream → usage. */
export function handleRequest(
  { incoming, outgoing, context }: Door,
  service: Service,
  { dialect, read, counted }: Endpoint,
): void {
  const reject = (failure: Failure): void => {
    context.record.failure = failure.code ?? failure.kind;
    sendWhole(outgoing, dialect.errorResponse(failure, context.id));
  };
  const caller = authenticate(incoming.headers, service.config.masterKey);
  if (!caller.ok) {
    reject(caller.failure);
    return;
  }
  context.record.caller = caller.value.name;
  const take = (body: FailureOr<Buffer>): void => {
    const parsed = body.ok ? read(body.value, Date.now()) : body;
    if (!parsed.ok) {
      reject(parsed.failure);
      return;
    }
    const { model: asked, stream, ignoredParams, runner } = parsed.value;
    const model = dialect.aliasOf?.(asked, service.models) ?? asked;
    const group = service.models.get(model);
    // Whatever else a client says there has no place in the log at any length.
    context.record.alias = group === undefined ? model.slice(0, LONGEST_NAME) : model;
    context.record.stream = stream;
    // Other servers are sent the request as it came, where it is in their dialect, and say for themselves what they cannot do.
    if (
      group !== undefined &&
      (group.deployments.some(({ provider }) => provider === 'ollama') || parsed.value.subrequests.every(isForeign))
    )
      for (const name of [...ignoredParams, ...unsupportedOptions(runner, group, service.scheduler.fleet)])
        context.record.ignoredParams.add(name);
    const [first] = context.record.ignoredParams;
    const servers: FailureOr<ModelGroup> =
      group === undefined ? { ok: false, failure: unknownModel(model) } : pinToBackend(group, incoming.headers);
    if (!servers.ok) reject(servers.failure);
    else if (service.config.strict && first !== undefined) reject(unsupportedParameter(first));
    else {
      const request = { service, context, outgoing, dialect, parsed: parsed.value, group: servers.value };
      if (counted === undefined) new ClientResponse(request).start();
      else void countTokens(request, counted);
    }
  };
  readBody(incoming, service.config.maxBodyBytes, (body) => {
    try {
      take(body);
    } catch (error) {
      // A mistake of ours costs this request, and none of the others that are under way.
      process.emitWarning(error instanceof Error ? error : String(error));
      reject(INTERNAL_ERROR);
    }
  });
}

// Whether what is asked came in a dialect that no server speaks.
function isForeign({ request }: Subrequest): boolean {
  return request.kind === 'load' || request.params.original === undefined;
}

/** What a model that nobody has means. */
export function unknownModel(model: string): Failure {
  return {
    kind: 'not-found',
    code: 'model_not_found',
    message: `The model \`${model.slice(0, LONGEST_NAME)}\` does not exist or you do not have access to it.`,
    model,
  };
}

function unsupportedParameter(param: string): Failure {
  return {
    kind: 'invalid',
    code: 'unsupported_parameter',
    message: `Unsupported parameter: '${param.slice(0, 64)}' cannot be honoured by this server.`,
    param: param.slice(0, 64),
  };
}
