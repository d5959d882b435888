import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { startGateway, textOf, until, type Running } from '../running.ts';
import { startSlotted, type SlottedServer } from './slotted-server.ts';

const LIMITS = { timeout: 30_000 };
/** A recall is no retry, so it needs none. */
const CONFIG = { router_settings: { num_retries: 0 } };

/** A gateway whose server runs `a` in its only slot. */
async function withFirst(server: SlottedServer, gateway: Running): Promise<{ readonly first: Promise<Response> }> {
  const first = ask(gateway, 'a');
  await until('a runs', () => server.got.includes('runs a') && gateway.service().scheduler.fleet.picks === 1);
  // The request that is sent beyond the known slots needs all others to have begun.
  await until('a has begun for the gateway', () => startedOn(gateway, server) === 1);
  return { first };
}

function ask(gateway: Running, content: string, more: object = {}, signal?: AbortSignal): Promise<Response> {
  return gateway.chat({ messages: [{ role: 'user', content }], ...more }, signal === undefined ? {} : { signal });
}

function startedOn(gateway: Running, { url }: SlottedServer): number {
  return gateway.service().scheduler.fleet.backends.get(url)?.started ?? 0;
}

async function untilGot(server: SlottedServer, what: string, times = 1): Promise<void> {
  await until(`${what}, ${String(times)} times`, () => server.got.filter((one) => one === what).length >= times);
}

/** A chat with `b` as each API asks for it, and the content of its answer. */
const APIS: readonly { readonly path: string; readonly body: object; readonly contentOf: (text: string) => string }[] =
  [
    {
      path: '/v1/chat/completions',
      body: { stream: false },
      contentOf: (text) => joined(text, /"content":"([^"]*)"/g),
    },
    { path: '/v1/chat/completions', body: { stream: true }, contentOf: (text) => joined(text, /"content":"([^"]*)"/g) },
    {
      path: '/v1/messages',
      body: { stream: false, max_tokens: 100 },
      contentOf: (text) => joined(text, /"text":"([^"]*)"/g),
    },
    {
      path: '/v1/messages',
      body: { stream: true, max_tokens: 100 },
      contentOf: (text) => joined(text, /"text_delta","text":"([^"]*)"/g),
    },
    { path: '/api/chat', body: { stream: true }, contentOf: (text) => joined(text, /"content":"([^"]*)"/g) },
  ];

function joined(text: string, part: RegExp): string {
  return [...text.matchAll(part)].map(([, one]) => one).join('');
}

for (const { path, body, contentOf } of APIS)
  test(`a trial that is overdue is answered once and whole: ${path}, ${JSON.stringify(body)}`, LIMITS, async () => {
    await using server = await startSlotted(1);
    await using gateway = await startGateway([server], CONFIG);
    const { first } = await withFirst(server, gateway);
    const askedMs = performance.now();
    const second = gateway.ask(path, {
      method: 'POST',
      body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'b' }], ...body }),
    });
    await untilGot(server, 'came b');
    const third = ask(gateway, 'c');
    await untilGot(server, 'left b');
    assert.ok(performance.now() - askedMs > 900, 'not before its first token is overdue');
    await until('both wait in the gateway', () => gateway.service().scheduler.waiting === 2);
    assert.equal(server.running(), 1, 'the request that runs is left alone');
    server.end();
    assert.equal(await textOf(await first), 'a-begins a-ends');
    await untilGot(server, 'runs b');
    server.end();
    const answer = await second;
    assert.equal(answer.status, 200);
    const text = await answer.text();
    assert.equal(contentOf(text), 'b-begins b-ends', text);
    assert.match(
      answer.headers.get('x-hxllm-route') ?? '',
      /^taken back after \d+\.\d s without a first token, (?:waited \d+ ms for a slot, )?resident, 1 of 1 slot/,
    );
    await untilGot(server, 'runs c');
    server.end();
    assert.equal(await textOf(await third), 'c-begins c-ends');
    // The second came before the third, and has kept its place.
    assert.equal(
      server.got.join(', '),
      'came a, runs a, came b, left b, ended a, came b, runs b, ended b, came c, runs c, ended c',
    );
    assert.deepEqual(
      gateway.ended().map((line) => [line['status'], line['attempts']]),
      [
        [200, 1],
        [200, 1],
        [200, 1],
      ],
    );
    const { inFlight, waiting } = gateway.service().scheduler;
    assert.deepEqual([inFlight, waiting], [0, 0]);
    assert.match([...gateway.metrics.parts()].join(''), /^hxllm_slots_known\{.*\} 1$/m);
  });

