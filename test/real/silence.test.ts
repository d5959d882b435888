import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startGateway, until } from '../gateway/running.ts';
import { startRealOllama, whyNoRealOllama } from './ollama-server.ts';

// Runs beside the labs (test/run/test-files.ts): it waits for a minute and a half, and busy cores only make that longer.

test(
  'a model that stands still behind a server that answers is unloaded and loaded again',
  { skip: whyNoRealOllama(), timeout: 240_000 },
  async (t) => {
    const server = await startRealOllama({ numParallel: 2, others: [] });
    t.after(() => server.close());
    await using gateway = await startGateway([], {
      model_list: [{ model_name: 'm', litellm_params: { model: 'ollama_chat/tiny', api_base: server.url } }],
      hxllm: { backends: { [server.url]: { num_parallel: 2 } } },
    });
    const first = await gateway.chat({ max_tokens: 4 });
    assert.equal(first.status, 200, await first.text());
    const stopped = await server.runners();
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
    const unloads = gateway.log.filter(({ event, reason }) => event === 'unloading' && reason === 'lost-slots');
    assert.equal(unloads.length, 1);
    const now = await server.runners();
    assert.equal(now.filter((pid) => stopped.includes(pid)).length, 0, 'it runs in another process');
    assert.match(
      response.headers.get('x-hxllm-route') ?? '',
      /^taken back after (?:\d+ s|2 min) without a first token, /,
    );
    assert.match([...gateway.metrics.parts()].join(''), /^hxllm_lost_slots_total\{[^}]*server_model="tiny"\} 1$/m);
  },
);
