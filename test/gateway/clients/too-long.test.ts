import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fails, startFake } from '../fake-upstream.ts';
import { errorOf, startGateway } from '../running.ts';

// The texts by which clients recognise that a conversation must be cut: litellm 1.110.2, langchain-openai 1.7.4, and those of older
// clients.
const SIGNS: Readonly<Record<string, RegExp>> = {
  'LiteLLM, and so aider': /this model's maximum context length is/i,
  LangChain: /Input tokens exceed the configured limit/,
  'many others': /maximum context length/,
};

test('clients that search the message recognise that a prompt was too long', async () => {
  await using server = await startFake(fails(400, 'the input length exceeds the context length'));
  await using gateway = await startGateway([server]);
  for (const body of [{}, { stream: true }]) {
    const { message, code } = await errorOf(await gateway.chat(body));
    assert.equal(code, 'context_length_exceeded');
    for (const [client, sign] of Object.entries(SIGNS)) assert.match(message, sign, client);
    assert.match(message, /\(the input length exceeds the context length\)/, 'and the server is quoted');
  }
});

test("a server's message with such words is passed on unchanged", async () => {
  const message = "This model's maximum context length is 4096 tokens. However, your messages resulted in 5000 tokens.";
  await using server = await startFake(fails(400, message));
  await using gateway = await startGateway([], {
    model_list: [{ model_name: 'm', litellm_params: { model: 'openai/m', api_base: `${server.url}/v1` } }],
  });
  assert.partialDeepStrictEqual(await errorOf(await gateway.chat()), {
    message,
    code: 'context_length_exceeded',
  });
});
