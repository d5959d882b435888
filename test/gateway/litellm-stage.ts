import { answersShortly, startFake, type FakeUpstream } from './fake-upstream.ts';
import { startGateway, type Running } from './running.ts';

/** A secret of the file that no response may show. */
export const SECRET = 'sk-backend-secret-0123456789';

/** A gateway for a LiteLLM user's file: aliases, a hidden one, a model that sees, one that embeds. */
export async function startLitellm(more: object = {}): Promise<{
  readonly fake: FakeUpstream;
  readonly gateway: Running;
  readonly stop: () => Promise<void>;
}> {
  const fake = await startFake();
  const capabilities: Readonly<Record<string, readonly string[]>> = {
    sees: ['completion', 'tools', 'vision', 'thinking'],
    plain: ['completion'],
    embeds: ['embedding'],
  };
  const answer = answersShortly('hello');
  fake.behave(async (got, outgoing) => {
    if (got.path !== '/api/show') return answer(got, outgoing);
    const { model } = JSON.parse(got.body) as { model: string }; // the gateway's own request
    if (capabilities[model] === undefined) outgoing.writeHead(404).end('{"error":"model not found"}');
    else
      outgoing.end(
        JSON.stringify({
          capabilities: capabilities[model],
          parameters: model === 'plain' ? 'num_ctx                        1024' : '',
          model_info: { 'general.architecture': 'llama', 'llama.context_length': 8192 },
        }),
      );
    return undefined;
  });
  const entry = (model_name: string, model: string, params: object = {}, model_info?: object): object => ({
    model_name,
    litellm_params: { model, api_base: `${fake.url}/`, api_key: SECRET, ...params },
    ...(model_info === undefined ? {} : { model_info }),
  });
  const gateway = await startGateway([], {
    model_list: [
      entry('chat', 'ollama_chat/sees', { num_ctx: 4096, rpm: 30, temperature: 0.5 }, { id: 'own-id' }),
      entry(
        'chat',
        'ollama/plain',
        { tpm: 1000 },
        { supports_vision: false, max_input_tokens: 99, note: 'mine', input_cost_per_token: null },
      ),
      entry('plain', 'ollama/plain'),
      entry('vectors', 'ollama/embeds'),
      entry('gone', 'ollama/gone', {}, { mode: 'embedding', api_key: SECRET }),
      entry('org/name:7b', 'ollama_chat/sees'),
      entry('ü ß', 'ollama_chat/sees'),
    ],
    router_settings: { model_group_alias: { 'gpt-4o': 'chat', secret: { model: 'chat', hidden: true } } },
    ...more,
  });
  return {
    fake,
    gateway,
    stop: async () => {
      await gateway[Symbol.asyncDispose]();
      await fake.kill();
    },
  };
}
