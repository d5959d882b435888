import type { Context, Hono } from 'hono';
import { unknownModel, unlistedModel } from '../proxy/failures.ts';
import type { GatewayEnv } from '../request-context.ts';
import { readBody } from '../http/request-body.ts';
import { errorResponse, jsonResponse, sizedResponse } from '../http/sized-response.ts';
import { readBytes, type Body } from '../api/dialect/body.ts';
import type { Failure, FailureOr } from '../exchange.ts';
import { aliasOf } from '../api/dialect/alias.ts';
import { listLoaded, listTags, showModel, showVersion } from './catalogue.ts';

type Handler = (c: Context<GatewayEnv>) => Response | Promise<Response>;

const JSON_TYPE = { 'content-type': 'application/json' };

/** Paths of Ollama's API that would change a server. */
const CHANGES = ['/api/pull', '/api/push', '/api/create', '/api/copy', '/api/delete', '/api/blobs/*'];

/** Adds the paths of Ollama's API that list models and show their properties. `withKey` protects a handler. */
export function addCatalogue(app: Hono<GatewayEnv>, withKey: (handler: Handler) => Handler): void {
  // Clients look for an Ollama here before they send a key. The path says nothing else.
  app.get('/', () => sizedResponse('Ollama is running', 200, { 'content-type': 'text/plain; charset=utf-8' }));
  app.get(
    '/api/tags',
    withKey(async ({ env }) => sizedResponse(await listTags(await env.service.lookedAgain(), env.key), 200, JSON_TYPE)),
  );
  app.get(
    '/api/ps',
    withKey(async ({ env }) =>
      sizedResponse(await listLoaded(await env.service.lookedAgain(), env.key), 200, JSON_TYPE),
    ),
  );
  app.get(
    '/api/version',
    withKey(async ({ env }) => jsonResponse(await showVersion(env.service))),
  );
  app.post('/api/show', withKey(show));
  app.on(
    ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    CHANGES,
    withKey(({ env }) => errorResponse(env, CHANGE)),
  );
}

const CHANGE: Failure = {
  kind: 'forbidden',
  code: 'managed_elsewhere',
  message: 'models are managed on the servers: this gateway neither adds, changes nor removes them',
};

async function show({ env }: Context<GatewayEnv>): Promise<Response> {
  const { record } = env;
  const service = await env.service.lookedAgain();
  const bytes = await readBody(env);
  const read = bytes.ok ? readBytes(bytes.value, readShow) : bytes;
  if (!read.ok) return errorResponse(env, read.failure);
  const { asked, verbose } = read.value;
  const names = service.namesFor(env.key);
  const alias = aliasOf(asked, names.models);
  record.alias = alias;
  const group = names.groupOf(alias);
  if (group === undefined)
    return errorResponse(
      env,
      service.isUnlisted(alias) && names.mayHave(alias) ? unlistedModel(asked) : unknownModel(asked),
    );
  const { body: shown, from } = await showModel(service, { ...group, name: alias }, verbose);
  if (from === undefined) return jsonResponse(shown);
  record.model = from.model;
  record.backend = from.writtenUrl;
  const reply = jsonResponse(shown);
  reply.headers.set('x-hxllm-backend', from.writtenUrl);
  return reply;
}

function readShow(body: Body): FailureOr<{ readonly asked: string; readonly verbose: boolean }> {
  // Ollama's own client calls it `name`, and sends an empty `model` beside it.
  const asked = (body.text('model') || body.text('name')) ?? '';
  const verbose = body.flag('verbose') ?? false;
  if (asked === '') body.refuse('model', 'model is required');
  return { ok: true, value: { asked, verbose } };
}
