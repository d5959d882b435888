import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { handleRequest } from '../../../src/gateway/proxy/handler.ts';
import { BodyBudget } from '../../../src/gateway/http/body-budget.ts';
import { LinedResponse } from '../../../src/gateway/http/lined-response.ts';
import { openContext } from '../../../src/gateway/request-context.ts';
import { OPENAI } from '../../../src/gateway/api/openai/dialect.ts';
import { readChat } from '../../../src/gateway/api/openai/parsed-request.ts';
import { startFake } from '../fake-upstream.ts';
import { errorOf, KEY, startGateway } from '../running.ts';

const ROUTE = { dialect: OPENAI, endpoint: undefined };

test('a mistake in reading one request is answered with 500, told in its record, and costs no other request', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const parse = (): never => {
    throw new TypeError('a mistake');
  };
  const errors: (string | undefined)[] = [];
  await using server = createServer({ ServerResponse: LinedResponse }, (incoming, outgoing) => {
    const context = openContext(
      incoming,
      outgoing,
      gateway.service(),
      () => ROUTE,
      performance.now(),
      new BodyBudget(),
    );
    void handleRequest(context, { parse }).then(() => errors.push(context.record.error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const response = await fetch(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`, {
    method: 'POST',
    body: '{}',
    headers: { authorization: `Bearer ${KEY}` },
  });
  assert.equal(response.status, 500);
  assert.equal((await errorOf(response)).type, 'server_error');
  assert.match(errors[0] ?? '', /^TypeError: a mistake\n +at /);
  assert.equal((await gateway.chat()).status, 200);
});

test('a body of 300 KB is parsed, routed and written in turns of the event loop of their own', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  let turn = 0;
  let isOver = false;
  const count = (): void => {
    turn += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const turns: Record<string, number> = {};
  const service = gateway.service();
  const { scheduler, upstream } = service;
  const acquire = scheduler.acquire.bind(scheduler);
  scheduler.acquire = (...given) => {
    turns['routed'] = turn;
    return acquire(...given);
  };
  const send = upstream.send.bind(upstream);
  upstream.send = (...given) => {
    turns['written'] = turn;
    return send(...given);
  };
  await using server = createServer({ ServerResponse: LinedResponse }, (incoming, outgoing) => {
    const context = openContext(incoming, outgoing, service, () => ROUTE, performance.now(), new BodyBudget());
    incoming.on('end', () => (turns['read'] = turn));
    const parse: typeof readChat = (...given) => {
      turns['parsed'] = turn;
      return readChat(...given);
    };
    void handleRequest(context, { parse });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const response = await fetch(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`, {
    method: 'POST',
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x'.repeat(300_000) }] }),
    headers: { authorization: `Bearer ${KEY}` },
  });
  assert.equal(response.status, 200);
  isOver = true;
  const { read = 0, parsed = 0, routed = 0, written = 0 } = turns;
  assert.ok(read < parsed && parsed < routed && routed < written, JSON.stringify(turns));
});
