import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answersShortly, DONE, fails, piece, startFake, type Behaviour, type FakeUpstream } from '../fake-upstream.ts';
import { errorOf, startGateway, textOf } from '../running.ts';

const tool = (name: string): object => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: {} } },
});

interface Sent {
  readonly tools?: readonly object[];
}

const chats = (fake: FakeUpstream): readonly Sent[] =>
  fake.requests.filter(({ path }) => path.includes('chat')).map(({ body }) => JSON.parse(body) as Sent);

/** A chat in Anthropic's dialect, which is translated for an `openai/` server. */
const anthropic = (name: string): string =>
  JSON.stringify({
    model: 'm',
    max_tokens: 2000,
    messages: [{ role: 'user', content: 'hi' }],
    thinking: { type: 'enabled', budget_tokens: 1024 },
    tools: [{ name, input_schema: { type: 'object', properties: {} } }],
  });

const quotes: Behaviour = (_got, outgoing) => {
  const error = { message: 'Invalid tool set_reasoning_effort: its schema has no properties' };
  outgoing.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
};

const CHUNK = { id: 'a', object: 'chat.completion.chunk', model: 'm' };
const answersStream: Behaviour = (_got, outgoing) => {
  const choice = { index: 0, delta: { content: 'fine' }, finish_reason: 'stop' };
  outgoing.end(`data: ${JSON.stringify({ ...CHUNK, choices: [choice] })}\n\ndata: [DONE]\n\n`);
};

test("a client's words that a server quotes turn thinking off for no other client", async () => {
  // The second server takes the same tool without thinking: the words are the client's all the same.
  const other: Behaviour = (got, outgoing) =>
    got.body.includes('enable_thinking') ? quotes(got, outgoing) : answersStream(got, outgoing);
  for (const behaviour of [quotes, other]) {
    await using fake = await startFake(behaviour);
    await using gateway = await startGateway([], {
      model_list: [{ model_name: 'm', litellm_params: { model: 'openai/m', api_base: fake.url, api_key: 'none' } }],
    });
    const ask = (body: string): Promise<Response> => gateway.ask('/v1/messages', { method: 'POST', body });
    await ask(anthropic('set_reasoning_effort'));
    fake.behave(answersStream);
    const before = fake.requests.length;
    const answer = await ask(anthropic('plain'));
    assert.deepEqual([answer.status, answer.headers.get('x-hxllm-ignored-params')], [200, 'thinking.budget_tokens']);
    assert.match(fake.requests[before]?.body ?? '', /"enable_thinking":true/);
  }
});

test('a refusal is learned for everybody once the request without it was answered, not before', async () => {
  let answered = false;
  await using fake = await startFake((got, outgoing) => {
    const { tools } = JSON.parse(got.body) as Sent;
    if (tools !== undefined)
      return fails(400, 'registry.ollama.ai/library/m:latest does not support tools')(got, outgoing);
    return answered ? void outgoing.end(piece('talk') + DONE) : fails(500, 'boom')(got, outgoing);
  });
  await using gateway = await startGateway([fake], { router_settings: { num_retries: 0 } });
  const tools = [tool('t')];
  assert.equal((await gateway.chat({ tools })).status, 502);
  answered = true;
  assert.equal(await textOf(await gateway.chat({ tools })), 'talk');
  assert.equal(await textOf(await gateway.chat({ tools })), 'talk');
  assert.deepEqual(
    chats(fake).map(({ tools: sent }) => sent !== undefined),
    [true, false, true, false, false],
  );
});

