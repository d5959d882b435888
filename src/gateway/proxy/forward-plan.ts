import type { Deployment, ModelGroup } from '../../schema/gateway-config.ts';
import type { ParsedRequest, RequestControl } from '../client-dialect.ts';
import type { Failure, ServerEvent } from '../exchange.ts';
import type { RequestContext } from '../request-context.ts';
import { callerOf, type WorkCaller } from './caller.ts';
import { canServe, ignoredBy } from './ignored-params.ts';
import type { RetryPolicy } from './retry.ts';

/** How a request is forwarded: the configuration, and what the request itself says (`RequestControl`). */
export interface ForwardPlan extends RetryPolicy {
  /** The model asked for. */
  readonly group: ModelGroup;
  /** Whether a failure is the time-out that the request set, which says nothing about the deployment. */
  readonly isOwnTimeout: (failure: Failure) => boolean;
  /** The fallback models after a failure of this kind, best first. */
  readonly fallbacks: (kind: 'failed' | 'too-long') => readonly ModelGroup[];
  /** The parameters that have no effect on a deployment. */
  readonly ignoredBy: (deployment: Deployment) => readonly string[];
  readonly caller: WorkCaller;
  /** The response of `mock_response`, which no server gives. */
  readonly mockEvents: readonly ServerEvent[] | undefined;
}

/** Makes the plan of a request. */
export function forwardPlan(context: RequestContext, group: ModelGroup, parsed: ParsedRequest): ForwardPlan {
  const { control = {} } = parsed;
  const { service, record } = context;
  // A fallback serves the request alone: the others are those of the model asked for.
  const asked = (group.isFallback === true ? service.models.get(record.alias ?? '') : undefined) ?? group;
  return {
    group: timed(group, control),
    retries: control.retries ?? service.config.routing.retries,
    isOwnTimeout: ({ kind }) => kind === 'timeout' && control.timeoutMs !== undefined,
    ignoredBy: (deployment) => ignoredBy([deployment], parsed, context),
    fallbacks: (kind) => {
      const others = ableFallbacks(context, asked, kind, parsed).filter(({ name }) => name !== group.name);
      return others.map((other) => timed(other, control));
    },
    caller: callerOf(context, control),
    mockEvents: mockEvents(control.mockText ?? mockTextOf(group, parsed)),
  };
}

/** The deployments of a model that can serve a request; if it has none, those of its first fallback that has some. */
export function ableOf(context: RequestContext, group: ModelGroup, parsed: ParsedRequest): ModelGroup | undefined {
  const own = narrowed(context, group, parsed);
  if (own !== undefined) return own;
  const [first] = ableFallbacks(context, group, 'failed', parsed);
  return first === undefined ? undefined : { ...first, isFallback: true };
}

/** The fallbacks of a request, each narrowed to the deployments that can serve it. */
function ableFallbacks(
  context: RequestContext,
  group: ModelGroup,
  kind: 'failed' | 'too-long',
  parsed: ParsedRequest,
): readonly ModelGroup[] {
  const { control = {} } = parsed;
  if (control.disablesFallbacks === true) return [];
  const others = ownFallbacks(context, group, kind, control) ?? configuredFallbacks(context, group, kind);
  return others.flatMap((other) => narrowed(context, other, parsed) ?? []);
}

/** The fallbacks of the configuration: none is a way to a model that the key may not use. */
function configuredFallbacks(
  { service, key }: RequestContext,
  group: ModelGroup,
  kind: 'failed' | 'too-long',
): readonly ModelGroup[] {
  const others = service.fallbacks(kind, group);
  if (key === undefined) return others;
  const { models } = service.namesFor(key);
  return others.filter(({ name }) => models.has(name));
}

function narrowed(context: RequestContext, group: ModelGroup, parsed: ParsedRequest): ModelGroup | undefined {
  if (!context.service.config.strict && parsed.translationFailure === undefined) return group;
  const [first, ...rest] = group.deployments.filter((deployment) => canServe(deployment, parsed, context));
  if (first === undefined) return undefined;
  return rest.length + 1 === group.deployments.length ? group : { ...group, deployments: [first, ...rest] };
}

/** A group with the time-out of the request, which counts before that of an entry. `hxllm.timeouts.total` limits both. */
function timed(group: ModelGroup, { timeoutMs }: RequestControl): ModelGroup {
  if (timeoutMs === undefined) return group;
  const [first, ...rest] = group.deployments;
  const limits = { timeoutMs, streamTimeoutMs: timeoutMs };
  return { ...group, deployments: [{ ...first, ...limits }, ...rest.map((other) => ({ ...other, ...limits }))] };
}

/** The `mock_response` of an entry. An alias with other entries gives each the same chance. */
function mockTextOf({ deployments }: ModelGroup, { subrequests: [first] }: ParsedRequest): string | undefined {
  if (!deployments.some(({ mockText }) => mockText !== undefined)) return undefined;
  const kind = first?.request.kind;
  if (kind !== 'chat' && kind !== 'completion') return undefined;
  return deployments[Math.floor(Math.random() * deployments.length)]?.mockText;
}

/** The counts are LiteLLM's (mock_completion in litellm/main.py, 1.108.7). */
function mockEvents(text: string | undefined): readonly ServerEvent[] | undefined {
  if (text === undefined) return undefined;
  return [
    { kind: 'text', text },
    { kind: 'end', reason: 'stop', usage: { promptTokens: 10, completionTokens: 20 } },
  ];
}

/** The fallbacks that the request names, without unknown names. A pinned request has none: another backend would answer. */
function ownFallbacks(
  { service, record, incoming, key }: RequestContext,
  group: ModelGroup,
  kind: 'failed' | 'too-long',
  { fallbacks, contextFallbacks = fallbacks }: RequestControl,
): readonly ModelGroup[] | undefined {
  const given = kind === 'failed' ? fallbacks : contextFallbacks;
  if (given === undefined || incoming.headers['x-hxllm-backend'] !== undefined) return undefined;
  const names = key === undefined ? service : service.namesFor(key);
  const named = new Set(namesIn(given, record.alias ?? '').map((name) => names.groupOf(name)));
  return [...named].flatMap((other) => (other === undefined || other === group ? [] : [other]));
}

/** The names of a list as LiteLLM takes it: names, `{model: NAME, …}`, or mappings from the alias asked for (or `*`) to a list. */
function namesIn(list: readonly unknown[], alias: string): readonly string[] {
  return list.flatMap((item) => {
    if (typeof item === 'string') return [item];
    if (typeof item !== 'object' || item === null) return [];
    const mapping: Readonly<Record<string, unknown>> = { ...item };
    const others = mapping[alias] ?? mapping['*'];
    if (Array.isArray(others)) return others.filter((name) => typeof name === 'string');
    return typeof mapping['model'] === 'string' ? [mapping['model']] : [];
  });
}
