import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import OpenAI, { APIError } from 'openai';
import { KEY, startGateway, type Running } from '../gateway/running.ts';
import { read } from '../ollama/asking.ts';
import { until } from '../ollama/case.ts';
import { FIELD_MODEL, startTwoRealOllamas, whyNoRealOllama, type RealServer } from './ollama-server.ts';

const skip = whyNoRealOllama();
const LIMITS = { skip, timeout: 30_000 };
const MESSAGES = [{ role: 'user' as const, content: 'Say something.' }];
const CHAT = { model: 'phi3-3.8b', messages: MESSAGES, max_tokens: 8, seed: 3 };
// A grammar that keeps the model busy for seconds.
const TRUTHS = {
  type: 'json_schema' as const,
  json_schema: { name: 'truths', schema: { type: 'array', items: { type: 'boolean' }, minItems: 1500 } },
};

function modelList(urls: readonly string[]): readonly object[] {
  const models = { 'phi3-3.8b': `ollama_chat/${FIELD_MODEL}`, embed: 'ollama/tiny' };
  return Object.entries(models).flatMap(([model_name, model]) =>
    urls.map((api_base) => ({ model_name, litellm_params: { model, api_base } })),
  );
}

describe('the OpenAI SDK through the gateway onto two real Ollama servers', () => {
  let servers: readonly RealServer[] = [];
  let gateway: Running;
  let client: OpenAI;
  if (skip === false) {
    before(async () => {
      servers = await startTwoRealOllamas({ numParallel: 1 });
      gateway = await startGateway([], { model_list: modelList(servers.map(({ url }) => url)) });
      client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: KEY, maxRetries: 0 });
    });
    after(async () => {
      await gateway[Symbol.asyncDispose]();
      await Promise.all(servers.map((server) => server.close()));
    });
  }

  test('it lists the aliases', LIMITS, async () => {
    const { data } = await client.models.list();
    assert.deepEqual(data.map(({ id }) => id).toSorted(), ['embed', 'phi3-3.8b']);
  });

  test(
    'it chats, sees which server answered, and uses both servers once both have the model in memory',
    LIMITS,
    async () => {
      const ask = async (): Promise<string> =>
        (await client.chat.completions.create(CHAT).withResponse()).response.headers.get('x-hxllm-backend') ?? 'nobody';
      // A waiter brings the model to a server with empty memory.
      for (let turn = 0; turn < 20 && new Set(await Promise.all([ask(), ask(), ask()])).size < 2; turn += 1);
      const seen = new Set<string>();
      // The backend is chosen by chance: one of two may be left out for some requests.
      for (let turn = 0; turn < 6 || (seen.size < 2 && turn < 60); turn += 1) {
        const { data, response } = await client.chat.completions.create(CHAT).withResponse();
        seen.add(response.headers.get('x-hxllm-backend') ?? 'nobody');
        assert.equal(data.model, 'phi3-3.8b');
        assert.equal(typeof data.choices[0]?.message.content, 'string');
        assert.match(String(data.choices[0]?.finish_reason), /^(?:length|stop)$/);
        const usage = data.usage ?? { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
        assert.ok(usage.prompt_tokens > 0 && usage.completion_tokens > 0 && usage.completion_tokens <= 8);
        assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
      }
      assert.deepEqual([...seen].toSorted(), servers.map(({ url }) => url).toSorted());
    },
  );

  test('it streams, with the usage at the end', LIMITS, async () => {
    const stream = await client.chat.completions.create({
      ...CHAT,
      max_tokens: 20,
      stream: true,
      stream_options: { include_usage: true },
    });
    const [ids, reasons, totals] = [new Set<string>(), [] as string[], [] as number[]];
    for await (const chunk of stream) {
      ids.add(chunk.id);
      const reason = chunk.choices[0]?.finish_reason;
      if (typeof reason === 'string') reasons.push(reason);
      if (chunk.usage) totals.push(chunk.usage.total_tokens);
    }
    assert.equal(ids.size, 1);
    assert.equal(reasons.length, 1);
    assert.ok(totals.length === 1 && (totals[0] ?? 0) > 0);
  });

  test('it embeds several texts', LIMITS, async () => {
    const { data, usage } = await client.embeddings.create({ model: 'embed', input: ['hello', 'world'] });
    assert.deepEqual(
      data.map(({ index, embedding }) => [index, embedding.length]),
      [
        [0, 64],
        [1, 64],
      ],
    );
    assert.ok(usage.prompt_tokens > 0);
  });

  test('a wrong key and an unknown model are OpenAI’s errors', LIMITS, async () => {
    const stranger = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-wrong', maxRetries: 0 });
    const failsWith = async (status: number, attempt: Promise<unknown>): Promise<void> => {
      await assert.rejects(attempt, (error) => error instanceof APIError && error.status === status);
    };
    await failsWith(401, stranger.models.list());
    await failsWith(404, client.chat.completions.create({ ...CHAT, model: 'nope' }));
  });

  test('clients that leave their streams free the slots on the servers', LIMITS, async () => {
    const streams = await Promise.all(
      servers.map(() =>
        client.chat.completions.create({ ...CHAT, max_tokens: 10_000, response_format: TRUTHS, stream: true }),
      ),
    );
    for (const stream of streams) stream.controller.abort();
    for (const server of servers) {
      const next = read(server, '/api/chat', { model: FIELD_MODEL, messages: MESSAGES, options: { num_predict: 1 } });
      await until('a slot is free', next.hasBegun, 3000);
      next.leave();
    }
  });

  test('when one server dies the other answers', LIMITS, async () => {
    const [dying, staying] = servers;
    await dying?.close();
    for (let turn = 0; turn < 4; turn += 1) {
      const { response } = await client.chat.completions.create(CHAT).withResponse();
      assert.equal(response.headers.get('x-hxllm-backend'), staying?.url);
    }
  });
});
