import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { startSim } from '../../../../src/sim/server.ts';
import { mutated, mutation } from '../mutation.ts';
import { KEY, startGateway, until } from '../../running.ts';
import { messageOf, parseStream } from './events.ts';
import { WHOLE } from './whole-request.ts';

test('every body is answered, counted, or refused as the client’s fault', async (t) => {
  const sim = await startSim({
    models: [{ name: 'm', capabilities: ['completion', 'tools', 'thinking', 'vision'] }],
    loadMs: 1,
    tokenMs: 0,
    numParallel: 4,
  });
  t.after(() => sim.close());
  await using gateway = await startGateway([sim], { hxllm: { backends: { [sim.url]: { num_parallel: 4 } } } });
  const seen = { answered: 0, refused: 0 };
  const ask = async (path: string, body: string): Promise<void> => {
    const response = await fetch(gateway.url + path, { method: 'POST', headers: { 'x-api-key': KEY }, body });
    const text = await response.text();
    assert.match(response.headers.get('request-id') ?? '', /^req_/);
    assert.ok(response.status < 500, `${String(response.status)} ${text.slice(0, 300)} for ${body.slice(0, 2000)}`);
    if (response.status !== 200) assert.equal((JSON.parse(text) as { type: string }).type, 'error');
    else if (response.headers.get('content-type')?.startsWith('text/event-stream') === true)
      messageOf(parseStream(text));
    else JSON.parse(text);
    seen[response.status === 200 ? 'answered' : 'refused'] += 1;
  };
  const body = fc
    .array(mutation, { maxLength: 2 })
    .map((mutations) => mutated({ ...WHOLE, tool_choice: undefined }, mutations));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('/v1/messages', '/v1/messages', '/v1/messages/count_tokens'), body, ask),
    { numRuns: 300 },
  );
  assert.ok(seen.answered > 30 && seen.refused > 30, JSON.stringify(seen));
  await until('nothing is in flight', () => sim.activity().busy === 0);
});
