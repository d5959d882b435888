import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { handleRequest } from '../../../src/gateway/proxy/handler.ts';
import { BodyBudget } from '../../../src/gateway/http/body-budget.ts';
import { openContext } from '../../../src/gateway/request-context.ts';
import { OPENAI } from '../../../src/gateway/api/openai/dialect.ts';
import { startFake } from '../fake-upstream.ts';
import { errorOf, KEY, startGateway } from '../running.ts';

test('a mistake in reading one request is answered with 500, told in its record, and costs no other request', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const parse = (): never => {
    throw new TypeError('a mistake');
  };
  const errors: (string | undefined)[] = [];
  await using server = createServer((incoming, outgoing) => {
    const context = openContext(
      incoming,
      outgoing,
      gateway.service(),
      () => OPENAI,
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
