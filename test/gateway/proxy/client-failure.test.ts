import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientFailure } from '../../../src/gateway/proxy/client-failure.ts';
import { fails, startFake } from '../fake-upstream.ts';
import { errorOf, startGateway, until } from '../running.ts';

test("a server's error reaches its client without the operator's addresses, files and keys", async () => {
  for (const [status, error, message] of [
    [500, 'dial tcp 10.0.0.5:11434: connection refused', 'dial tcp [address]: connection refused'],
    [500, 'open /usr/share/ollama/.ollama/models/blobs/x: no such file', 'open [path] no such file'],
    [400, 'Incorrect API key provided: sk-abc12345678.', 'Incorrect API key provided: [key].'],
    [
      500,
      'dial tcp: lookup gpu-7 on [fd00::2]:53: no such host',
      'dial tcp: lookup [address] on [address]: no such host',
    ],
    [500, 'Post "http://gpu-1.lan:8080/api": no route to fd00::5', 'Post "[address]": no route to [address]'],
    [500, 'getaddrinfo ENOTFOUND gpu1', 'getaddrinfo ENOTFOUND [address]'],
    [
      502,
      "HTTPConnectionPool(host='gpu-7', port=80): refused",
      "HTTPConnectionPool(host='[address]', port=80): refused",
    ],
    [
      502,
      'upstream ollama.default.svc is gone, and so is gpu-2:11434',
      'upstream [address] is gone, and so is [address]',
    ],
    [500, 'std::bad_alloc in c10::Error at 12:30:45', 'std::bad_alloc in c10::Error at 12:30:45'],
    [404, "model 'qwen2.5:14b' not found", "model 'qwen2.5:14b' not found"],
    [400, 'registry.ollama.ai/library/m:2407 cannot', 'registry.ollama.ai/library/m:2407 cannot'],
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

test('the name of a configured server is left out wherever it stands', () => {
  const backends = [{ url: 'http://box.example.com:11434' }, { url: 'http://ollama:11434' }];
  const failure = { kind: 'upstream', code: null, message: 'Box.Example.com refused; run ollama there' } as const;
  assert.equal(clientFailure(failure, backends).message, '[address] refused; run ollama there');
});

test('a response that cannot be read has its error in the log', async () => {
  await using fake = await startFake((_got, outgoing) => void outgoing.end('x'.repeat(70 * 1024 * 1024)));
  await using gateway = await startGateway([fake], { router_settings: { num_retries: 0 } });
  assert.equal((await gateway.chat()).status, 502);
  await until('the line is written', () => gateway.ended().length === 1);
  assert.match(String(gateway.ended()[0]?.['error']), /^RangeError: a line of more than \d+ bytes/);
});
