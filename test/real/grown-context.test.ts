import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { KEY, startGateway, until, type Running } from '../gateway/running.ts';
import { startTwoRealOllamas, whyNoRealOllama, type RealServer } from './ollama-server.ts';
import { IN_JOB } from '../job.ts';

const skip = whyNoRealOllama();
const LIMITS = { skip, timeout: 240_000 };
const CONTEXT = 'x-hxllm-context';
/** Ollama's own context; in a job a quarter of it: a processor that others use too reads a few hundred tokens in a second. */
const OWN = IN_JOB ? 1024 : 4096;
const [SHORT, LONG] = [OWN * 0.25, OWN * 1.05];
/** The longer ones: with room for an answer that nobody limits, and for one of a few tokens. */
const [GROWN, GROWN_LITTLE] = [IN_JOB ? 8192 : 16_384, 2 * OWN];

/** A text of about as many tokens: to this model each letter is one. */
const text = (tokens: number): string => 'gate way '.repeat(Math.ceil(tokens / 9)).slice(0, tokens);

/** The same prompt in each of the four APIs. */
const apis = (tokens: number): readonly (readonly [path: string, body: object])[] => {
  const messages = [{ role: 'user', content: text(tokens) }];
  return [
    ['/v1/chat/completions', { messages, max_tokens: 4 }],
    ['/v1/responses', { input: text(tokens), max_output_tokens: 16 }],
    ['/v1/messages', { messages, max_tokens: 4 }],
    ['/api/chat', { messages, stream: false, options: { num_predict: 4 } }],
  ];
};

