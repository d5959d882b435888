import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startGateway, textOf, until, type Running } from '../gateway/running.ts';
import { FIELD_MODEL, startRealOllama, whyNoRealOllama, type RealServer } from './ollama-server.ts';

const skip = whyNoRealOllama();
const LIMITS = { skip, timeout: 60_000 };
// A grammar that keeps the model busy for about a second.
const truths = (minItems: number): object => ({
  response_format: {
    type: 'json_schema',
    json_schema: { name: 'truths', schema: { type: 'array', items: { type: 'boolean' }, minItems } },
  },
  max_tokens: 10_000,
});

describe('slots, queue and loads in front of a real Ollama', () => {
  let server: RealServer;
  let gateway: Running;
  if (skip === false) {
    before(async () => {
      server = await startRealOllama({ numParallel: 2, maxLoadedModels: 1 });
      const models = { field: FIELD_MODEL, twin: 'tiny', other: 'other' };
      gateway = await startGateway([], {
        model_list: Object.entries(models).map(([model_name, model]) => ({
          model_name,
          litellm_params: { model: `ollama_chat/${model}`, api_base: server.url, keep_alive: '10m' },
        })),
      });
    });
    after(async () => {
      await gateway[Symbol.asyncDispose]();
      await server.close();
    });
  }

  const starts = (): number =>
    server
      .log()
      .split('msg="starting runner"')
      .filter((text) => text.includes('--model ')).length;
  const slots = (model: string): number =>
    gateway.service().scheduler.fleet.replicas.get(`${server.url}#${model}`)?.slots.count ?? 0;

  test('one load serves all waiters, even if the request that caused it has left', LIMITS, async () => {
    const leaving = new AbortController();
    const left = gateway.chat({ model: 'field' }, { signal: leaving.signal }).catch(() => undefined);
    // All are sent at once: the load of a tiny model may end before a request that is sent later arrives.
    const others = Array.from({ length: 4 }, () => gateway.chat({ model: 'field', max_tokens: 4 }));
    await until('the load has begun', () => gateway.service().scheduler.waiting > 1);
    leaving.abort();
    await left;
    const answers = await Promise.all(others);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200, 200],
    );
    assert.equal(starts(), 1);
    const loadsMs = answers.map(({ headers }) =>
      Number(/load;dur=([\d.]+)/.exec(headers.get('server-timing') ?? '')?.[1] ?? 0),
    );
    assert.ok(Math.max(...loadsMs) > 0, loadsMs.join(', '));
  });

  test('names of the same weights share one runner, without another load', LIMITS, async () => {
    const already = starts();
    for (let turn = 0; turn < 3; turn += 1) {
      assert.equal((await gateway.chat({ model: 'twin', max_tokens: 4 })).status, 200);
      assert.equal((await gateway.chat({ model: 'field', max_tokens: 4 })).status, 200);
    }
    assert.equal(starts(), already);
  });

  test('slots that are not configured are found by trial, and no more than exist', LIMITS, async () => {
    // The server starts a request in a free slot at its own time, which may be after another response: then a trial proves nothing,
    // and another follows.
    for (let round = 0; round < 6 && slots(FIELD_MODEL) < 2; round += 1) {
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => gateway.chat({ model: 'field', ...truths(100) })),
      );
      for (const answer of answers) assert.match(await textOf(answer), /^\s*\[/);
    }
    assert.equal(slots(FIELD_MODEL), 2);
    assert.deepEqual([gateway.service().scheduler.inFlight, gateway.service().scheduler.waiting], [0, 0]);
  });

  test('two models that do not fit together are served in turn, without a lost load or a refusal', LIMITS, async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, turn) =>
        gateway.chat({ model: turn % 2 === 0 ? 'other' : 'field', max_tokens: 4 }),
      ),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      answers.map(() => 200),
    );
    assert.deepEqual(
      gateway.log.filter(({ event }) => event === 'backend-down' || event === 'load-failed'),
      [],
    );
  });

  test('steady requests for one model do not starve another that does not fit beside it', LIMITS, async () => {
    const steady = { over: false, answers: 0 };
    const work = async (): Promise<void> => {
      while (!steady.over) {
        assert.match(await textOf(await gateway.chat({ model: 'field', ...truths(30) })), /^\s*\[/);
        steady.answers += 1;
      }
    };
    const working = [work(), work()];
    await until('it is at work', () => steady.answers >= 4);
    const already = steady.answers;
    try {
      for (let turn = 0; turn < 3; turn += 1) {
        assert.equal(
          (await gateway.chat({ model: 'other', max_tokens: 4 }, { signal: AbortSignal.timeout(15_000) })).status,
          200,
        );
      }
    } finally {
      steady.over = true;
      await Promise.all(working);
    }
    assert.ok(steady.answers > already + 4, 'and is not kept out by them');
  });

  test('a load that another client’s keep_alive blocks is noticed and fixed', LIMITS, async () => {
    assert.equal((await gateway.chat({ model: 'field', max_tokens: 4 })).status, 200);
    const { fleet } = gateway.service().scheduler;
    const logged = gateway.log.length;
    await until('the list is known', () => fleet.backends.get(server.url)?.listed?.length === 1);
    const elsewhere = (more: object): Promise<Response> =>
      fetch(`${server.url}/api/chat`, {
        method: 'POST',
        body: JSON.stringify({ model: FIELD_MODEL, messages: [{ role: 'user', content: 'hi' }], ...more }),
      });
    const work = { over: false };
    // The headers come with the first token: the server is at work from here on.
    const busy = await elsewhere({
      format: { type: 'array', items: { type: 'boolean' }, minItems: 200 },
      options: { num_predict: 10_000 },
    });
    const working = busy.text().then(() => {
      work.over = true;
    });
    const waiting = gateway.chat({ model: 'other', max_tokens: 4 });
    // By a load of the gateway's own or by the request itself, depending on what is known of the memory.
    await until(
      'the load has begun',
      () => fleet.backends.get(server.url)?.loading !== undefined || gateway.service().scheduler.inFlight === 1,
    );
    // The client that does this does not know its effect on the others.
    while (!work.over) await (await elsewhere({ keep_alive: -1, options: { num_predict: 1 } })).text();
    await working;
    assert.equal((await waiting).status, 200);
    assert.ok(
      gateway.log.slice(logged).some(({ event }) => event === 'unloading'),
      'by unloading what was in the way',
    );
  });

  test('a client that leaves during prefill does not occupy a slot for good', LIMITS, async () => {
    for (let turn = 0; turn < 6; turn += 1) {
      const leaving = new AbortController();
      // A response of seconds behind the prompt, so that it is still running at the check.
      const left = gateway
        .chat(
          {
            model: 'field',
            messages: [{ role: 'user', content: `${String(turn)} ${'word '.repeat(150)}` }],
            ...truths(1500),
          },
          { signal: leaving.signal },
        )
        .catch(() => undefined);
      await until('it has a place', () => gateway.service().scheduler.inFlight === 1);
      leaving.abort();
      await left;
    }
    await until('no place is taken', () => gateway.service().scheduler.inFlight === 0);
    assert.equal((await gateway.chat({ model: 'field', max_tokens: 4 })).status, 200);
  });
});
