import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DONE, piece, stalls, startFake, type Behaviour } from '../fake-upstream.ts';
import { startGateway, until, type Running } from '../running.ts';

const WORDS = ['one ', 'two ', 'three ', 'four '];
const PROMPT = 'a prompt of some length '.repeat(40);

/** Sends a request, reads until a text has come, and leaves. */
async function leaveAfter(gateway: Running, path: string, body: object, seen: string): Promise<void> {
  const leaving = new AbortController();
  const response = await gateway.ask(path, {
    method: 'POST',
    body: JSON.stringify({ model: 'm', stream: true, ...body }),
    signal: leaving.signal,
  });
  let text = '';
  for await (const bytes of response.body ?? []) {
    text += Buffer.from(bytes).toString();
    if (text.includes(seen)) break;
  }
  leaving.abort();
}

const chatLines = stalls(...WORDS);
const generateLines: Behaviour = (_got, outgoing) => {
  for (const response of WORDS) outgoing.write(`${JSON.stringify({ model: 'm', response, done: false })}\n`);
};
const thoughtLines: Behaviour = (_got, outgoing) => {
  for (const thinking of WORDS)
    outgoing.write(
      `${JSON.stringify({ model: 'm', message: { role: 'assistant', content: '', thinking }, done: false })}\n`,
    );
};
const USER = { messages: [{ role: 'user', content: PROMPT }] };
const ROWS: readonly (readonly [what: string, path: string, body: object, behaviour: Behaviour])[] = [
  ['a chat', '/v1/chat/completions', USER, chatLines],
  ['a thought', '/v1/chat/completions', { ...USER, reasoning_effort: 'low' }, thoughtLines],
  ['messages', '/v1/messages', { ...USER, max_tokens: 99 }, chatLines],
  ['responses', '/v1/responses', { input: PROMPT }, chatLines],
  ['/api/chat', '/api/chat', USER, chatLines],
  ['/api/generate', '/api/generate', { prompt: PROMPT }, generateLines],
  ['a completion', '/v1/completions', { prompt: PROMPT }, generateLines],
];

for (const [what, path, body, behaviour] of ROWS)
  test(`a client that leaves in the middle of ${what} has its part counted`, async () => {
    await using fake = await startFake(behaviour);
    await using gateway = await startGateway([fake]);
    await leaveAfter(gateway, path, body, 'four');
    await until('the line is written', () => gateway.ended().length === 1);
    const [line] = gateway.ended();
    assert.partialDeepStrictEqual(line, { ended: 'client-left', completion_tokens: 4 });
    const prompt = Number(line?.['prompt_tokens']);
    assert.ok(
      prompt > 100 && prompt < 500,
      `${String(prompt)} tokens of a prompt of ${String(PROMPT.length)} characters`,
    );
    const metrics = [...gateway.metrics.parts()].join('');
    assert.match(metrics, /^hxllm_completion_tokens_total\{[^}]*\} 4$/m);
    assert.match(metrics, new RegExp(`^hxllm_prompt_tokens_total\\{[^}]*\\} ${String(prompt)}$`, 'm'));
  });

test('a client that leaves before anything was passed on costs nothing', async () => {
  await using fake = await startFake(stalls());
  await using gateway = await startGateway([fake]);
  const leaving = new AbortController();
  const left = gateway.chat({ stream: true }, { signal: leaving.signal }).catch(() => undefined);
  await until('the server is asked', () => fake.requests.length === 1);
  leaving.abort();
  await left;
  await until('the line is written', () => gateway.ended().length === 1);
  assert.equal(gateway.ended()[0]?.['completion_tokens'], undefined);
});

test('a stream that its server breaks has its part counted', async () => {
  await using fake = await startFake((_got, outgoing) => {
    outgoing.write(WORDS.map(piece).join(''));
    setTimeout(() => outgoing.destroy(), 50);
  });
  await using gateway = await startGateway([fake]);
  await (await gateway.chat({ stream: true })).text();
  await until('the line is written', () => gateway.ended().length === 1);
  assert.partialDeepStrictEqual(gateway.ended()[0], { ended: 'cut', completion_tokens: 4 });
});

test('of several choices, the finished ones count as the server counted them, and the others by their part', async () => {
  let asked = 0;
  await using fake = await startFake((_got, outgoing) => {
    asked += 1;
    outgoing.write(WORDS.map(piece).join(''));
    if (asked === 1) outgoing.end(DONE);
  });
  const hxllm = { backends: { [fake.url]: { num_parallel: 2 } } };
  await using gateway = await startGateway([fake], { hxllm });
  const leaving = new AbortController();
  const response = await gateway.chat({ stream: true, n: 2 }, { signal: leaving.signal });
  let text = '';
  for await (const bytes of response.body ?? []) {
    text += Buffer.from(bytes).toString();
    if (text.split('four').length === 3 && text.includes('"finish_reason":"stop"')) break;
  }
  leaving.abort();
  await until('the line is written', () => gateway.ended().length === 1);
  assert.partialDeepStrictEqual(gateway.ended()[0], { ended: 'client-left', completion_tokens: 2 + 4 });
});

test('tpm holds against clients that leave early, in every API', async () => {
  await using fake = await startFake(chatLines);
  const params = { model: 'ollama_chat/m', api_base: fake.url, tpm: 200 };
  await using gateway = await startGateway([], {
    model_list: [{ model_name: 'm', litellm_params: params }],
    router_settings: { optional_pre_call_checks: ['enforce_model_rate_limits'] },
  });
  await leaveAfter(gateway, '/v1/chat/completions', USER, 'four');
  await until('the slot is free', () => gateway.service().scheduler.inFlight === 0);
  const response = await gateway.chat();
  assert.equal(response.status, 429, await response.text());
});
