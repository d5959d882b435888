import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfigText } from '../../../src/gateway/process/config-file.ts';
import { answersShortly, startFake } from '../fake-upstream.ts';
import { startGateway, textOf, until } from '../running.ts';

const configOf = (url: string, connect: number): Parameters<typeof readConfigText>[0] =>
  JSON.stringify({
    model_list: [{ model_name: 'm', litellm_params: { model: 'ollama_chat/m', api_base: url } }],
    general_settings: { master_key: 'sk-0123456789abcdef' },
    hxllm: { timeouts: { connect } },
  });

test('reloads with other connect time-outs keep one set of connections, also for requests of before', async () => {
  const ports = new Set<number | undefined>();
  const { promise: ready, resolve: letGo } = Promise.withResolvers<void>();
  await using fake = await startFake(async (got, outgoing) => {
    ports.add(outgoing.req.socket.remotePort);
    await answersShortly('a')(got, outgoing);
  });
  await using gateway = await startGateway([fake]);
  await textOf(await gateway.chat());
  const [first] = ports;
  for (let connect = 1; connect <= 20; connect += 1) {
    const { config } = readConfigText(configOf(fake.url, connect), 'config.yaml', { environment: {} });
    assert.ok(config !== undefined);
    await gateway.reload(config);
    await textOf(await gateway.chat());
  }
  // The lists of models take connections too, so that a chat may find another one.
  assert.ok(ports.size <= 4, `${String(ports.size)} connections, the first ${String(first)}`);
  fake.behave(async (got, outgoing) => {
    await ready;
    await answersShortly('late')(got, outgoing);
  });
  const before = gateway.chat();
  await until('the server is asked', () => fake.requests.length === 22);
  const { config } = readConfigText(configOf(fake.url, 30), 'config.yaml', { environment: {} });
  assert.ok(config !== undefined);
  await gateway.reload(config);
  letGo();
  assert.equal(await textOf(await before), 'late');
});
