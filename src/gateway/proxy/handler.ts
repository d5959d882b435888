import type { ModelGroup } from '../../schema/gateway-config.ts';
import { authenticate } from '../auth/bearer.ts';
import type { Endpoint, ParsedRequest, Subrequest } from '../client-dialect.ts';
import type { Failure, FailureOr } from '../exchange.ts';
import { readBody } from '../http/request-body.ts';
import { sendWhole } from '../http/response-writer.ts';
import { noteError, type RequestContext } from '../request-context.ts';
import type { Service } from '../service.ts';
import { providerOf } from '../upstream/providers.ts';
import { countTokens } from './count-tokens.ts';
import { LARGE_BYTES, ownTurn } from './own-turn.ts';
import { INTERNAL_ERROR, MAX_NAME_LENGTH, unknownModel, unsupportedParameter } from './failures.ts';
import { pinToBackend } from './pinned-backend.ts';
import { callHeaders } from './litellm-headers.ts';
import { ClientResponse } from './response.ts';
import { unsupportedOptions } from './runner-options.ts';

/** Serves a request with a body: authenticate → readBody → parse → resolveModel → unsupportedParameters → forward. `named` is the model that the path names. Never throws. */
export async function handleRequest(context: RequestContext, endpoint: Endpoint, named?: string): Promise<void> {
  try {
    const caller = authenticate(context);
    if (!caller.ok) return reject(context, caller.failure);
    const body = await readBody(context);
    const isLarge = context.bodyBytes > LARGE_BYTES;
    if (isLarge) await ownTurn();
    const parsed = body.ok ? endpoint.parse(body.value, Date.now(), named) : body;
    if (!parsed.ok) return reject(context, parsed.failure);
    const model = resolveModel(context, parsed.value);
    if (!model.ok) return reject(context, model.failure);
    const [unsupported] = unsupportedParameters(context, parsed.value, model.value);
    if (unsupported !== undefined && context.service.config.strict)
      return reject(context, unsupportedParameter(unsupported));
    // A client that left during a turn needs no response.
    if (isLarge && context.outgoing.destroyed) return;
    await forward(context, parsed.value, model.value, endpoint);
  } catch (error) {
    // A bug costs this request, and none of the others that are under way.
    noteError(context, error);
    reject(context, INTERNAL_ERROR);
  }
}

function reject(context: RequestContext, failure: Failure): void {
  const { record, outgoing, dialect, id } = context;
  record.failure = failure.code ?? failure.kind;
  sendWhole(outgoing, dialect.errorResponse(failure, id), callHeaders(context));
}

/** The deployments of the model that a request asks for: all, or those on the backend that `x-hxllm-backend` names. */
function resolveModel(
  { record, dialect, service: { models }, incoming }: RequestContext,
  { model: asked, stream, control }: ParsedRequest,
): FailureOr<ModelGroup> {
  const written = control?.provider === undefined ? asked : completeName(asked, control.provider, models);
  const alias = dialect.aliasOf(written, models);
  const group = models.get(alias);
  // An unknown name is the client's text: the log takes it only up to a length.
  record.alias = group === undefined ? alias.slice(0, MAX_NAME_LENGTH) : alias;
  record.stream = stream;
  if (group === undefined) return { ok: false, failure: unknownModel(alias) };
  return pinToBackend(group, incoming.headers);
}

/** The name of an entry that a model and its provider make; the model's own name if no entry has it. */
function completeName(model: string, provider: string, models: Service['models']): string {
  const complete = `${provider}/${model}`;
  return !models.has(model) && models.has(complete) ? complete : model;
}

/** Records and returns the parameters that have no effect. A backend with an API of the client's own dialect gets the request as it came, and reports for itself. */
function unsupportedParameters(
  { record, service: { scheduler } }: RequestContext,
  { ignoredParams, runner, subrequests }: ParsedRequest,
  group: ModelGroup,
): ReadonlySet<string> {
  const isTranslated =
    group.deployments.some((deployment) => !providerOf(deployment).forwardsOriginal) || !subrequests.some(hasOriginal);
  if (isTranslated)
    for (const name of [...ignoredParams, ...unsupportedOptions(runner, group, scheduler.fleet)])
      record.ignoredParams.add(name);
  return record.ignoredParams;
}

function hasOriginal({ request }: Subrequest): boolean {
  return request.kind !== 'load' && request.params.original !== undefined;
}

/** Starts the response, which goes on by itself, or counts the tokens of the prompt. */
async function forward(
  context: RequestContext,
  parsed: ParsedRequest,
  group: ModelGroup,
  { tokenCountBody }: Endpoint,
): Promise<void> {
  if (tokenCountBody === undefined) new ClientResponse(context, parsed, group).start();
  else await countTokens(context, parsed, group, tokenCountBody);
}
