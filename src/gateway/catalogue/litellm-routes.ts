import type { Context, Hono } from 'hono';
import type { GatewayEnv } from '../request-context.ts';
import { jsonResponse, sizedResponse } from '../http/sized-response.ts';
import { listModelGroups, listModelInfo, type ListText } from './model-info.ts';

type Handler = (c: Context<GatewayEnv>) => Response | Promise<Response>;

/** Adds the paths of LiteLLM that its clients ask for the properties of models. `withKey` protects a handler. */
export function addModelInfo(app: Hono<GatewayEnv>, withKey: (handler: Handler) => Handler): void {
  for (const path of ['/model/info', '/v1/model/info']) app.get(path, withKey(showModelInfo));
  app.get(
    '/model_group/info',
    withKey(async ({ env, req }) => {
      const groups = await listModelGroups(await env.service.lookedAgain(), env.key, req.query('model_group'));
      return dataResponse(groups);
    }),
  );
  app.get('/health/services', withKey(checkService));
}

async function showModelInfo({ env, req }: Context<GatewayEnv>): Promise<Response> {
  const id = req.query('litellm_model_id');
  const infos = await listModelInfo(await env.service.lookedAgain(), env.key, id);
  if (id === undefined || infos.items > 0) return dataResponse(infos);
  env.record.failure = 'model_not_found';
  return jsonResponse({ detail: { error: `Model id = ${id.slice(0, 200)} not found on litellm proxy` } }, 400);
}

function dataResponse({ text }: ListText): Response {
  return sizedResponse(text, 200, { 'content-type': 'application/json' });
}

/** LiteLLM tests a service for its log or alerts here. The gateway sends to none, and says so as LiteLLM does for one that is not set up. */
function checkService({ env, req }: Context<GatewayEnv>): Response {
  const service = req.query('service');
  env.record.failure = 'no_services';
  if (service === undefined)
    return jsonResponse({ detail: [{ type: 'missing', loc: ['query', 'service'], msg: 'Field required' }] }, 422);
  const message = `{'error': '"${service.slice(0, 100)}" not in proxy config: general_settings. Unable to test this.'}`;
  return jsonResponse({ error: { message, type: 'auth_error', param: 'None', code: '422' } }, 422);
}
