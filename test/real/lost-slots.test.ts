import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startGateway, until, type Running } from '../gateway/running.ts';
import { startRealOllama, whyNoRealOllama, type RealServer } from './ollama-server.ts';

const skip = whyNoRealOllama();
const LIMITS = { skip, timeout: 240_000 };

describe('a real Ollama that lives and answers nobody', () => {
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
  const unloads = (): number =>
    gateway.log.filter(({ event, reason }) => event === 'unloading' && reason === 'lost-slots').length;

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

  test('a model that stands still behind a server that answers is unloaded and loaded again', LIMITS, async () => {
    assert.equal(await answer(), 200);
    const [earlier, stopped] = [unloads(), await server.runners()];
    assert.equal(stopped.length, 1);
    // The server has the request, and would find out by itself only with another one.
    const messages = [{ role: 'user', content: 'gate way '.repeat(80) }];
    const waiting = gateway.chat({ messages, max_tokens: 4 });
    await until('it is sent', () => gateway.service().scheduler.inFlight === 1);
    await sleep(100);
    for (const pid of stopped) process.kill(pid, 'SIGSTOP');
    const sinceMs = performance.now();
    const response = await waiting;
    assert.equal(response.status, 200, await response.text());
    const tookMs = performance.now() - sinceMs;
    assert.ok(tookMs > 85_000, `after ${String(tookMs)} ms: a minute of silence, and 30 s for the test`);
    assert.equal(unloads() - earlier, 1);
    const now = await server.runners();
    assert.equal(now.filter((pid) => stopped.includes(pid)).length, 0, 'it runs in another process');
    assert.match(
      response.headers.get('x-hxllm-route') ?? '',
      /^taken back after (?:\d+ s|2 min) without a first token, /,
    );
    assert.match([...gateway.metrics.parts()].join(''), /^hxllm_lost_slots_total\{[^}]*server_model="tiny"\} 1$/m);
  });
});
