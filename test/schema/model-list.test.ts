import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entry, good, issuesOf, read } from './reading.ts';

test('extra_body of an entry: its options and keep_alive are the entry’s, its other fields are named', () => {
  const { groups } = good({
    model_list: [
      entry({ num_ctx: 4096, top_k: 5, extra_body: { options: { num_ctx: 16384, stop: 'x' }, keep_alive: '1h' } }),
      entry({ keep_alive: '2h', extra_body: { keep_alive: '1h' } }),
    ],
  });
  const [first, second] = groups[0]?.deployments ?? [];
  assert.deepEqual(first?.options, { num_ctx: 16384, top_k: 5, stop: ['x'] });
  assert.equal(first?.keepAlive, '1h');
  assert.equal(second?.keepAlive, '2h');
  assert.deepEqual(
    issuesOf({ model_list: [entry({ extra_body: { options: { num_ctx: 'x', num_ctxx: 1 }, format: 'json' } })] }),
    [
      'warning config.unknown-key model_list[0].litellm_params.extra_body.format',
      'error config.wrong-value model_list[0].litellm_params.extra_body.options.num_ctx',
      'warning config.unknown-key model_list[0].litellm_params.extra_body.options.num_ctxx',
    ],
  );
});

test('an entry is listed by model_info.id, or by a hash that a reload and a second reading keep; without keys', () => {
  const listed = (document: object): readonly object[] =>
    (read(document).config?.groups ?? []).flatMap(({ deployments }) => deployments.map((one) => one.listed));
  const document = {
    model_list: [
      entry(
        { api_key: 'sk-secret', temperature: 0 },
        { model_info: { id: 'mine', api_key: 'sk-secret', note: 1, more: { password: 'sk-secret', a: 2 } } },
      ),
      entry({ api_key: 'sk-secret' }),
      entry(),
    ],
  };
  const found = listed(document);
  assert.deepEqual(found, listed(document));
  assert.deepEqual(found[0], {
    id: 'mine',
    params: { api_base: 'http://a:11434', model: 'ollama_chat/phi3:mini', temperature: 0 },
    info: { note: 1, more: { a: 2 } },
  });
  const ids = found.map((one) => ('id' in one ? one.id : undefined));
  assert.match(String(ids[1]), /^[0-9a-f]{64}$/);
  assert.equal(new Set(ids).size, 3, 'repeated entries have ids of their own');
  assert.ok(!JSON.stringify(found).includes('sk-secret'));
});
