import OpenAI from 'openai';
import { startSim, type Sim } from '../../../../src/sim/server.ts';
import { KEY, startGateway, type Running } from '../../running.ts';

/** OpenAI's client, a gateway, and a simulated server with three models that are served natively and by `openai/`. */
export interface SdkStage {
  readonly sim: Sim;
  readonly gateway: Running;
  readonly client: OpenAI;
  readonly stop: () => Promise<void>;
}

/** Starts them. */
export async function startSdkStage(): Promise<SdkStage> {
  const sim = await startSim({
    models: [{ name: 'phi3:mini' }, { name: 'llama3.1' }, { name: 'qwen3' }],
    loadMs: 20,
    tokenMs: 1,
    numParallel: 2,
  });
  const native = { phi: 'phi3:mini', tools: 'llama3.1', thinks: 'qwen3' };
  const model_list = Object.entries(native).flatMap(([alias, model]) => [
    { model_name: alias, litellm_params: { model: `ollama_chat/${model}`, api_base: sim.url } },
    { model_name: `openai-${alias}`, litellm_params: { model: `openai/${model}`, api_base: `${sim.url}/v1` } },
  ]);
  const gateway = await startGateway([], { model_list });
  return {
    sim,
    gateway,
    client: new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: KEY, maxRetries: 0 }),
    stop: async () => {
      await gateway[Symbol.asyncDispose]();
      await sim.close();
    },
  };
}