describe('a real model trained for 65,536 tokens, of which nobody stated a context, on two servers', () => {
  let servers: readonly RealServer[] = [];
  let state_dir = '';
  let gateway: Running;

  const start = async (more: object = {}, urls = servers.map(({ url }) => url)): Promise<Running> =>
    startGateway([], {
      model_list: urls.map((api_base) => ({
        model_name: 'm',
        litellm_params: { model: 'ollama_chat/wide', api_base },
      })),
      general_settings: { master_key: KEY },
      hxllm: { state_dir, ...more },
    });

  const post = (path: string, body: object, to: Running = gateway): Promise<Response> =>
    to.ask(path, { method: 'POST', body: JSON.stringify({ model: 'm', ...body }) });

  const contexts = async (): Promise<readonly number[]> => {
    const lists = await Promise.all(
      servers.map(
        async ({ url }) => (await (await fetch(`${url}/api/ps`)).json()) as { models: { context_length: number }[] },
      ),
    );
    return lists.flatMap(({ models }) => models.map(({ context_length: context }) => context));
  };

  if (skip === false) {
    before(async () => {
      state_dir = await mkdtemp(join(tmpdir(), 'hxllm-state-'));
      servers = await startTwoRealOllamas({
        wide: true,
        numParallel: 1,
        ...(IN_JOB ? { contextLength: OWN } : {}),
      });
      gateway = await start();
    });
    after(async () => {
      await gateway[Symbol.asyncDispose]();
      await Promise.all(servers.map((server) => server.close()));
      await rm(state_dir, { recursive: true, force: true });
    });
  }

  test('a prompt that fits is answered in the context of the server', LIMITS, async () => {
    const response = await post('/v1/chat/completions', apis(SHORT)[0]?.[1] ?? {});
    assert.deepEqual([response.status, response.headers.get(CONTEXT)], [200, null]);
    const { usage } = (await response.json()) as { usage: { prompt_tokens: number } };
    assert.ok(usage.prompt_tokens > SHORT * 0.9, String(usage.prompt_tokens));
    assert.deepEqual(await contexts(), [OWN]);
  });

  test('a longer one makes it longer, once, and is read whole', LIMITS, async () => {
    const response = await post('/v1/chat/completions', { ...apis(LONG)[0]?.[1], max_tokens: undefined });
    assert.equal(response.status, 200, await response.clone().text());
    assert.equal(response.headers.get(CONTEXT), `${String(GROWN)} (grown from ${String(OWN)})`);
    const { usage } = (await response.json()) as { usage: { prompt_tokens: number } };
    assert.ok(usage.prompt_tokens > OWN, String(usage.prompt_tokens));
    assert.equal(gateway.log.filter(({ event }) => event === 'context-grown').length, 1);
    assert.deepEqual(await contexts(), [GROWN]);
  });

  test('all four APIs are answered from it, streamed and not, and nothing is loaded again', LIMITS, async () => {
    const loads = gateway.log.filter(({ event }) => event === 'loaded').length;
    for (const [path, body] of apis(LONG))
      for (const stream of [false, true]) {
        const response = await post(path, { ...body, stream });
        assert.equal(response.status, 200, `${path}: ${await response.clone().text()}`);
        assert.equal(response.headers.get(CONTEXT), `${String(GROWN)} (grown from ${String(OWN)})`, path);
        assert.equal(response.headers.get('x-hxllm-truncated'), null);
        assert.equal(/exceeds/.test(await response.text()), false, path);
      }
    assert.equal(gateway.log.filter(({ event }) => event === 'loaded').length, loads);
  });

  test('each API grows by itself', LIMITS, async () => {
    for (const [index, [path, body]] of apis(LONG).entries()) {
      const [first] = servers;
      assert.ok(first !== undefined);
      await using own = await start({ state_dir: join(state_dir, String(index)) }, [first.url]);
      const response = await post(path, { ...body, stream: index % 2 === 1 }, own);
      assert.equal(response.status, 200, `${path}: ${await response.clone().text()}`);
      assert.ok(
        [GROWN, GROWN_LITTLE].some(
          (context) => response.headers.get(CONTEXT) === `${String(context)} (grown from ${String(OWN)})`,
        ),
        `${path}: ${String(response.headers.get(CONTEXT))}`,
      );
      assert.equal(/exceeds/.test(await response.text()), false, path);
      await fetch(`${first.url}/api/generate`, { method: 'POST', body: '{"model":"wide","keep_alive":0}' });
    }
  });

  test('a restarted gateway knows it: no server grows again that has grown', LIMITS, async () => {
    const grown = gateway.log.filter(({ event }) => event === 'context-grown').map(({ backend }) => backend);
    assert.ok(grown.length > 0);
    await gateway[Symbol.asyncDispose]();
    gateway = await start();
    const response = await post('/v1/chat/completions', apis(LONG)[0]?.[1] ?? {});
    assert.deepEqual(
      [response.status, response.headers.get(CONTEXT)],
      [200, `${String(GROWN)} (grown from ${String(OWN)})`],
    );
    await response.text();
    // The other server may be asked first, and follows while it is idle.
    assert.deepEqual(
      gateway.log.filter(
        ({ event, backend }) => event === 'cold-start' || (event === 'context-grown' && grown.includes(backend)),
      ),
      [],
    );
  });

  test('the other server follows when it is idle', LIMITS, async () => {
    for (const { url } of servers) {
      const pinned = { method: 'POST', headers: { 'x-hxllm-backend': url } };
      const response = await gateway.chat(apis(SHORT)[0]?.[1], pinned);
      assert.equal(response.status, 200, await response.clone().text());
      await response.text();
    }
    assert.equal((await contexts()).length, 2);
    await until(
      'both have grown',
      async () => {
        const response = await post('/v1/chat/completions', apis(LONG)[0]?.[1] ?? {});
        assert.deepEqual([response.status, response.headers.get('x-hxllm-truncated')], [200, null]);
        await response.text();
        // A server is idle after a second without a request.
        await new Promise((resolve) => setTimeout(resolve, 1500));
        return (await contexts()).every((context) => context > OWN);
      },
      200_000,
    );
  });

  test('a prompt beyond the longest context is refused with the numbers', LIMITS, async () => {
    await using own = await start({ context: { most: 2 * OWN }, state_dir: join(state_dir, 'beyond') });
    const response = await post('/v1/chat/completions', apis(OWN * 3.2)[0]?.[1] ?? {}, own);
    assert.equal(response.status, 400);
    const most = String(2 * OWN);
    const told = new RegExp(
      String.raw`${most} tokens, and about \d+ in the prompt; hxllm\.context\.most allows ${most}`,
    );
    assert.match(await response.text(), told);
  });

  test('a client of Ollama’s own API gets a cut prompt where no longer context is possible', LIMITS, async () => {
    await using own = await start({ context: { most: OWN }, state_dir: join(state_dir, 'cut') });
    const response = await post('/api/chat', apis(LONG)[3]?.[1] ?? {}, own);
    assert.deepEqual([response.status, response.headers.get('x-hxllm-truncated')], [200, 'true']);
    assert.equal(response.headers.get(CONTEXT), null);
    await response.text();
  });
});
