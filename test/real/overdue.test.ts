import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startGateway, until, type Running } from '../gateway/running.ts';
import { startTwoRealOllamas, whyNoRealOllama } from './ollama-server.ts';

const LIMITS = { skip: whyNoRealOllama(), timeout: 240_000 };

function ask(gateway: Running, headers: Record<string, string> = {}): Promise<Response> {
  // No prompt is a part of another one, and each says how fast its server reads.
  const content = `${String(performance.now())} ${'gate way '.repeat(45)}`;
  return gateway.chat({ messages: [{ role: 'user', content }], max_tokens: 12 }, { headers });
}

test('a request for a model that stands still is answered by the other server', LIMITS, async (t) => {
  const servers = await startTwoRealOllamas({ numParallel: 2, others: [] });
  const stoppedRunners: number[] = [];
  t.after(async () => {
    for (const pid of stoppedRunners) process.kill(pid, 'SIGCONT');
    await Promise.all(servers.map((server) => server.close()));
  });
  const [stopped, other] = servers;
  await using gateway = await startGateway([], {
    model_list: servers.map(({ url }) => ({
      model_name: 'm',
      litellm_params: { model: 'ollama_chat/tiny', api_base: url },
    })),
  });
  for (const { url } of servers)
    for (let turn = 0; turn < 3; turn += 1) {
      const answer = await ask(gateway, { 'x-hxllm-backend': url });
      assert.equal(answer.status, 200, await answer.text());
    }
  stoppedRunners.push(...(await stopped.runners()));
  assert.equal(stoppedRunners.length, 1);
  for (const pid of stoppedRunners) process.kill(pid, 'SIGSTOP');
  const backend = gateway.service().scheduler.fleet.backends.get(stopped.url);
  const answers: Promise<Response>[] = [];
  await until('one is sent to the model that stands still', () => {
    answers.push(ask(gateway));
    return backend !== undefined && backend.inFlight > 0;
  });
  const routes = await Promise.all(
    answers.map(async (asked) => {
      const answer = await asked;
      assert.equal(answer.status, 200, await answer.text());
      assert.equal(answer.headers.get('x-hxllm-backend'), other.url);
      return answer.headers.get('x-hxllm-route') ?? '';
    }),
  );
  assert.match(routes.join('\n'), /^taken back after [\d.]+ m?s without a first token, /m);
});