test('words about the state of a server in the refusal of a request count against the request', async () => {
  for (const words of ['server busy', 'llm server loading model', 'model runner has unexpectedly stopped']) {
    await using fake = await startFake(fails(400, `invalid format: "${words}"`));
    await using gateway = await startGateway([fake], { router_settings: { allowed_fails: 1 } });
    const response = await gateway.chat({ messages: [{ role: 'user', content: words }] });
    assert.equal(response.status, 400, JSON.stringify(await errorOf(response)));
    assert.equal(chats(fake).length, 1);
    const { deployments, replicas } = gateway.service().scheduler.fleet;
    assert.ok([...deployments.values()].every(({ failures, cooldownUntilMs }) => failures + cooldownUntilMs === 0));
    assert.ok([...replicas.values()].every(({ pausedUntilMs }) => pausedUntilMs === 0));
    fake.behave(answersShortly('fine'));
    assert.equal(await textOf(await gateway.chat()), 'fine');
  }
});

/** Refuses the effort `high`, as OpenAI's API does, or as Ollama does. */
const refusesHigh: Behaviour = (got, outgoing) => {
  const { reasoning_effort: effort, think } = JSON.parse(got.body) as { reasoning_effort?: unknown; think?: unknown };
  if (effort === 'high') {
    const error = { message: "Invalid value for reasoning_effort: 'high'. Supported values are low and medium." };
    outgoing.writeHead(400).end(JSON.stringify({ error }));
  } else if (think === 'high')
    outgoing.writeHead(400).end('{"error":"think value \\"high\\" is not supported for this model"}');
  else if (got.path === '/api/chat') outgoing.end(piece('fine') + DONE);
  else return answersStream(got, outgoing);
  return undefined;
};

test("an effort that a server refuses is left out of requests with that effort alone: the others' thinking stays", async () => {
  for (const model of ['openai/m', 'ollama_chat/m']) {
    await using fake = await startFake(refusesHigh);
    await using gateway = await startGateway([], {
      model_list: [{ model_name: 'm', litellm_params: { model, api_base: fake.url, api_key: 'none' } }],
    });
    const ask = async (effort: string): Promise<readonly unknown[]> => {
      const body = JSON.stringify({ model: 'm', input: 'hi', reasoning: { effort }, stream: true });
      const response = await gateway.ask('/v1/responses', { method: 'POST', body });
      await response.text();
      const sent = JSON.parse(fake.requests.at(-1)?.body ?? '') as Readonly<Record<string, unknown>>;
      const { enable_thinking: thinks } = (sent['chat_template_kwargs'] ?? {}) as { enable_thinking?: unknown };
      return [response.status, sent['reasoning_effort'] ?? sent['think'], thinks ?? true];
    };
    const free = model === 'openai/m' ? undefined : true;
    assert.deepEqual(await ask('high'), [200, free, true], `${model}: it thinks, with its own effort`);
    assert.deepEqual(await ask('low'), [200, 'low', true], model);
    const before = fake.requests.length;
    assert.deepEqual(await ask('high'), [200, free, true], model);
    assert.equal(fake.requests.length, before + 1, `${model}: it is tried once`);
  }
});

test('a request that goes to an openai/ server as it came is not touched by what was learned, and nothing is named', async () => {
  await using fake = await startFake((got, outgoing) => {
    if (!got.body.includes('chat_template_kwargs')) return answersStream(got, outgoing);
    outgoing.writeHead(400).end('{"error":{"message":"chat_template is not supported for Mistral tokenizers."}}');
    return undefined;
  });
  await using gateway = await startGateway([], {
    model_list: [{ model_name: 'm', litellm_params: { model: 'openai/m', api_base: fake.url, api_key: 'none' } }],
  });
  const body = JSON.stringify({ model: 'm', input: 'hi', reasoning: { effort: 'low' }, stream: true });
  const learned = await gateway.ask('/v1/responses', { method: 'POST', body });
  assert.deepEqual([learned.status, learned.headers.get('x-hxllm-ignored-params')], [200, 'reasoning.effort']);
  await learned.text();
  const own = await gateway.chat({ reasoning_effort: 'low', stream: true });
  assert.deepEqual([own.status, own.headers.get('x-hxllm-ignored-params')], [200, null]);
  await own.text();
  assert.match(fake.requests.at(-1)?.body ?? '', /"reasoning_effort":"low"/);
});
