import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono, type Context } from 'hono';
import { ANTHROPIC } from './api/anthropic/dialect.ts';
import { modelInfo, modelPage } from './api/anthropic/models.ts';
import { ENDPOINTS } from './api/endpoints.ts';
import { allowedMethods } from './api/methods.ts';
import { modelBody, modelsBody } from './api/openai/models.ts';
import { notStored } from './api/responses/stored-state.ts';
import { authenticate } from './auth/bearer.ts';
import { addCatalogue } from './catalogue/routes.ts';
import type { Failure } from './exchange.ts';
import { fleetHealth } from './health/fleet-health.ts';
import { liveliness, readiness } from './health/health.ts';
import { setCorsHeaders } from './http/cors.ts';
import { jsonResponse, sizedResponse } from './http/sized-response.ts';
import { EXPOSITION_TYPE } from './metrics/exposition.ts';
import type { Metrics } from './metrics/metrics.ts';
import { INTERNAL_ERROR, unknownModel } from './proxy/failures.ts';
import { handleRequest } from './proxy/handler.ts';
import type { GatewayEnv, RequestContext } from './request-context.ts';

/** The parts of a gateway that routes need beside the context of their request. */
export interface AppOptions {
  readonly isStopping: () => boolean;
  readonly metrics: Metrics;
}

type Handler = (c: Context<GatewayEnv>) => Response | Promise<Response>;

/** The route table. Requests with a body for a model go to {@link handleRequest}; the rest is answered here. */
export function createApp({ isStopping, metrics }: AppOptions): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.get('/health/liveliness', liveliness).get('/health/liveness', liveliness);
  app.get('/health/readiness', readiness(isStopping));
  app.get('/health', withKey(showHealth));
  app.get('/metrics', showMetrics(metrics));
  for (const { paths, endpoint } of ENDPOINTS)
    for (const path of paths)
      app.post(path, ({ env }) => {
        setCorsHeaders(env);
        void handleRequest(env, endpoint);
        return RESPONSE_ALREADY_SENT;
      });
  for (const root of ['/v1', '']) {
    app.get(`${root}/models`, withKey(listModels));
    app.get(`${root}/models/*`, withKey(showModel));
    app.on(['GET', 'DELETE'], `${root}/responses/:id`, withKey(showResponse));
    app.get(`${root}/responses/:id/input_items`, withKey(showResponse));
    app.post(`${root}/responses/:id/cancel`, withKey(showResponse));
  }
  addCatalogue(app, withKey);
  app.notFound(withoutRoute);
  app.onError((_error, { env }) => errorResponse(env, INTERNAL_ERROR));
  return app;
}

/** Lets a handler run only for a caller with the key. */
function withKey(handler: Handler): Handler {
  return (c) => {
    setCorsHeaders(c.env);
    const caller = authenticate(c.env);
    return caller.ok ? handler(c) : errorResponse(c.env, caller.failure);
  };
}

function showHealth({ env: { service } }: Context<GatewayEnv>): Response {
  return jsonResponse(fleetHealth(service.config, service.scheduler.fleet, performance.now(), new Date()));
}

function showMetrics(metrics: Metrics): Handler {
  const show = (): Response => sizedResponse(metrics.text(), 200, { 'content-type': EXPOSITION_TYPE });
  return (c) => {
    const { metrics: access } = c.env.service.config;
    if (access === 'off') return errorResponse(c.env, invalidUrl('GET', '/metrics'));
    return access === 'open' ? show() : withKey(show)(c);
  };
}

function listModels({ env, req }: Context<GatewayEnv>): Response {
  const { models, since } = env.service;
  const { limit, after_id, before_id } = req.query();
  return jsonResponse(
    env.dialect === ANTHROPIC
      ? modelPage([...models.keys()], { limit, after_id, before_id }, since)
      : modelsBody(models.keys(), since),
  );
}

function showModel({ env }: Context<GatewayEnv>): Response {
  const { models, since } = env.service;
  // The path as sent: ids hold slashes and colons, percent-encoded or not.
  const id = decoded(env.path.replace(/^(?:https?:\/\/[^/]*)?(?:\/v1)?\/models\//, ''));
  if (!models.has(id)) return errorResponse(env, unknownModel(id));
  return jsonResponse(env.dialect === ANTHROPIC ? modelInfo(id, since) : modelBody(id, since));
}

function showResponse(c: Context<GatewayEnv>): Response {
  return errorResponse(c.env, notStored(c.req.param('id') ?? ''));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A request that no route took: OPTIONS, a wrong method, or an unknown path. */
function withoutRoute(c: Context<GatewayEnv>): Response {
  setCorsHeaders(c.env);
  const { method, path } = c.req;
  const allow = allowedMethods(path);
  if (allow === undefined) return errorResponse(c.env, invalidUrl(method, path));
  // A browser goes on only if CORS headers are set, which needs an allowed origin.
  if (method === 'OPTIONS') return c.body(null, 204, { allow });
  return errorResponse(c.env, {
    kind: 'wrong-method',
    code: null,
    message: `Not allowed to ${method} on ${path.slice(0, 200)}. (HINT: Perhaps you meant to use a different HTTP method?)`,
    allow,
  });
}

function invalidUrl(method: string, path: string): Failure {
  return { kind: 'not-found', code: null, message: `Invalid URL (${method} ${path.slice(0, 200)})` };
}

function errorResponse({ dialect, id }: RequestContext, failure: Failure): Response {
  const { status, headers, body } = dialect.errorResponse(failure, id);
  return sizedResponse(body, status, headers);
}
