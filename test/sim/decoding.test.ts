import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { startSim, type Sim, type SimOptions } from '../../src/sim/server.ts';
import { ask, askJson, eventsOf, linesOf, read } from '../ollama/asking.ts';
import { until } from '../ollama/case.ts';

async function withSim(options: SimOptions, work: (sim: Sim) => Promise<void>): Promise<void> {
  const sim = await startSim({
    models: ['llama3.1', 'qwen3'],
    loadMs: 1,
    tokenMs: 1,
    prefillMsPerToken: 0,
    ...options,
  });
  try {
    await work(sim);
  } finally {
    await sim.close();
  }
}

function question(content: string, more: object = {}): object {
  return { model: 'llama3.1', messages: [{ role: 'user', content }], ...more };
}

const WEATHER = [
  {
    type: 'function',
    function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { enum: ['Paris'] } } } },
  },
];
const YES = question('Repeat after me: yes');

describe('the simulated model', () => {
  test('a client that leaves during prefill keeps the slot until prefill has ended', () =>
    withSim({ prefillMsPerToken: 4 }, async (sim) => {
      const askedMs = performance.now();
      const long = read(sim, '/api/chat', question('word '.repeat(250)));
      await until('prefill runs', () => sim.activity().busy === 1);
      long.leave();
      await long.ended;
      assert.equal(sim.activity().busy, 1);
      await ask(sim, 'POST', '/api/chat', YES);
      assert.ok(performance.now() - askedMs > 1000, 'the slot was free too soon');
    }));

  test('a prompt with the same prefix as the last one is prefilled faster, with the same count', () =>
    withSim({ prefillMsPerToken: 4 }, async (sim) => {
      const history = question('word '.repeat(200), { stream: false, options: { num_predict: 2 } });
      const [first, again] = [await askJson(sim, '/api/chat', history), await askJson(sim, '/api/chat', history)];
      assert.equal(first['prompt_eval_count'], again['prompt_eval_count']);
      // The times come from a clock: prefill of 800 ms may be measured as a few ms.
      assert.ok(Number(again['prompt_eval_duration'] ?? 0) < Number(first['prompt_eval_duration']) / 2);
    }));

  test('a reader that stalls freezes the other answers of its model, until it leaves', () =>
    withSim({ numParallel: 2, tokenMs: 0 }, async (sim) => {
      const { hostname, port } = new URL(sim.url);
      const stalled = connect({ host: hostname, port: Number(port) });
      await once(stalled, 'connect');
      stalled.pause();
      // Some megabytes of chunks: more than the buffers of both sockets hold.
      const body = JSON.stringify(question('x', { format: { const: 'word '.repeat(60_000) } }));
      stalled.write(
        `POST /api/chat HTTP/1.1\r\nHost: ${hostname}\r\nContent-Length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`,
      );
      // The model is frozen when another client gets nothing, although its answer takes no time.
      let other = read(sim, '/api/chat', YES);
      for (let tries = 0; tries < 200; tries += 1) {
        const came = await Promise.race([
          other.ended.then(() => true),
          new Promise((resolve) => setTimeout(resolve, 300, false)),
        ]);
        if (came === false) break;
        other = read(sim, '/api/chat', YES);
      }
      assert.ok(!other.hasEnded(), 'the model was never frozen');
      stalled.destroy();
      assert.match(await other.ended, /"done":true/);
    }));

  test('thinking comes first, natively and as reasoning on /v1, unless it is turned off', () =>
    withSim({}, async (sim) => {
      const native = linesOf((await ask(sim, 'POST', '/api/chat', question('x', { model: 'qwen3' }))).text).map(
        (line) => line['message'] as { thinking?: string; content: string },
      );
      assert.ok((native[0]?.thinking ?? '') !== '' && native.at(-2)?.thinking === undefined);
      const openai = await askJson(sim, '/v1/chat/completions', question('x', { model: 'qwen3' }));
      assert.match(JSON.stringify(openai), /"message":\{"role":"assistant","content":"[^"]+","reasoning":"[^"]+"\}/);
      const off = await askJson(sim, '/api/chat', question('x', { model: 'qwen3', think: false, stream: false }));
      assert.deepEqual(Object.keys(off['message'] as object), ['role', 'content']);
    }));

  test('a question with a word of a tool’s name calls it, in one chunk; a tool’s result is answered in text', () =>
    withSim({}, async (sim) => {
      const asked = question('The weather in Paris?', { tools: WEATHER });
      const lines = linesOf((await ask(sim, 'POST', '/api/chat', asked)).text);
      assert.equal(lines.length, 2);
      assert.match(
        JSON.stringify(lines[0]),
        /"message":\{"role":"assistant","content":"","tool_calls":\[\{"id":"call_\d+","function":\{"index":0,"name":"get_weather","arguments":\{"city":"Paris"\}\}\}\]\},"done":false/,
      );
      assert.equal(lines[1]?.['done_reason'], 'stop');
      const { events } = eventsOf((await ask(sim, 'POST', '/v1/chat/completions', { ...asked, stream: true })).text);
      assert.match(
        JSON.stringify(events[0]),
        /"tool_calls":\[\{"id":"call_\d+","index":0,"type":"function","function":\{"name":"get_weather","arguments":"\{\\"city\\":\\"Paris\\"\}"\}\}\]\},"finish_reason":null/,
      );
      assert.match(JSON.stringify(events[1]), /"content":""\},"finish_reason":"tool_calls"/);
      const messages = [
        { role: 'user', content: 'The weather in Paris?' },
        { role: 'tool', content: 'rain' },
      ];
      assert.match(
        JSON.stringify(await askJson(sim, '/api/chat', question('', { messages, tools: WEATHER, stream: false }))),
        /"content":"[^"]+"/,
      );
    }));

  test('a stop sequence ends the answer before it, wherever chunks are cut', () =>
    withSim({}, async (sim) => {
      const answer = await askJson(
        sim,
        '/api/chat',
        question('Repeat after me: one two three four', { options: { stop: ['o thr'] }, stream: false }),
      );
      assert.equal((answer['message'] as { content: string }).content, 'one tw');
      assert.equal(answer['done_reason'], 'stop');
    }));

  test('“Repeat after me” returns the same text, in chunks that join', () =>
    withSim({}, async (sim) => {
      const text = 'Grüße, <b>日本語</b> 🙂\n\n  "and" more & more';
      const lines = linesOf((await ask(sim, 'POST', '/api/chat', question(`Repeat after me: ${text}`))).text);
      assert.equal(lines.map((line) => (line['message'] as { content: string }).content).join(''), text);
      assert.equal(lines.at(-1)?.['eval_count'], lines.length);
    }));

  test('clients that leave in any state leave no slot or load behind', () =>
    withSim({ numParallel: 2, tokenMs: 2, loadMs: 20 }, async (sim) => {
      const crowd = Array.from({ length: 30 }, (_, number) =>
        read(sim, number % 2 === 0 ? '/api/chat' : '/v1/chat/completions', {
          ...question('x'),
          stream: number % 3 > 0,
        }),
      );
      for (const [number, one] of crowd.entries()) {
        if (number % 5 === 0) await Promise.race([one.begun, one.ended]);
        one.leave();
      }
      await until('all is quiet', () => sim.activity().busy + sim.activity().waiting + sim.activity().loading === 0);
      assert.match((await ask(sim, 'POST', '/api/chat', YES)).text, /"done":true/);
    }));
});
