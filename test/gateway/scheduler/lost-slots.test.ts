import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';
import { DONE, piece } from '../fake-upstream.ts';
import { startGateway, until } from '../running.ts';

/** A server that lists its model, and answers none of its requests until it is unloaded and loaded again. */
interface LosingServer {
  readonly url: string;
  /** The requests that it got, in order: `chat`, `left` (a chat whose connection was closed), `test`, `unload`, `load`. */
  readonly got: string[];
  /** From now on the slots are lost. */
  lose(): void;
  [Symbol.asyncDispose](): Promise<void>;
}

async function startLosing(): Promise<LosingServer> {
  const got: string[] = [];
  let isLost = false;
  let isLoaded = true;
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      if (incoming.url === '/api/version') return outgoing.end('{"version":"0.22.1"}');
      if (incoming.url === '/api/ps') return outgoing.end(JSON.stringify({ models: isLoaded ? [{ name: 'm' }] : [] }));
      let text = '';
      for await (const bytes of incoming) text += String(bytes);
      if (incoming.url === '/api/show') return outgoing.writeHead(404).end('{"error":"not found"}');
      const body = JSON.parse(text) as { keep_alive?: number; prompt?: string; options?: { num_predict?: number } };
      if (incoming.url === '/api/generate' && body.prompt === undefined) {
        const isUnload = body.keep_alive === 0;
        got.push(isUnload ? 'unload' : 'load');
        if (isUnload) isLost = false;
        isLoaded = !isUnload;
        return outgoing.end('{"model":"m","response":"","done":true}');
      }
      got.push(incoming.url === '/api/generate' && body.options?.num_predict === 1 ? 'test' : 'chat');
      if (!isLost) return outgoing.end(piece('hello') + DONE);
      outgoing.once('close', () => {
        if (!outgoing.writableFinished && incoming.url === '/api/chat') got.push('left');
      });
      return undefined;
    })().catch(() => incoming.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    got,
    lose: () => {
      isLost = true;
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Puts the clock of the gateway forward. */
function clockOf(t: TestContext): (ms: number) => void {
  const real = performance.now.bind(performance);
  let ahead = 0;
  t.mock.method(performance, 'now', () => real() + ahead);
  return (ms) => {
    ahead += ms;
  };
}

test('a model that answers nobody is tested, unloaded and loaded again, and its requests are answered', async (t) => {
  const forward = clockOf(t);
  await using server = await startLosing();
  await using gateway = await startGateway([server]);
  assert.equal((await gateway.chat()).status, 200);
  server.lose();
  server.got.length = 0;
  const first = gateway.chat({ stream: true });
  await until('the request waits in the server', () => server.got.includes('chat'));
  forward(61_000);
  await until('the model is tested', () => server.got.includes('test'));
  assert.ok(!server.got.includes('unload'));
  // The second one waits for the slot of the first.
  const answers = Promise.allSettled([first, gateway.chat()]);
  await until('the second request waits', () =>
    /^hxllm_queue_length\{model="m"\} 1$/m.test([...gateway.metrics.parts()].join('')),
  );
  forward(31_000);
  for (const settled of await answers) {
    assert.ok(settled.status === 'fulfilled');
    const answer = settled.value;
    assert.equal(answer.status, 200);
    assert.match(await answer.text(), /hello/);
  }
  assert.deepEqual(
    server.got.filter((one) => one !== 'chat'),
    ['test', 'left', 'unload', 'load'],
  );
  assert.deepEqual(
    gateway.ended().map(({ attempts }) => attempts),
    [1, 1, 1],
    'a recall is no attempt',
  );
  const unloading = gateway.log.find(({ event }) => event === 'unloading');
  assert.deepEqual([unloading?.['model'], unloading?.['reason']], ['m', 'lost-slots']);
  assert.match(
    [...gateway.metrics.parts()].join(''),
    new RegExp(`^hxllm_lost_slots_total\\{backend="${server.url}",server_model="m"\\} 1$`, 'm'),
  );
  const health = (await (await gateway.ask('/health')).json()) as {
    readonly backends: readonly { readonly lost_slots?: Readonly<Record<string, { readonly unloads: number }>> }[];
  };
  assert.equal(health.backends[0]?.lost_slots?.['m']?.unloads, 1);
});

test('requests of a model that answers nobody go to another server', async (t) => {
  const forward = clockOf(t);
  await using losing = await startLosing();
  await using other = await startLosing();
  await using gateway = await startGateway([losing, other]);
  const ask = (url: string): Promise<Response> => gateway.chat({}, { headers: { 'x-hxllm-backend': url } });
  for (const { url } of [losing, other]) assert.equal((await ask(url)).status, 200);
  losing.lose();
  const before = other.got.length;
  const answers = Promise.allSettled([gateway.chat(), gateway.chat()]);
  await until('each server has a request', () => losing.got.at(-1) === 'chat' && other.got.length > before);
  forward(61_000);
  await until('the model is tested', () => losing.got.includes('test'));
  forward(31_000);
  for (const settled of await answers) {
    assert.ok(settled.status === 'fulfilled');
    const answer = settled.value;
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('x-hxllm-backend'), other.url);
  }
  await until('the model is unloaded', () => losing.got.includes('unload'));
});
