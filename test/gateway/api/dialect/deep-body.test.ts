import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startFake } from '../../fake-upstream.ts';
import { startGateway } from '../../running.ts';

const nested = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);

test("a body that is nested too deeply is refused as its sender's fault, wherever in it and at whichever endpoint", async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const deep = nested(20_000);
  const messages = '"messages":[{"role":"user","content":"x"}]';
  const bodies: readonly (readonly [path: string, rest: string])[] = [
    [
      '/v1/chat/completions',
      `${messages},"tool_choice":"required","tools":[{"type":"function","function":{"name":"f","parameters":${deep}}}]`,
    ],
    [
      '/v1/responses',
      `"input":"x","tool_choice":"required","tools":[{"type":"function","name":"f","parameters":${deep}}]`,
    ],
    // Fields that the response repeats and that no server gets.
    ['/v1/responses', `"input":"x","tool_choice":"none","tools":[{"type":"function","name":"f","parameters":${deep}}]`],
    ['/v1/responses', `"input":"x","stream":true,"tools":[{"type":"function","name":"f","more":${deep}}]`],
    ['/v1/responses/input_tokens', `"input":"x","tools":[{"type":"function","name":"f","parameters":${deep}}]`],
    [
      '/v1/messages',
      `"max_tokens":5,${messages},"tool_choice":{"type":"any"},"tools":[{"name":"f","input_schema":${deep}}]`,
    ],
    ['/v1/messages/count_tokens', `${messages},"tools":[{"name":"f","input_schema":${deep}}]`],
    ['/api/chat', `${messages},"format":${deep}`],
  ];
  for (const [path, rest] of bodies) {
    const response = await gateway.ask(path, { method: 'POST', body: `{"model":"m",${rest}}` });
    assert.deepEqual([path, response.status], [path, 400]);
    assert.match(await response.text(), /nested too deeply/);
  }
  assert.equal(fake.requests.length, 0);
});

test('a body nested as deeply as schemas are is passed on', async () => {
  await using fake = await startFake();
  await using gateway = await startGateway([fake]);
  const response = await gateway.ask('/v1/messages', {
    method: 'POST',
    body: `{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"x"}],"tool_choice":{"type":"any"},"tools":[{"name":"f","input_schema":${nested(400)}}]}`,
  });
  await response.arrayBuffer();
  assert.equal(fake.requests.length, 1);
});
