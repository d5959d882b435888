import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Agent, Pool, type Dispatcher } from 'undici';
import { HttpAgent } from '../../../src/gateway/upstream/http-agent.ts';
import { until } from '../../until.ts';

test('a server is asked through its pool, and through the agent once the agent has closed that', async () => {
  await using server = createServer((_incoming, outgoing) => outgoing.end('ok'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  const agent = new HttpAgent(1000);
  const ask = async (dispatcher: Dispatcher): Promise<string> => {
    const { body } = await dispatcher.request({ origin, path: '/', method: 'GET' });
    return body.text();
  };
  assert.ok(agent.at(origin) instanceof Agent);
  assert.equal(await ask(agent.at(origin)), 'ok');
  const pool = agent.at(origin);
  assert.ok(pool instanceof Pool);
  assert.equal(await ask(pool), 'ok');
  // An agent closes the pool of a server that has no connection.
  server.closeAllConnections();
  await until('the agent has closed the pool', () => agent.at(origin) instanceof Agent);
  assert.equal(await ask(agent.at(origin)), 'ok');
  const next = agent.at(origin);
  assert.ok(next instanceof Pool && next !== pool);
  await agent.close();
  assert.ok(agent.at(origin) instanceof Agent, 'a closed pool is not used');
});
