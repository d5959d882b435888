import type { ModelGroup } from '../../schema/gateway-config.ts';
import { authenticate, authenticateAgain } from '../auth/bearer.ts';
import type { Endpoint, ParsedRequest } from '../client-dialect.ts';
import type { Failure, FailureOr } from '../exchange.ts';
import { readBody } from '../http/request-body.ts';
import { sendWhole } from '../http/response-writer.ts';
import { noteError, type RequestContext } from '../request-context.ts';
import type { Service } from '../service.ts';
import { userOf } from './caller.ts';
import { countTokens } from './count-tokens.ts';
import { LARGE_BYTES, ownTurn } from './own-turn.ts';
import {
  INTERNAL_ERROR,
  MAX_NAME_LENGTH,
  unknownModel,
  unlistedModel,
  UNRECORDED,
  unsupportedParameter,
} from './failures.ts';
import { countRequest, limitFailure } from './limit-failure.ts';
import { ableOf } from './forward-plan.ts';
import { ignoredBy } from './ignored-params.ts';
import { pinToBackend } from './pinned-backend.ts';
import { callHeaders } from './litellm-headers.ts';
import { ClientResponse } from './response.ts';

/** Serves a request with a body: authenticate → limits of the key → readBody → parse → resolveModel → ableGroup → limits of tokens → forward. `named` is the model that the path names. Never throws. */
export async function handleRequest(context: RequestContext, endpoint: Endpoint, named?: string): Promise<void> {
  try {
    let caller = authenticate(context);
    if (!caller.ok) caller = await authenticateAgain(context, caller);
    if (!caller.ok) return reject(context, caller.failure);
    const limited = context.key === undefined ? undefined : limitFailure(context, context.key);
    if (limited !== undefined) return reject(context, limited);
    const body = await readBody(context);
    const isLarge = context.bodyBytes > LARGE_BYTES;
    if (isLarge) await ownTurn();
    if (!body.ok) return reject(context, body.failure);
    const parsed = endpoint.parse(body.value, Date.now(), named);
    const request = parsed.ok ? parsed.value : parsed.passed;
    if (request === undefined) return reject(context, parsed.ok ? INTERNAL_ERROR : parsed.failure);
    context.record.user = userOf(context, request.control);
    if (isLarge) await ownTurn();
    const { service } = context;
    if (service.hasWildcards && namesOf(context).mayAppear(nameIn(context, request)))
      context.service = await service.lookedAgain();
    const model = resolveModel(context, request);
    if (!model.ok) return reject(context, model.failure);
    const group = ableGroup(context, request, model.value);
    if (!group.ok) return reject(context, group.failure);
    // A client that left during a turn, or while the models of servers were listed, needs no response.
    if (context.outgoing.destroyed) return;
    // Before limits take anything of it.
    if (context.service.usage?.isRefusing(context.service.config) === true) return reject(context, UNRECORDED);
    const overTokens = countRequest(context, { parsed: request, group: group.value, endpoint });
    if (overTokens !== undefined) return reject(context, overTokens);
    await forward(context, request, group.value, endpoint);
  } catch (error) {
    // A bug costs this request, and none of the others that are under way.
    noteError(context, error);
    reject(context, INTERNAL_ERROR);
  }
}

/** A request that is refused for another reason counts for the limits of its key as well, which may be the reason then. */
function reject(context: RequestContext, cause: Failure): void {
  const { record, outgoing, dialect, id } = context;
  const failure = countRequest(context) ?? cause;
  record.failure = failure.code ?? failure.kind;
  sendWhole(outgoing, dialect.errorResponse(failure, id), callHeaders(context));
}

/** The deployments of the model that a request asks for: all, or those on the backend that `x-hxllm-backend` names. */
function resolveModel(context: RequestContext, parsed: ParsedRequest): FailureOr<ModelGroup> {
  const { record, service, incoming } = context;
  const { stream, translationFailure } = parsed;
  const alias = nameIn(context, parsed);
  const names = namesOf(context);
  const group = names.models.get(alias) ?? names.groupOf(alias);
  // An unknown name is the client's text: the log takes it only up to a length.
  record.alias = group === undefined ? alias.slice(0, MAX_NAME_LENGTH) : alias;
  record.stream = stream;
  if (group === undefined) {
    const missing = service.isUnlisted(alias) && names.mayHave(alias) ? unlistedModel(alias) : unknownModel(alias);
    return { ok: false, failure: translationFailure ?? missing };
  }
  return pinToBackend(group, incoming.headers);
}

/** The names that exist for the caller. */
function namesOf({ service, key }: RequestContext): ReturnType<Service['namesFor']> {
  return key === undefined ? service : service.namesFor(key);
}

/** The name of a model in the configuration; the client's text if it has none. */
function nameIn(context: RequestContext, { model: asked, control }: ParsedRequest): string {
  const { dialect } = context;
  const { models } = namesOf(context);
  const written = control?.provider === undefined ? asked : completeName(asked, control.provider, models);
  // An exact name is the usual case, and means itself in every API.
  return models.has(written) ? written : dialect.aliasOf(written, models);
}

/** The name of an entry that a model and its provider make; the model's own name if no entry has it. */
function completeName(model: string, provider: string, models: Service['models']): string {
  const complete = `${provider}/${model}`;
  return !models.has(model) && models.has(complete) ? complete : model;
}

/** The deployments that can serve a request, of its own model or else of a fallback; the parameters without effect are recorded. */
function ableGroup(context: RequestContext, parsed: ParsedRequest, group: ModelGroup): FailureOr<ModelGroup> {
  const { record, service } = context;
  const before = parsed.translationFailure === undefined ? ignoredBy(group.deployments, parsed, context) : [];
  const [unsupported] = before;
  const failure =
    parsed.translationFailure ??
    (unsupported !== undefined && service.config.strict ? unsupportedParameter(unsupported) : undefined);
  const able = failure === undefined ? group : ableOf(context, group, parsed);
  if (able === undefined) return { ok: false, failure: failure ?? INTERNAL_ERROR };
  for (const name of able === group ? before : ignoredBy(able.deployments, parsed, context))
    record.ignoredParams.add(name);
  return { ok: true, value: able };
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
