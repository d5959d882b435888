import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Deployment, GatewayConfig } from '../../../src/schema/gateway-config.ts';
import { startFake } from '../fake-upstream.ts';
import { until } from '../running.ts';
import { startAdmin } from './stage.ts';

/** It counts 5 tokens of a prompt and 2 of an answer. */
const fake = await startFake();
after(() => fake.kill());
const KEY = 'sk-of-the-file-00';

const DEAR = {
  model_name: 'dear',
  litellm_params: { model: 'ollama_chat/m', api_base: fake.url },
  model_info: { input_cost_per_token: 0.01, output_cost_per_token: 0.1 },
};

/** The configuration with other prices of that model. */
function withPrices(config: GatewayConfig, input: number, output: number): GatewayConfig {
  const prices = { input_cost_per_token: input, output_cost_per_token: output };
  const priced = (one: Deployment): Deployment => ({
    ...one,
    listed: { ...one.listed, info: { ...one.listed.info, ...prices } },
  });
  const groups = config.groups.map((group) => {
    if (group.name !== 'dear') return group;
    const [first, ...others] = group.deployments;
    return { ...group, deployments: [priced(first), ...others.map(priced)] as const };
  });
  return { ...config, groups };
}

test('a row says which price it was counted with, also after the price was corrected', async () => {
  const stage = await startAdmin({}, [DEAR]);
  const chat = async (model: string): Promise<void> => {
    const answer = await stage.ask('/v1/chat/completions', {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}` },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }] }),
    });
    assert.equal(answer.status, 200, await answer.text());
  };
  const rows = async (): Promise<unknown> => {
    const { body } = await stage.call('/spend/logs');
    return (body as unknown as readonly Readonly<Record<string, unknown>>[])
      .map((row) => ['model_group', 'spend', 'input_cost_per_token', 'output_cost_per_token'].map((name) => row[name]))
      .toReversed();
  };
  await chat('dear');
  await chat('m');
  assert.ok(await stage.reload(withPrices(stage.service().config, 0.001, 0)));
  await chat('dear');
  const expected = [
    ['dear', 0.25, 0.01, 0.1],
    ['m', 0, 0, 0],
    ['dear', 0.005, 0.001, 0],
  ];
  await until('all rows are stored', async () => JSON.stringify(await rows()) === JSON.stringify(expected));
});
