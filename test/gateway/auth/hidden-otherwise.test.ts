import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ENDPOINTS } from '../../../src/gateway/api/endpoints.ts';
import { startFake } from '../fake-upstream.ts';
import { startGateway, type Running } from '../running.ts';

/** Names that the keys below may not use: hidden models, some that a wildcard would serve, an alias of the key's own, and the wildcard itself. */
const HIDDEN = ['secret', 'wild/x', 'vectors', 'mine', 'wild/*', 'secret:latest'];
const UNKNOWN = 'no-such-model';

/** Keys that may use other models, with whatever names the hidden ones. */
const KEYS: Readonly<Record<string, object>> = {
  'limits for hidden models': { models: ['open'], model_rpm_limit: { secret: 0 }, model_tpm_limit: { 'wild/x': 0 } },
  'a name of its own for a hidden model': { models: ['open'], aliases: { mine: 'secret' } },
  'a narrower wildcard': { models: ['wild/a*'] },
  'no models': { models: ['no-default-models'] },
  'a team without them': { team_id: 'narrow', models: ['all-team-models', 'secret'] },
  'a type': { models: ['open'], key_type: 'llm_api' },
};

/** Ways of a configuration to another model. */
const ROUTERS: Readonly<Record<string, object>> = {
  none: {},
  'fallbacks of all models': { default_fallbacks: ['open'] },
  'fallbacks that are hidden': { default_fallbacks: ['secret'], fallbacks: [{ open: ['secret'] }] },
  'fallbacks for long prompts': { context_window_fallbacks: [{ open: ['secret'] }, { secret: ['open'] }] },
};

const BODY = { messages: [{ role: 'user', content: 'hi' }], input: 'hi', max_tokens: 5 };
const GETS = ['/v1/models/NAME', '/model/info?litellm_model_id=id-NAME', '/model_group/info?model_group=NAME'];

/** Status, headers and text, without what differs from request to request; the name as NAME. */
async function answerOf(gateway: Running, path: string, name: string, key: string): Promise<string> {
  const isGet = GETS.includes(path);
  // A prompt is a template in OpenAI's responses.
  const prompt = path.includes('/responses') ? {} : { prompt: 'hi' };
  const answer = await gateway.ask(path.replace('NAME', name), {
    headers: { authorization: `Bearer ${key}` },
    ...(isGet ? {} : { method: 'POST', body: JSON.stringify({ ...BODY, ...prompt, model: name, name }) }),
  });
  const varying = /^(?:date|.*request-id|x-litellm-call-id|content-length|server-timing)$/;
  const headers = [...answer.headers].filter(([header]) => !varying.test(header)).map((header) => header.join(': '));
  const text = (await answer.text()).replaceAll(`"${name}"`, '"NAME"').replaceAll(name, 'NAME');
  return [answer.status, ...headers, text.replaceAll(/req_[0-9a-f]{32}/g, 'ID')].join('\n');
}

for (const [way, router_settings] of Object.entries(ROUTERS))
  test(`hidden models are unknown ones in each dialect, whatever names them; routes: ${way}`, async (context) => {
    const state_dir = mkdtempSync(join(tmpdir(), 'hxllm-hidden-'));
    context.after(() => {
      rmSync(state_dir, { recursive: true });
    });
    await using fake = await startFake();
    const entry = (model_name: string, model: string, more: object = {}): object => ({
      model_name,
      litellm_params: { model, api_base: fake.url },
      model_info: { id: `id-${model_name}`, ...more },
    });
    const model_list = [
      entry('open', 'ollama_chat/m'),
      entry('secret', 'ollama_chat/m'),
      entry('wild/*', 'ollama_chat/*'),
      entry('vectors', 'ollama/m', { mode: 'embedding' }),
    ];
    await using gateway = await startGateway([], { model_list, router_settings, hxllm: { state_dir } });
    const post = async (path: string, body: object): Promise<Readonly<Record<string, unknown>>> => {
      const answer = await gateway.ask(path, { method: 'POST', body: JSON.stringify(body) });
      assert.equal(answer.status, 200);
      return (await answer.json()) as Readonly<Record<string, unknown>>;
    };
    await post('/team/new', { team_id: 'narrow', models: ['open'] });
    const posts = ENDPOINTS.map(({ paths }) => paths[0] ?? '');
    for (const [title, fields] of Object.entries(KEYS)) {
      const key = String((await post('/key/generate', fields))['key']);
      for (const path of [...posts, '/api/show', ...GETS]) {
        const unknown = await answerOf(gateway, path, UNKNOWN, key);
        assert.match(unknown, path.startsWith('/model') ? /^(?:200|40[04])/ : /^404/, path);
        for (const name of HIDDEN)
          assert.equal(await answerOf(gateway, path, name, key), unknown, `${title}: ${path} ${name}`);
      }
    }
    // The gateway lists the models of a wildcard by itself.
    assert.deepEqual([...new Set(fake.requests.map(({ path }) => path))], ['/api/tags']);
  });
