import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startGateway, until, type Running } from '../gateway/running.ts';
import { startRealOllama, whyNoRealOllama, type RealServer } from './ollama-server.ts';

const skip = whyNoRealOllama();
const LIMITS = { skip, timeout: 240_000 };

describe('a real Ollama whose clients leave', () => {
  let server: RealServer;
  let gateway: Running;
  if (skip === false) {
    before(async () => {
      server = await startRealOllama({ numParallel: 2, others: [] });
      gateway = await startGateway([], {
        model_list: [{ model_name: 'm', litellm_params: { model: 'ollama_chat/tiny', api_base: server.url } }],
        hxllm: { backends: { [server.url]: { num_parallel: 2 } } },
      });
    });
    after(async () => {
      await gateway[Symbol.asyncDispose]();
      await server.close();
    });
  }

  const answer = async (): Promise<number> => {
    const response = await gateway.chat({ max_tokens: 4 });
    await response.text();
    return response.status;
  };

  test('many streams that are left in their first tokens leave a model that answers', LIMITS, async () => {
    for (let round = 0; round < 12; round += 1)
      await Promise.all(
        Array.from({ length: 16 }, async (_, index) => {
          const leaving = new AbortController();
          const init = { signal: leaving.signal };
          const stream = gateway.chat({ stream: true, max_tokens: 400 }, init).then((response) => response.text());
          await sleep((index * 7 + round * 11) % 90);
          leaving.abort();
          await stream.catch(() => undefined);
        }),
      );
    const { scheduler } = gateway.service();
    await until('nothing is under way', () => scheduler.inFlight + scheduler.waiting === 0);
    // Where slots are lost, the model is unloaded first.
    assert.deepEqual(await Promise.all([answer(), answer(), answer(), answer()]), [200, 200, 200, 200]);
  });
});
