import { startSim, type Sim } from '../../../../src/sim/server.ts';
import { startGateway, type Running } from '../../running.ts';

export const LLAMA = 'llama3:8b-instruct-q8_0';

export const ECHO = { messages: [{ role: 'user', content: 'Repeat after me: one two' }] };

/** A gateway in front of two simulated servers of different versions. */
export interface WireStage {
  readonly sims: readonly Sim[];
  readonly gateway: Running;
  readonly stop: () => Promise<void>;
}

/** Starts them, with a chat model whose context length is fixed and a model for embeddings. */
export async function startWireStage(): Promise<WireStage> {
  const sims = await Promise.all([
    startSim({ numParallel: 2, tokenMs: 0.1 }),
    startSim({ numParallel: 2, tokenMs: 0.1, version: '0.9.6' }),
  ]);
  const entry = (model_name: string, model: string, more: object = {}) =>
    sims.map(({ url }) => ({ model_name, litellm_params: { model, api_base: url, ...more } }));
  const gateway = await startGateway([], {
    model_list: [
      ...entry('chat', `ollama_chat/${LLAMA}`, { num_ctx: 4096 }),
      ...entry('embed', 'ollama/nomic-embed-text'),
    ],
  });
  return {
    sims,
    gateway,
    stop: async () => {
      await gateway[Symbol.asyncDispose]();
      await Promise.all(sims.map((sim) => sim.close()));
    },
  };
}
