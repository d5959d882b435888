import { after, before, describe } from 'node:test';
import { startSim, type Sim } from '../../../src/sim/server.ts';
import { KEY, startGateway, type Running } from '../running.ts';
import { checkConformance } from './suite.ts';
import { targetOfEnvironment, type Target } from './target.ts';

const named = targetOfEnvironment(process.env);

if (named === undefined) {
  describe('in front of simulated servers', () => {
    let sims: readonly Sim[] = [];
    let gateway: Running;
    let target: Target;
    before(async () => {
      const models = [{ name: 'phi3:mini' }, { name: 'llama3.1' }, { name: 'nomic-embed-text:latest' }];
      sims = await Promise.all([1, 2].map(() => startSim({ models, loadMs: 10, tokenMs: 1, prefillMsPerToken: 0.01, numParallel: 4 })));
      const aliases = { 'org/phi:3': 'ollama_chat/phi3:mini', tools: 'ollama_chat/llama3.1', embed: 'ollama/nomic-embed-text' };
      const model_list = Object.entries(aliases).flatMap(([model_name, model]) => sims.map(({ url }) => ({ model_name, litellm_params: { model, api_base: url } })));
      gateway = await startGateway([], { model_list, hxllm: { backends: Object.fromEntries(sims.map(({ url }) => [url, { num_parallel: 4 }])) } });
      target = { url: `${gateway.url}/v1`, key: KEY, chat: 'org/phi:3', tools: 'tools', embed: 'embed' };
    });
    after(async () => {
      await gateway[Symbol.asyncDispose]();
      await Promise.all(sims.map((sim) => sim.close()));
    });
    checkConformance(() => target);
  });
} else {
  describe(`in front of ${named.url}`, () => {
    checkConformance(() => named);
  });
}
