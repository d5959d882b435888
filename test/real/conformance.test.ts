import { test } from 'node:test';
import { BEYOND_API, judgeWithCommand, testRows } from '../conformance/judging.ts';
import { KEY, startGateway } from '../gateway/running.ts';
import { startTwoRealOllamas, whyNoRealOllama } from './ollama-server.ts';

const skip = whyNoRealOllama();

// Random weights: the models talk, embed, follow grammars and accept tools, but neither call one, nor think, nor see.
const BEYOND = [
  'wire/content/chat-order',
  'wire/content/responses-order',
  'wire/content/messages-order',
  'wire/chat/reasoning',
  ...BEYOND_API,
  'wire/errors/should-retry',
  'openai/tools/own-will',
  'openai/tools/own-will-stream',
  'anthropic/messages/thinking',
  'anthropic/tools/own-will',
  'ollama/answers/think',
  'ollama/tools/own-will',
  'ollama/tools/own-will-stream',
  'vercel/openai-chat/reasoning',
  'vercel/compatible/reasoning',
  'vercel/openai-responses/reasoning',
  'vercel/anthropic/reasoning',
  'langchain/ollama/bindTools',
  'langchain/ollama/bindTools-stream',
];

if (skip !== false) {
  test('clients in front of two real Ollama servers', { skip }, () => undefined);
} else {
  const servers = await startTwoRealOllamas();
  const model_list = ['chat', 'embed'].flatMap((model_name) =>
    servers.map(({ url }) => ({ model_name, litellm_params: { model: 'ollama_chat/tiny', api_base: url } })),
  );
  const gateway = await startGateway([], {
    model_list,
    hxllm: { backends: Object.fromEntries(servers.map(({ url }) => [url, { num_parallel: 2 }])) },
  });
  try {
    testRows(await judgeWithCommand({ url: gateway.url, key: KEY, model: 'chat', embed: 'embed' }), BEYOND);
  } finally {
    await gateway[Symbol.asyncDispose]();
    await Promise.all(servers.map((server) => server.close()));
  }
}
