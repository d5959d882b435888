import { startFake, type FakeUpstream } from './fake-upstream.ts';
import { startGateway, untilListed, type Running } from './running.ts';

/** A gateway with three models, one with an alias, on one server. */
export interface AppStage {
  readonly fake: FakeUpstream;
  readonly gateway: Running;
  readonly stop: () => Promise<void>;
}

/** Starts both. */
export async function startApp(): Promise<AppStage> {
  const fake = await startFake();
  const entry = (model_name: string): object => ({
    model_name,
    litellm_params: { model: 'ollama_chat/m', api_base: `${fake.url}/` },
  });
  const gateway = await startGateway([], {
    model_list: ['m', 'org/name:7b', 'ü ß'].map(entry),
    router_settings: { model_group_alias: { other: 'm' } },
  });
  // A request before the first list of the models in memory waits for a load, and its headers say so.
  await untilListed(gateway);
  return {
    fake,
    gateway,
    stop: async () => {
      await gateway[Symbol.asyncDispose]();
      await fake.kill();
    },
  };
}