test('a trial that is overdue goes to the server whose slot came free meanwhile', LIMITS, async () => {
  await using busy = await startSlotted(1);
  await using other = await startSlotted(1);
  await using gateway = await startGateway([busy, other]);
  const [one, two] = [ask(gateway, 'a'), ask(gateway, 'a')];
  await until('both run', () => startedOn(gateway, busy) + startedOn(gateway, other) === 2);
  const third = ask(gateway, 'b');
  await until('the third is sent', () => [busy, other].some(({ got }) => got.includes('came b')));
  const [inside, free] = busy.got.includes('came b') ? [busy, other] : [other, busy];
  free.end();
  await untilGot(inside, 'left b');
  await untilGot(free, 'runs b');
  free.end();
  const answer = await third;
  assert.equal(await textOf(answer), 'b-begins b-ends');
  assert.equal(answer.headers.get('x-hxllm-backend'), free.url);
  inside.end();
  for (const response of await Promise.all([one, two])) assert.equal(await textOf(response), 'a-begins a-ends');
});

test('a client that leaves before or after the recall is not sent to a server again', LIMITS, async () => {
  for (const leavesAt of ['came b', 'left b']) {
    await using server = await startSlotted(1);
    await using gateway = await startGateway([server]);
    const { first } = await withFirst(server, gateway);
    const leaving = new AbortController();
    const second = ask(gateway, 'b', { stream: true }, leaving.signal).catch(() => undefined);
    await untilGot(server, leavesAt);
    leaving.abort();
    await second;
    await untilGot(server, 'left b');
    await until('nobody waits', () => gateway.service().scheduler.waiting === 0);
    server.end();
    assert.equal(await textOf(await first), 'a-begins a-ends');
    const third = ask(gateway, 'c');
    await untilGot(server, 'runs c');
    server.end();
    assert.equal(await textOf(await third), 'c-begins c-ends');
    assert.equal(server.got.filter((one) => one === 'came b').length, 1);
    assert.equal(gateway.service().scheduler.inFlight, 0);
  }
});

test('a request that was taken back and then refused says both, and names no server', LIMITS, async () => {
  await using server = await startSlotted(1);
  await using gateway = await startGateway([server], { hxllm: { max_queue_wait: 1 } });
  const { first } = await withFirst(server, gateway);
  const refused = await ask(gateway, 'b');
  assert.equal(refused.status, 503);
  assert.match(
    refused.headers.get('x-hxllm-route') ?? '',
    /^taken back after \d+\.\d s without a first token, refused, no slot came free in time, waited \d+(?:\.\d)? m?s$/,
  );
  assert.equal(refused.headers.get('x-hxllm-backend'), null);
  const [line] = gateway.ended();
  assert.deepEqual([line?.['backend'], line?.['attempts']], [undefined, undefined]);
  server.end();
  assert.equal(await textOf(await first), 'a-begins a-ends');
});

test(
  'a first token that comes while its request is taken back is part of one whole answer, or of none',
  LIMITS,
  async () => {
    const rounds = Array.from({ length: 16 }, async (_, round) => {
      await using server = await startSlotted(1);
      await using gateway = await startGateway([server], CONFIG);
      const { first } = await withFirst(server, gateway);
      const sentMs = performance.now();
      const second = ask(gateway, 'b', { stream: true });
      await untilGot(server, 'came b');
      // The recall comes with the first tick after a second: the slot comes free some milliseconds before or after it.
      await sleep(900 + round * 15 - (performance.now() - sentMs));
      server.end();
      await untilGot(server, 'runs b');
      await first;
      const answered = second.then((answer) => answer.text());
      let isOver = false;
      void answered.finally(() => (isOver = true));
      await until('it is answered', () => {
        if (startedOn(gateway, server) === 1) server.end();
        return isOver;
      });
      const text = await answered;
      assert.equal(joined(text, /"content":"([^"]*)"/g), 'b-begins b-ends', text);
      assert.equal(text.match(/\[DONE\]/g)?.length, 1);
    });
    await Promise.all(rounds);
  },
);
