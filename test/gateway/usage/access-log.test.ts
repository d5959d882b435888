import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fails, startFake } from '../fake-upstream.ts';
import { startGateway, until } from '../running.ts';

const ENDS: readonly (readonly [what: string, status: number, error: string, answer: number, ended: string])[] = [
  ['a fault of the client', 400, 'does not support insert', 400, 'refused'],
  ['an unknown model on the server', 404, 'model not found', 404, 'refused'],
  ['a server without a free slot', 503, 'server busy', 503, 'refused'],
  ['a runner that fails', 500, 'model runner has unexpectedly stopped', 502, 'failed'],
];

for (const [what, status, error, answer, ended] of ENDS) {
  test(`${what} is logged as ${ended}, by the status of the response`, async () => {
    await using fake = await startFake(fails(status, error));
    await using gateway = await startGateway([fake], { router_settings: { num_retries: 0 } });
    assert.equal((await gateway.chat()).status, answer);
    await until('the line is written', () => gateway.ended().length === 1);
    assert.partialDeepStrictEqual(gateway.ended()[0], { status: answer, ended });
  });
}

test('an error without a model has its reason in the log, in every API', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  for (const [path, method, failure] of [
    ['/v1/models/none', 'GET', 'model_not_found'],
    ['/api/pull', 'POST', 'managed_elsewhere'],
    ['/v1/nope', 'GET', 'not-found'],
    ['/v1/chat/completions', 'GET', 'wrong-method'],
  ] as const) {
    const before = gateway.ended().length;
    await (await gateway.ask(path, { method })).body?.cancel();
    await until('the line is written', () => gateway.ended().length === before + 1);
    assert.partialDeepStrictEqual(gateway.ended().at(-1), { path, failure, ended: 'refused' });
  }
});
