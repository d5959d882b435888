import { startSim } from '../../src/sim/server.ts';
import { KEY, startGateway } from '../gateway/running.ts';
import { BEYOND_API, judgeWithCommand, testRows } from './judging.ts';

// The gateway in front of two simulated servers, whose model has every capability.
const models = [
  { name: 'llama3.1', capabilities: ['completion', 'tools', 'thinking', 'vision'] as const },
  { name: 'nomic-embed-text' },
];
const sims = await Promise.all(
  [1, 2].map(() => startSim({ models, loadMs: 10, tokenMs: 1, prefillMsPerToken: 0.01, numParallel: 4 })),
);
const aliases = { 'org/llama:3': 'ollama_chat/llama3.1', embed: 'ollama/nomic-embed-text' };
const model_list = Object.entries(aliases).flatMap(([model_name, model]) =>
  sims.map(({ url }) => ({ model_name, litellm_params: { model, api_base: url } })),
);
const gateway = await startGateway([], {
  model_list,
  hxllm: { backends: Object.fromEntries(sims.map(({ url }) => [url, { num_parallel: 4 }])) },
});
const beyond = [
  ...BEYOND_API,
  'wire/errors/should-retry',
  // The alias has a tag.
  ...['chat', 'completions', 'responses', 'messages', 'ollama'].map((api) => `wire/tolerance/${api}-latest`),
  // These two providers read no thoughts but summaries of them.
  'vercel/openai-chat/reasoning',
  'vercel/openai-responses/reasoning',
];
try {
  testRows(await judgeWithCommand({ url: gateway.url, key: KEY, model: 'org/llama:3', embed: 'embed' }), beyond);
} finally {
  await gateway[Symbol.asyncDispose]();
  await Promise.all(sims.map((sim) => sim.close()));
}
