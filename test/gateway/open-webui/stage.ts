import { startSim, type ModelSpec, type Sim } from '../../../src/sim/server.ts';
import { startGateway, type Running } from '../running.ts';
import type { Fixture } from './fixture.ts';

/** The gateway that Open WebUI was pointed at, in front of simulated servers. */
export interface Stage {
  readonly sims: readonly Sim[];
  readonly gateway: Running;
  /** Sends a request as it was recorded. */
  readonly play: (fixture: Fixture, signal?: AbortSignal) => Promise<Response>;
  readonly close: () => Promise<void>;
}

// The aliases of the recorded requests, and one with a context too small for Open WebUI's tools.
const MODELS: Readonly<Record<string, ModelSpec>> = {
  'phi3-3.8b': { name: 'phi3:3.8b-mini-128k-instruct-q8_0' },
  'llama3.1-8b': { name: 'llama3.1:8b' },
  'org/qwen3:8b': { name: 'qwen3:8b' },
  'gemma3-4b': { name: 'gemma3:4b' },
  'nomic-embed-text': { name: 'nomic-embed-text:latest' },
  narrow: { name: 'llama3.2:1b', numCtx: 4096 },
};

/** The names in the model menu. */
export const ALIASES: ReadonlySet<string> = new Set(Object.keys(MODELS));

/** Starts it. */
export async function startStage(servers: number): Promise<Stage> {
  const models = Object.values(MODELS);
  const sims = await Promise.all(
    Array.from({ length: servers }, () =>
      startSim({
        port: 0,
        models,
        numParallel: 4,
        loadMs: 10,
        tokenMs: 1,
        prefillMsPerToken: 0.001,
        maxLoadedModels: models.length,
        vramMiB: 65_536,
      }),
    ),
  );
  const model_list = Object.entries(MODELS).flatMap(([model_name, { name }]) =>
    sims.map(({ url }) => ({ model_name, litellm_params: { model: `ollama_chat/${name}`, api_base: url } })),
  );
  const gateway = await startGateway([], {
    model_list,
    hxllm: { backends: Object.fromEntries(sims.map(({ url }) => [url, { num_parallel: 4 }])) },
  });
  const play = ({ method, path, headers, body }: Fixture, signal?: AbortSignal): Promise<Response> =>
    fetch(`${gateway.url}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  const close = async (): Promise<void> => {
    await gateway[Symbol.asyncDispose]();
    await Promise.all(sims.map((sim) => sim.close()));
  };
  return { sims, gateway, play, close };
}
