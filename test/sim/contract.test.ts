import { after, before, describe, test } from 'node:test';
import { startSim, type Sim } from '../../src/sim/server.ts';
import { CONTRACT } from '../ollama/contract.ts';

// Set up like the real server of test/real: names, contexts, slots, and memory for one model.
const TINY = {
  family: 'llama',
  trainedContext: 2048,
  numCtx: 1024,
  numPredict: 64,
  embeddingLength: 64,
  weights: 'tiny',
} as const;
const MODELS = [
  { ...TINY, name: 'tiny' },
  { ...TINY, name: 'tiny-plain', numCtx: 512, capabilities: ['completion'] },
  { ...TINY, name: 'phi3:3.8b-mini-128k-instruct-q8_0', capabilities: ['completion', 'tools'] },
  { ...TINY, name: 'other', weights: 'other' },
] as const;

let sim: Sim;
before(async () => {
  sim = await startSim({
    models: MODELS,
    numParallel: 2,
    maxLoadedModels: 1,
    loadMs: 20,
    tokenMs: 1,
    prefillMsPerToken: 0.2,
  });
});
after(() => sim.close());

for (const [subject, cases] of Object.entries(CONTRACT)) {
  describe(`the simulated Ollama, ${subject}`, () => {
    for (const one of cases) test(one.name, () => one.check(sim));
  });
}
