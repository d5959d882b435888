import type { Context, Hono } from 'hono';
import { unknownModel, type Door } from '../proxy/handler.ts';
import { readBody } from '../http/request-body.ts';
import { setCorsHeaders } from '../http/cors.ts';
import { jsonResponse, sizedResponse } from '../http/sized-response.ts';
import { Body, parseBody } from '../api/dialect/body.ts';
import type { Failure, FailureOr } from '../exchange.ts';
import { aliasOf } from '../api/ollama/alias.ts';
import { OLLAMA } from '../api/ollama/dialect.ts';
import type { Service } from '../service.ts';
import { listLoaded, listTags, showModel, showVersion } from './catalogue.ts';

/** What comes with a request. */
interface Env {
  readonly Bindings: Door;
}

type Show = (c: Context<Env>, service: Service) => Response | Promise<Response>;

/** Makes a handler that lets in who has the key. */
export type Shows = (show: Show) => (c: Context<Env>) => Response | Promise<Response>;

/** Paths of Ollama's that would change a server. */
const CHANGES = ['/api/pull', '/api/push', '/api/create', '/api/copy', '/api/delete', '/api/blobs/*'];

/** Methods of the paths below. */
export const CATALOGUE_METHODS: readonly (readonly [path: RegExp, methods: string])[] = [
  [/^\/$/, 'GET, HEAD, OPTIONS'],
  [/^\/api\/(?:tags|ps|version)$/, 'GET, HEAD, OPTIONS'],
  [/^\/api\/show$/, 'POST, OPTIONS'],
  [/^\/api\/(?:pull|push|create|copy|delete|blobs\/.*)$/, 'POST, DELETE, OPTIONS'],
];

/** Adds what Ollama's clients ask for beside answers: which models there are, and what they are. */
export function addCatalogue(app: Hono<Env>, shows: Shows, service: () => Service): void {
  // Clients look whether an Ollama is there before they send a key, and this says no more than that.
  app.get('/', (c) => {
    setCorsHeaders(c.env.incoming, c.env.outgoing, service().config.origins);
    return sizedResponse('Ollama is running', 200, { 'content-type': 'text/plain; charset=utf-8' });
  });
  app.get(
    '/api/tags',
    shows(async (_c, now) => jsonResponse(await listTags(now))),
  );
  app.get(
    '/api/ps',
    shows(async (_c, now) => jsonResponse(await listLoaded(now))),
  );
  app.get(
    '/api/version',
    shows(async (_c, now) => jsonResponse(await showVersion(now))),
  );
  app.post('/api/show', shows(show));
  app.on(
    ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    CHANGES,
    shows(() => refusal(CHANGE)),
  );
}

const CHANGE: Failure = {
  kind: 'forbidden',
  code: 'managed_elsewhere',
  message: 'models are managed on the servers: this gateway neither adds, changes nor removes them',
};

async function show({ env: { incoming, context } }: Context<Env>, service: Service): Promise<Response> {
  const bytes = await new Promise<FailureOr<Buffer>>((resolve) => {
    readBody(incoming, service.config.maxBodyBytes, resolve);
  });
  const body = bytes.ok ? parseBody(bytes.value) : bytes.failure;
  if (!(body instanceof Body)) return refusal(body);
  // Ollama's own client calls it `name`, and sends an empty `model` beside it.
  const asked = (body.text('model') || body.text('name')) ?? '';
  const verbose = body.flag('verbose') ?? false;
  if (asked === '') body.refuse('model', 'model is required');
  if (body.failure !== undefined) return refusal(body.failure);
  const alias = aliasOf(asked, service.models);
  context.record.alias = alias;
  const group = service.models.get(alias);
  if (group === undefined) return refusal(unknownModel(asked));
  const { body: shown, from } = await showModel(service, { ...group, name: alias }, verbose);
  if (from === undefined) return jsonResponse(shown);
  context.record.model = from.model;
  context.record.backend = from.writtenUrl;
  const reply = jsonResponse(shown);
  reply.headers.set('x-hxllm-backend', from.writtenUrl);
  return reply;
}

function refusal(failure: Failure): Response {
  const { status, headers, body } = OLLAMA.errorResponse(failure);
  return sizedResponse(body, status, headers);
}
