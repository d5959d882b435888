import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFake } from './fake-upstream.ts';
import { rawConnection } from './http/raw-connection.ts';
import { errorOf, startGateway, until, type Running } from './running.ts';

const throwPlanted = (): never => {
  throw new TypeError('planted');
};

const ROWS: readonly (readonly [
  where: string,
  plant: (gateway: Running) => void,
  ask: (gateway: Running) => Promise<Response>,
])[] = [
  ['a route', ({ metrics }) => Object.assign(metrics, { parts: throwPlanted }), (gateway) => gateway.ask('/metrics')],
  [
    'the start of a response',
    (gateway) => Object.assign(gateway.service().scheduler, { acquire: throwPlanted }),
    (gateway) => gateway.chat(),
  ],
  [
    'the request to a server',
    (gateway) => Object.assign(gateway.service().upstream, { send: throwPlanted }),
    (gateway) => gateway.chat(),
  ],
  [
    'the events of a server',
    (gateway) => Object.assign(gateway.service().scheduler, { started: throwPlanted }),
    (gateway) => gateway.chat(),
  ],
];

for (const [where, plant, ask] of ROWS)
  test(`an error of the gateway in ${where} is a 500 with its stack in the log, and no slot stays in use`, async () => {
    await using fake = await startFake();
    await using gateway = await startGateway([fake]);
    plant(gateway);
    const response = await ask(gateway);
    assert.equal(response.status, 500);
    assert.equal((await errorOf(response)).type, 'server_error');
    await until('the line is written', () => gateway.ended().length === 1);
    const [line] = gateway.ended();
    assert.partialDeepStrictEqual(line, { status: 500, ended: 'failed' });
    assert.match(String(line?.['error']), /^TypeError: planted\n +at /);
    assert.equal(gateway.service().scheduler.inFlight, 0);
  });

test('an error in the end of a request is logged, and the gateway goes on', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  Object.assign(gateway.metrics, { ended: throwPlanted });
  assert.equal((await gateway.chat()).status, 200);
  await until('the error is logged', () => gateway.log.some(({ event }) => event === 'request-error'));
  const line = gateway.log.find(({ event }) => event === 'request-error');
  assert.match(String(line?.['error']), /^TypeError: planted\n +at /);
  Object.assign(gateway.metrics, { ended: () => undefined });
  assert.equal((await gateway.chat()).status, 200);
});

for (const [what, bytes] of [
  ['a request that cannot be parsed', 'garbage\r\n\r\n'],
  ['CONNECT', 'CONNECT x:80 HTTP/1.1\r\nhost: x\r\n\r\n'],
])
  test(`an error in the answer to ${String(what)} is logged, and the gateway goes on`, async () => {
    await using fake = await startFake();
    await using gateway = await startGateway([fake]);
    Object.assign(gateway.metrics, { ended: throwPlanted });
    await using raw = await rawConnection(gateway, String(bytes));
    await raw.whole();
    assert.match(String(gateway.log.find(({ event }) => event === 'request-error')?.['error']), /^TypeError: planted/);
    Object.assign(gateway.metrics, { ended: () => undefined });
    assert.equal((await gateway.chat()).status, 200);
  });

for (const expectation of ['100-continue', 'a-miracle'])
  test(`an error before the answer to a request with Expect: ${expectation} is logged, and the gateway goes on`, async () => {
    await using fake = await startFake();
    await using gateway = await startGateway([fake]);
    Object.defineProperty(gateway.service(), 'config', { get: throwPlanted, configurable: true });
    await using raw = await rawConnection(
      gateway,
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nexpect: ${expectation}\r\ncontent-length: 2\r\n\r\n`,
    );
    await raw.whole();
    assert.match(String(gateway.log.find(({ event }) => event === 'request-error')?.['error']), /^TypeError: planted/);
  });
