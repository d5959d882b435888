import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono, type Context } from 'hono';
import { addAdmin, type AdminOptions } from './admin/routes.ts';
import { ANTHROPIC } from './api/anthropic/dialect.ts';
import { modelInfo, modelPage } from './api/anthropic/models.ts';
import { ENDPOINTS } from './api/endpoints.ts';
import { modelBody, modelsBody } from './api/openai/models.ts';
import { notStored } from './api/responses/stored-state.ts';
import { authenticate, authenticateAgain, authenticateMaster } from './auth/bearer.ts';
import { addModelInfo } from './catalogue/litellm-routes.ts';
import { addCatalogue } from './catalogue/routes.ts';
import type { Failure } from './exchange.ts';
import { FixedPathRouter } from './fixed-path-router.ts';
import { fleetDocument } from './health/fleet-document.ts';
import { fleetHealth } from './health/fleet-health.ts';
import { usageHealth } from './health/usage-health.ts';
import { liveliness, readiness, type ReadinessOptions } from './health/health.ts';
import { errorResponse, jsonResponse, sizedResponse } from './http/sized-response.ts';
import { SlicedText } from './http/long-text.ts';
import { EXPOSITION_TYPE } from './metrics/exposition.ts';
import type { Metrics } from './metrics/metrics.ts';
import { INTERNAL_ERROR, unknownModel, unlistedModel } from './proxy/failures.ts';
import { handleRequest } from './proxy/handler.ts';
import { noteError, type GatewayEnv } from './request-context.ts';

/** The parts of a gateway that routes need beside the context of their request. */
export interface AppOptions {
  readonly readiness: ReadinessOptions;
  readonly metrics: Metrics;
  readonly admin: AdminOptions;
}

type Handler = (c: Context<GatewayEnv>) => Response | Promise<Response>;

/** The route table. Requests with a body for a model go to {@link handleRequest}; the rest is answered here. */
export function createApp({ readiness: ready, metrics, admin }: AppOptions): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>({ router: new FixedPathRouter() });
  app.get('/health/liveliness', liveliness).get('/health/liveness', liveliness);
  const isReady = readiness(ready);
  app.get('/health/readiness', ({ req }) => isReady({ reloaded: req.query('reloaded') !== undefined }));
  app.get('/health', withMasterKey(showHealth));
  app.get('/fleet', withMasterKey(showFleet));
  app.get('/metrics', showMetrics(metrics));
  for (const { paths, endpoint } of ENDPOINTS)
    for (const path of paths)
      app.post(path, ({ env, req }) => {
        void handleRequest(env, endpoint, req.param('model'));
        return RESPONSE_ALREADY_SENT;
      });
  for (const root of ['/v1', '']) {
    app.get(`${root}/models`, withKey(listModels));
    app.get(`${root}/models/:id{.+}`, withKey(showModel));
    // An endpoint of OpenAI's that the gateway does not have, and no id of a response.
    app.post(`${root}/responses/compact`, ({ env, req }) => errorResponse(env, invalidUrl('POST', req.path)));
    app.on(['GET', 'DELETE'], `${root}/responses/:id`, withKey(responseNotStored));
    app.get(`${root}/responses/:id/input_items`, withKey(responseNotStored));
    app.post(`${root}/responses/:id/cancel`, withKey(responseNotStored));
  }
  addCatalogue(app, withKey);
  addModelInfo(app, withKey);
  addAdmin(app, admin);
  app.notFound((c) => withoutRoute(app, c));
  app.onError((error, { env }) => {
    noteError(env, error);
    return errorResponse(env, INTERNAL_ERROR);
  });
  return app;
}

/** Lets a handler run only for a caller with a key. */
function withKey(handler: Handler): Handler {
  return async (c) => {
    let caller = authenticate(c.env);
    if (!caller.ok) caller = await authenticateAgain(c.env, caller);
    return caller.ok ? handler(c) : errorResponse(c.env, caller.failure);
  };
}

/** Lets a handler run only for a caller with the master key. */
function withMasterKey(handler: Handler): Handler {
  return (c) => {
    const caller = authenticateMaster(c.env);
    return caller.ok ? handler(c) : errorResponse(c.env, caller.failure);
  };
}

function showHealth({ env: { service } }: Context<GatewayEnv>): Response {
  const { config, scheduler, growth, usage } = service;
  const fleet = fleetHealth(config, scheduler.fleet, growth.records, performance.now(), new Date());
  return jsonResponse({ ...fleet, ...usageHealth(usage?.state) });
}

async function showFleet({ env: { service } }: Context<GatewayEnv>): Promise<Response> {
  const { config, scheduler, growth } = service;
  const text = await fleetDocument({
    config,
    fleet: scheduler.fleet,
    contexts: growth.records,
    nowMs: performance.now(),
    date: new Date(),
  });
  return sizedResponse(text, 200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
}

function showMetrics(metrics: Metrics): Handler {
  const show = async (): Promise<Response> => {
    const text = new SlicedText();
    for (const part of metrics.parts()) {
      const waits = text.add(part);
      if (waits !== undefined) await waits;
    }
    return sizedResponse(text.end(), 200, { 'content-type': EXPOSITION_TYPE });
  };
  return (c) => {
    const { metrics: access } = c.env.service.config;
    if (access === 'off') return errorResponse(c.env, invalidUrl('GET', '/metrics'));
    return access === 'open' ? show() : withMasterKey(show)(c);
  };
}

async function listModels({ env, req }: Context<GatewayEnv>): Promise<Response> {
  const service = await env.service.lookedAgain();
  const { since } = service;
  const { listed } = service.namesFor(env.key);
  const { limit, after_id, before_id } = req.query();
  return jsonResponse(
    env.dialect === ANTHROPIC ? modelPage(listed, { limit, after_id, before_id }, since) : modelsBody(listed, since),
  );
}

async function showModel({ env, req }: Context<GatewayEnv>): Promise<Response> {
  const service = await env.service.lookedAgain();
  const { since } = service;
  const names = service.namesFor(env.key);
  const id = env.dialect.aliasOf(req.param('id') ?? '', names.models);
  if (names.groupOf(id) === undefined)
    return errorResponse(env, service.isUnlisted(id) && names.mayHave(id) ? unlistedModel(id) : unknownModel(id));
  return jsonResponse(env.dialect === ANTHROPIC ? modelInfo(id, since) : modelBody(id, since));
}

function responseNotStored(c: Context<GatewayEnv>): Response {
  return errorResponse(c.env, notStored(c.req.param('id') ?? ''));
}

/** A request that no route took: OPTIONS, a wrong method, or an unknown path. */
function withoutRoute(app: Hono<GatewayEnv>, c: Context<GatewayEnv>): Response {
  const { method, path } = c.req;
  const allow = allowedMethods(app, path);
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

/** The methods of a path, as the value of an `allow` header; `undefined` for a path that does not exist. */
function allowedMethods({ router }: Hono<GatewayEnv>, path: string): string | undefined {
  const found = ['GET', 'POST', 'DELETE'].filter((method) => router.match(method, path)[0].length > 0);
  return found.length === 0
    ? undefined
    : [...found.map((method) => (method === 'GET' ? 'GET, HEAD' : method)), 'OPTIONS'].join(', ');
}

function invalidUrl(method: string, path: string): Failure {
  return { kind: 'not-found', code: null, message: `Invalid URL (${method} ${path.slice(0, 200)})` };
}
