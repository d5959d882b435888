import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startGateway, textOf, until, type Running } from '../gateway/running.ts';
import { startRealOllama, whyNoRealOllama, type RealServer } from './ollama-server.ts';
import { IN_JOB } from '../job.ts';

const skip = whyNoRealOllama();
const LIMITS = { skip, timeout: 150_000 };

/** A request whose grammar keeps a slot: about 0.1 s for 60 items. Ollama takes no more than 2,000. */
function truths(minItems: number, content = 'hi'): object {
  return {
    messages: [{ role: 'user', content }],
    response_format: {
      type: 'json_schema',
      json_schema: { name: 'truths', schema: { type: 'array', items: { type: 'boolean' }, minItems } },
    },
    max_tokens: 10_000,
  };
}

/** A gateway in front of one real server, with this number stated for it. */
async function gatewayOf({ url }: RealServer, stated: number | undefined, model = 'tiny'): Promise<Running> {
  return startGateway([], {
    model_list: [{ model_name: 'm', litellm_params: { model: `ollama_chat/${model}`, api_base: url } }],
    ...(stated === undefined ? {} : { hxllm: { backends: { [url]: { num_parallel: stated } } } }),
  });
}

function slotsOf(gateway: Running, { url }: RealServer, model = 'tiny'): number {
  return gateway.service().scheduler.fleet.replicas.get(`${url}#${model}`)?.slots.count ?? 0;
}

// `further` requests after the true number was found: it has to last.
for (const { stated, slots, items, further } of [
  { stated: 8, slots: 2, items: 60, further: 40 },
  // A trial counts if it begins before one of the others ends.
  { stated: 2, slots: 4, items: 250, further: IN_JOB ? 12 : 40 },
  { stated: undefined, slots: 2, items: 60, further: 40 },
])
  test(
    `OLLAMA_NUM_PARALLEL=${String(slots)} is found with ${String(stated ?? 'no number')} stated`,
    LIMITS,
    async () => {
      const server = await startRealOllama({ numParallel: slots });
      try {
        await using gateway = await gatewayOf(server, stated);
        const endMs = performance.now() + 90_000;
        let asked = 0;
        let found = 0;
        const work = async (): Promise<void> => {
          while ((found === 0 || asked < found + further) && performance.now() < endMs) {
            asked += 1;
            const answer = await gateway.chat(truths(items, `request ${String(asked)}`));
            assert.equal(answer.status, 200);
            assert.match(await textOf(answer), /^\s*\[/);
            if (found === 0 && slotsOf(gateway, server) === slots) found = asked;
          }
        };
        await Promise.all(Array.from({ length: Math.max(slots, stated ?? 1) * 2 }, work));
        assert.ok(found > 0, `${String(slotsOf(gateway, server))} slots after ${String(asked)} requests`);
        assert.ok(
          Math.abs(slotsOf(gateway, server) - slots) <= 1,
          `${String(slotsOf(gateway, server))} slots at the end`,
        );
        assert.deepEqual(
          gateway.ended().filter(({ status, attempts }) => status !== 200 || attempts !== 1),
          [],
        );
        const { inFlight, waiting } = gateway.service().scheduler;
        assert.deepEqual([inFlight, waiting], [0, 0]);
      } finally {
        await server.close();
      }
    },
  );

test('a request beyond the true slots is taken back from the server, and answered once', LIMITS, async () => {
  // An answer of seconds needs a context that holds it.
  const server = await startRealOllama({ numParallel: 1, wide: true });
  try {
    await using gateway = await gatewayOf(server, undefined, 'wide');
    assert.equal((await gateway.chat({ max_tokens: 4 })).status, 200);
    const { fleet } = gateway.service().scheduler;
    const first = await gateway.chat({ ...truths(1900), stream: true });
    await until('the first has begun', () => fleet.backends.get(server.url)?.started === 1);
    const second = gateway.chat({ ...truths(60, 'again'), stream: true });
    await until('the second is on the server', () => gateway.service().scheduler.inFlight === 2);
    const whole = await first.text();
    assert.match(whole, /\[DONE\]\n\n$/);
    const answer = await second;
    // On a slow machine the head of the response goes out before a slot is free; the log of the server, below, says that it was taken back.
    assert.match(
      answer.headers.get('x-hxllm-route') ?? '',
      /^(?:taken back after [\d.]+ s without a first token, |still waiting for a slot after )/,
    );
    const text = await answer.text();
    assert.equal(text.match(/"role":"assistant"/g)?.length, 1, text);
    assert.equal(text.match(/\[DONE\]/g)?.length, 1);
    const content = [...text.matchAll(/"content":"((?:[^"\\]|\\.)*)"/g)].map(([, part]) => part).join('');
    assert.match(content, /^(?:\\n|\s)*\[[^[\]]*\]/);
    assert.equal(slotsOf(gateway, server, 'wide'), 1);
    // Ollama logs each request at its end: three answers, and 500 for a request that was cancelled while it waited.
    const logged = (status: number): number =>
      server.log().match(new RegExp(String.raw`^\[GIN\].*\| ${String(status)} \|.*"/api/chat"$`, 'gm'))?.length ?? 0;
    await until('every chat is logged', () => logged(200) === 3 && logged(500) >= 1);
  } finally {
    await server.close();
  }
});
