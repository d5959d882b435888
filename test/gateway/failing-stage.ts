import { answersShortly, fails, NOWHERE, startFake, type FakeUpstream } from './fake-upstream.ts';
import { startGateway, type Running } from './running.ts';

/** A server whose runner dies. */
export const DIES = fails(500, 'llama runner process has terminated');

/** A gateway with two aliases of one model that answers, one on a server that fails, and one without a server. */
export async function startFailing(): Promise<{
  readonly fake: FakeUpstream;
  readonly broken: FakeUpstream;
  readonly gateway: Running;
  /** The servers behave as at the start. */
  readonly reset: () => void;
  readonly stop: () => Promise<void>;
}> {
  const fake = await startFake();
  const broken = await startFake(DIES);
  const gateway = await startGateway([], {
    model_list: [
      { model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: fake.url, num_ctx: 4096 } },
      { model_name: 'twin', litellm_params: { model: 'ollama_chat/m', api_base: `${fake.url}/` } },
      { model_name: 'bad', litellm_params: { model: 'ollama/broken', api_base: broken.url } },
      { model_name: 'worse', litellm_params: { model: 'ollama_chat/broken', api_base: NOWHERE[0] } },
    ],
    router_settings: { num_retries: 0, allowed_fails: 1000, fallbacks: [{ bad: ['worse'] }] },
  });
  return {
    fake,
    broken,
    gateway,
    reset: () => {
      fake.behave(answersShortly('hello'));
      broken.behave(DIES);
    },
    stop: async () => {
      await gateway[Symbol.asyncDispose]();
      await fake.kill();
      await broken.kill();
    },
  };
}
