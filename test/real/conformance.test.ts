import { after, before, describe } from 'node:test';
import { checkConformance } from '../gateway/conformance/suite.ts';
import type { Target } from '../gateway/conformance/target.ts';
import { KEY, startGateway, type Running } from '../gateway/running.ts';
import { FIELD_MODEL, startRealOllama, whyNoRealOllama, type RealServer } from './ollama-server.ts';

const skip = whyNoRealOllama();

// Weights at random: they talk, embed and keep to grammars, and are given tools, but call none.
for (const [what, model] of [['a model that knows tools', FIELD_MODEL], ['a model that knows none', 'tiny-plain']] as const) {
  describe(`OpenAI in front of two real Ollama servers, ${what}`, () => {
    let servers: readonly RealServer[] = [];
    let gateway: Running;
    let target: Target;
    if (skip === false) {
      before(async () => {
        servers = await Promise.all([startRealOllama(), startRealOllama()]);
        const aliases = { 'phi3-3.8b': `ollama_chat/${model}`, embed: 'ollama/tiny' };
        const model_list = Object.entries(aliases).flatMap(([model_name, target_]) => servers.map(({ url }) => ({ model_name, litellm_params: { model: target_, api_base: url } })));
        gateway = await startGateway([], { model_list, hxllm: { backends: Object.fromEntries(servers.map(({ url }) => [url, { num_parallel: 2 }])) } });
        target = { url: `${gateway.url}/v1`, key: KEY, chat: 'phi3-3.8b', tools: undefined, embed: 'embed' };
      });
      after(async () => {
        await gateway[Symbol.asyncDispose]();
        await Promise.all(servers.map((server) => server.close()));
      });
    }
    checkConformance(() => target, skip);
  });
}
