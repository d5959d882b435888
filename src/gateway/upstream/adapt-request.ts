import type { Deployment } from '../../schema/gateway-config.ts';
import type { LoadRequest, ModelRequest, ServerFailure } from '../exchange.ts';
import { providerOf } from './providers.ts';

/**
 * An ability that a model may lack. `effort:VALUE`: to think with this effort; `images`: to see; `context`: to continue from an
 * earlier `context`.
 */
export type MissingCapability = 'tools' | 'thinking' | `effort:${string}` | 'images' | 'context';

/** A request, reduced to the abilities of a model. */
export interface AdaptedRequest {
  readonly request: ModelRequest;
  /** Parameters that were left out, by their names in the client's dialect. */
  readonly ignoredParams: readonly string[];
}

/** The ability that the refusal of a request reports as missing; `undefined` if it reports none. */
export function missingCapabilityIn({ code }: ServerFailure, request: ModelRequest): MissingCapability | undefined {
  if (code === 'tools_not_supported') return 'tools';
  if (code === 'reasoning_not_supported') return 'thinking';
  if (code !== 'effort_not_supported') return undefined;
  // A server that refuses one effort may take another.
  const effort = request.kind === 'embed' ? undefined : request.params.thinking;
  return typeof effort === 'string' ? `effort:${effort}` : 'thinking';
}

/**
 * The same request without a grammar of its tools' calls, if the server could not make one of their schemas; `undefined` if that is not
 * why it refused.
 */
export function unforced(request: ModelRequest, { code }: ServerFailure): ModelRequest | undefined {
  if (code !== 'schema_not_supported' || request.kind !== 'chat') return undefined;
  const { tools, mustCall, format, freeCalls } = request.params;
  if (freeCalls === true || tools.length === 0 || !(mustCall || format !== undefined)) return undefined;
  return { kind: 'chat', params: { ...request.params, freeCalls: true } };
}

/**
 * The same request with its prompt cut, if the server refused it as too long and the client's API cuts; `undefined` otherwise, and after
 * the first cut.
 */
export function truncated(request: ModelRequest, { code }: ServerFailure): ModelRequest | undefined {
  const { truncate = false, cut } = request.params;
  if (code !== 'context_length_exceeded' || truncate === false || cut === true) return undefined;
  if (request.kind === 'chat') return { kind: 'chat', params: { ...request.params, cut: true } };
  if (request.kind === 'completion') return { kind: 'completion', params: { ...request.params, cut: true } };
  return { kind: 'embed', params: { ...request.params, cut: true } };
}

/**
 * Leaves out the parts of a request that a model cannot do. Returns a failure if the rest would be no answer to the request, and
 * always under `strict`.
 */
export function adaptRequest(
  request: ModelRequest,
  missing: ReadonlySet<MissingCapability>,
  strict: boolean,
): AdaptedRequest | ServerFailure {
  if (missing.size === 0 || request.kind === 'embed') return { request, ignoredParams: [] };
  const ignoredParams: string[] = [];
  let { thinking } = request.params;
  const isAsked = request.params.thinkingByDefault !== true;
  if (thinking !== undefined && missing.has('thinking')) {
    // The model does not think anyway.
    if (thinking !== false && isAsked) ignoredParams.push(request.params.thinkingName);
    thinking = undefined;
  } else if (typeof thinking === 'string' && missing.has(`effort:${thinking}`)) {
    // The model thinks, with its own effort.
    thinking = true;
    if (isAsked) ignoredParams.push(request.params.thinkingName);
  }
  if (strict && ignoredParams.length > 0)
    return refusal(
      'reasoning_not_supported',
      ignoredParams[0] ?? '',
      `This model does not support the value of '${request.params.thinkingName}'.`,
    );
  if (missing.has('images') && hasImages(request))
    return refusal(
      'images_not_supported',
      request.kind === 'chat' ? 'messages' : 'images',
      'This model cannot see images.',
    );
  if (missing.has('context'))
    return refusal(
      'context_not_known',
      'context',
      'This context was not given by this gateway for this model since its last start. Omit `context`, or send the conversation to /api/chat.',
    );
  if (request.kind === 'completion')
    return { request: { kind: 'completion', params: { ...request.params, thinking } }, ignoredParams };
  const { params } = request;
  if (params.tools.length === 0 || !missing.has('tools'))
    return { request: { kind: 'chat', params: { ...params, thinking } }, ignoredParams };
  if (params.mustCall || strict)
    return refusal(
      'tools_not_supported',
      params.mustCall ? 'tool_choice' : 'tools',
      'This model does not support tools.',
    );
  return {
    request: { kind: 'chat', params: { ...params, thinking, tools: [] } },
    ignoredParams: [...ignoredParams, 'tools'],
  };
}

/** The refusal of a parameter that a server would not honour, under `strict`. */
export function unsupportedFailure(param: string): ServerFailure {
  return refusal(
    'unsupported_parameter',
    param,
    `Unsupported parameter: '${param}' cannot be honoured by this server.`,
  );
}

function refusal(code: string, param: string, message: string): ServerFailure {
  return { kind: 'invalid', code, param, message, fault: 'request' };
}

/** Whether a request has images, which a model may be unable to see. */
export function hasImages(request: ModelRequest): boolean {
  if (request.kind === 'embed') return false;
  return request.kind === 'chat'
    ? request.params.messages.some(({ parts }) => parts.some(({ images }) => images.length > 0))
    : (request.params.images ?? []).length > 0;
}

/** The body of a request without its images, whose length says nothing about tokens. */
export function bodyWithoutImages(request: ModelRequest, body: string): string {
  if (request.kind === 'embed' || !hasImages(request)) return body;
  const images =
    request.kind === 'chat'
      ? request.params.messages.flatMap(({ parts }) => parts.flatMap((part) => part.images))
      : (request.params.images ?? []);
  // They stand there in this order. A search from the start for each takes 300 ms for 3,000 images.
  const pieces: string[] = [];
  let from = 0;
  for (const image of images) {
    const at = body.indexOf(image, from);
    if (at < 0) continue;
    pieces.push(body.slice(from, at));
    from = at + image.length;
  }
  return pieces.join('') + body.slice(from);
}

/** Whether a request has no `context`, or one that its server accepts. */
export function acceptsContext(request: ModelRequest | LoadRequest, deployment: Deployment): boolean {
  if (request.kind !== 'completion' || request.params.context === undefined) return true;
  return providerOf(deployment).acceptsContext?.(request.params.context, deployment.model) === true;
}

/** Whether a server gets a request as the client sent it: then it judges every part itself. */
export function goesAsItCame(request: ModelRequest | LoadRequest, deployment: Deployment): boolean {
  return request.kind !== 'load' && request.params.original !== undefined && providerOf(deployment).forwardsOriginal;
}
