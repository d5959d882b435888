import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono, type Context } from 'hono';
import { handleRequest, unknownModel, type Door, type Endpoint } from './proxy/handler.ts';
import { ANTHROPIC } from './api/anthropic/dialect.ts';
import { modelInfo, modelPage } from './api/anthropic/models.ts';
import { authenticate } from './auth/bearer.ts';
import { addCatalogue, CATALOGUE_METHODS } from './catalogue/routes.ts';
import { setCorsHeaders } from './http/cors.ts';
import { jsonResponse, sizedResponse } from './http/sized-response.ts';
import { dialectOf, ENDPOINTS } from './api/endpoints.ts';
import type { Failure } from './exchange.ts';
import { fleetHealth } from './health/fleet-health.ts';
import { liveliness, readiness } from './health/health.ts';
import { EXPOSITION_TYPE } from './metrics/exposition.ts';
import type { Metrics } from './metrics/metrics.ts';
import { modelBody, modelsBody } from './api/openai/models.ts';
import { notStored } from './api/responses/stateless.ts';
import type { Service } from './service.ts';

/** What comes with a request. */
export interface GatewayEnv {
  readonly Bindings: Door;
}

/** What an application serves with. */
export interface AppOptions {
  /** The service of the moment: asked once for each request. */
  readonly service: () => Service;
  readonly isStopping: () => boolean;
  readonly metrics: Metrics;
}

type Handler = (c: Context<GatewayEnv>) => Response | Promise<Response>;

/** The application: request → auth → route → upstream → usage. */
export function createApp({ service, isStopping, metrics }: AppOptions): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();

  const answers =
    (endpoint: Endpoint): Handler =>
    (c) => {
      const now = service();
      setCorsHeaders(c.env.incoming, c.env.outgoing, now.config.origins);
      handleRequest(c.env, now, endpoint);
      return RESPONSE_ALREADY_SENT;
    };
  const shows =
    (show: (c: Context<GatewayEnv>, now: Service) => Response | Promise<Response>): Handler =>
    (c) => {
      const now = service();
      setCorsHeaders(c.env.incoming, c.env.outgoing, now.config.origins);
      const caller = authenticate(c.env.incoming.headers, now.config.masterKey);
      if (!caller.ok) return refusal(c, caller.failure);
      c.env.context.record.caller = caller.value.name;
      return show(c, now);
    };
  const showMetrics = (): Response => sizedResponse(metrics.text(), 200, { 'content-type': EXPOSITION_TYPE });

  app.get('/health/liveliness', liveliness).get('/health/liveness', liveliness);
  app.get('/health/readiness', readiness(isStopping));
  app.get('/health', shows(showHealth));
  app.get('/metrics', (c) => {
    const { metrics: access } = service().config;
    if (access === 'off') return refusal(c, { kind: 'not-found', code: null, message: 'Invalid URL (GET /metrics)' });
    return access === 'open' ? showMetrics() : shows(showMetrics)(c);
  });
  for (const { paths, endpoint } of ENDPOINTS) for (const path of paths) app.post(path, answers(endpoint));
  for (const root of ['/v1', '']) {
    app.get(`${root}/models`, shows(listModels));
    app.get(`${root}/models/*`, shows(showModel));
    app.on(['GET', 'DELETE'], `${root}/responses/:id`, shows(missResponse));
    app
      .get(`${root}/responses/:id/input_items`, shows(missResponse))
      .post(`${root}/responses/:id/cancel`, shows(missResponse));
  }
  addCatalogue(app, shows, service);
  app.notFound((c) => {
    setCorsHeaders(c.env.incoming, c.env.outgoing, service().config.origins);
    return elsewhere(c);
  });
  app.onError((_error, c) =>
    refusal(c, { kind: 'internal', code: null, message: 'The server had an error while processing your request.' }),
  );
  return app;
}

function showHealth(_c: Context<GatewayEnv>, { config, scheduler }: Service): Response {
  return jsonResponse(fleetHealth(config, scheduler.fleet, performance.now(), new Date()));
}

function listModels(c: Context<GatewayEnv>, { models, since }: Service): Response {
  const { limit, after_id, before_id } = c.req.query();
  if (isAnthropic(c)) return jsonResponse(modelPage([...models.keys()], { limit, after_id, before_id }, since));
  return jsonResponse(modelsBody(models.keys(), since));
}

function showModel(c: Context<GatewayEnv>, { models, since }: Service): Response {
  // The path as sent: ids hold slashes and colons, encoded or not.
  const sent = c.env.context.path.replace(/^(?:https?:\/\/[^/]*)?(?:\/v1)?\/models\//, '');
  const id = decoded(sent);
  if (!models.has(id)) return refusal(c, unknownModel(id));
  return jsonResponse(isAnthropic(c) ? modelInfo(id, since) : modelBody(id, since));
}

function isAnthropic({ env: { context, incoming } }: Context<GatewayEnv>): boolean {
  return dialectOf(context.path, incoming.headers) === ANTHROPIC;
}

function missResponse(c: Context<GatewayEnv>): Response {
  return refusal(c, notStored(c.req.param('id') ?? ''));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const ALLOWED: readonly (readonly [path: RegExp, methods: string])[] = [
  [/^(?:\/v1)?\/models(?:\/.*)?$/, 'GET, HEAD, OPTIONS'],
  [/^\/(?:metrics|health)$/, 'GET, HEAD, OPTIONS'],
  [/^\/health\/(?:liveliness|liveness|readiness)$/, 'GET, HEAD, OPTIONS'],
  ...CATALOGUE_METHODS,
];

/** What no route took: OPTIONS, a wrong method, or a path that is not there. */
function elsewhere(c: Context<GatewayEnv>): Response {
  const { method, path } = c.req;
  const shown = `${method} ${path.slice(0, 200)}`;
  const allow = ENDPOINTS.some(({ paths }) => paths.includes(path))
    ? 'POST, OPTIONS'
    : ALLOWED.find(([pattern]) => pattern.test(path))?.[1];
  if (allow === undefined) return refusal(c, { kind: 'not-found', code: null, message: `Invalid URL (${shown})` });
  // Without CORS headers a browser goes no further, which is what is wanted where nobody allowed an origin.
  if (method === 'OPTIONS') return c.body(null, 204, { allow });
  return refusal(c, {
    kind: 'wrong-method',
    code: null,
    message: `Not allowed to ${method} on ${path.slice(0, 200)}. (HINT: Perhaps you meant to use a different HTTP method?)`,
    allow,
  });
}

function refusal(c: Context<GatewayEnv>, failure: Failure): Response {
  const { incoming, context } = c.env;
  const { status, headers, body } = dialectOf(context.path, incoming.headers).errorResponse(failure, context.id);
  return sizedResponse(body, status, headers);
}
