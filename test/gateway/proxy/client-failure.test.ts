import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fails, startFake } from '../fake-upstream.ts';
import { errorOf, startGateway, until } from '../running.ts';

test("a server's error reaches its client without the operator's addresses, files and keys", async () => {
  for (const [status, error, message] of [
    [500, 'dial tcp 10.0.0.5:11434: connection refused', 'dial tcp [address]: connection refused'],
    [500, 'open /usr/share/ollama/.ollama/models/blobs/x: no such file', 'open [path] no such file'],
    [400, 'Incorrect API key provided: sk-abc12345678.', 'Incorrect API key provided: [key].'],
    [
      400,
      'the value of "#/$defs/a/b" in version 0.22.1 is wrong',
      'the value of "#/$defs/a/b" in version 0.22.1 is wrong',
    ],
  ] as const) {
    await using fake = await startFake(fails(status, error));
    await using gateway = await startGateway([fake], { router_settings: { num_retries: 0 } });
    assert.equal((await errorOf(await gateway.chat())).message, message);
    await until('the line is written', () => gateway.ended().length === 1);
    assert.equal(
      gateway.ended()[0]?.['failure_text'],
      message === error ? undefined : error.replace(/sk-\w+/, '[key]'),
      'the log keeps all but keys',
    );
  }
});

test('a response that cannot be read has its error in the log', async () => {
  await using fake = await startFake((_got, outgoing) => void outgoing.end('x'.repeat(70 * 1024 * 1024)));
  await using gateway = await startGateway([fake], { router_settings: { num_retries: 0 } });
  assert.equal((await gateway.chat()).status, 502);
  await until('the line is written', () => gateway.ended().length === 1);
  assert.match(String(gateway.ended()[0]?.['error']), /^RangeError: a line of more than \d+ bytes/);
});
