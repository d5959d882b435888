import type { ModelGroup } from '../../schema/gateway-config.ts';
import { authenticate } from '../auth/bearer.ts';
import type { Endpoint, ParsedRequest, Subrequest } from '../client-dialect.ts';
import type { Failure, FailureOr } from '../exchange.ts';
import { readBody } from '../http/request-body.ts';
import { sendWhole } from '../http/response-writer.ts';
import { noteError, type RequestContext } from '../request-context.ts';
import type { Service } from '../service.ts';
import { providerOf, unsupportedByAll } from '../upstream/providers.ts';
import { countTokens } from './count-tokens.ts';
import { LARGE_BYTES, ownTurn } from './own-turn.ts';
import { INTERNAL_ERROR, MAX_NAME_LENGTH, unknownModel, unsupportedParameter } from './failures.ts';
import { withOwnDialect } from './own-dialect.ts';
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
    if (!body.ok) return reject(context, body.failure);
    const parsed = endpoint.parse(body.value, Date.now(), named);
    const request = parsed.ok ? parsed.value : parsed.passed;
    if (request === undefined) return reject(context, parsed.ok ? INTERNAL_ERROR : parsed.failure);
    const model = resolveModel(context, request);
    if (!model.ok) return reject(context, model.failure);
    const group = ableGroup(context, request, model.value);
    if (!group.ok) return reject(context, group.failure);
    // A client that left during a turn needs no response.
    if (isLarge && context.outgoing.destroyed) return;
    await forward(context, request, group.value, endpoint);
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
  { model: asked, stream, control, translationFailure }: ParsedRequest,
): FailureOr<ModelGroup> {
  const written = control?.provider === undefined ? asked : completeName(asked, control.provider, models);
  // An exact name is the usual case, and means itself in every API.
  const alias = models.has(written) ? written : dialect.aliasOf(written, models);
  const group = models.get(alias);
  // An unknown name is the client's text: the log takes it only up to a length.
  record.alias = group === undefined ? alias.slice(0, MAX_NAME_LENGTH) : alias;
  record.stream = stream;
  if (group === undefined) return { ok: false, failure: translationFailure ?? unknownModel(alias) };
  return pinToBackend(group, incoming.headers);
}

/** The name of an entry that a model and its provider make; the model's own name if no entry has it. */
function completeName(model: string, provider: string, models: Service['models']): string {
  const complete = `${provider}/${model}`;
  return !models.has(model) && models.has(complete) ? complete : model;
}

/** The deployments that can serve a request. Only servers of the client's own API can, if it has a field that Ollama does not have, or under `strict` a parameter without effect. */
function ableGroup(context: RequestContext, parsed: ParsedRequest, group: ModelGroup): FailureOr<ModelGroup> {
  const { record, service } = context;
  const [unsupported] = parsed.translationFailure === undefined ? unsupportedParameters(context, parsed, group) : [];
  const failure =
    parsed.translationFailure ??
    (unsupported !== undefined && service.config.strict ? unsupportedParameter(unsupported) : undefined);
  if (failure === undefined) return { ok: true, value: group };
  const able = parsed.subrequests.some(hasOriginal) ? withOwnDialect(group) : undefined;
  if (able === undefined) return { ok: false, failure };
  record.ignoredParams.clear();
  return { ok: true, value: able };
}

/** Records and returns the parameters that have no effect. A backend with an API of the client's own dialect gets the request as it came, and reports for itself. */
function unsupportedParameters(
  { record, service: { scheduler } }: RequestContext,
  { ignoredParams, runner, subrequests }: ParsedRequest,
  group: ModelGroup,
): ReadonlySet<string> {
  const options = unsupportedOptions(runner, group, scheduler.fleet);
  const isTranslated =
    group.deployments.some((deployment) => !providerOf(deployment).forwardsOriginal) || !subrequests.some(hasOriginal);
  if (isTranslated)
    for (const name of [...ignoredParams, ...options, ...unsupportedByAll(group.deployments, subrequests[0]?.request)])
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
