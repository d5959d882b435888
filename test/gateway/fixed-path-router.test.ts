import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TrieRouter } from 'hono/router/trie-router';
import { FixedPathRouter } from '../../src/gateway/fixed-path-router.ts';

const ROUTES = [
  ['GET', '/health', 'health'],
  ['POST', '/v1/chat/completions', 'chat'],
  ['GET', '/v1/models', 'models'],
  ['GET', '/v1/models/:id{.+}', 'model'],
  ['POST', '/engines/:model/completions', 'engine'],
  ['GET', '/v1/models/known', 'known'],
  ['ALL', '/v1/*', 'all'],
] as const;

test('every path has the routes that Hono’s router finds, asked for once or again, and after a further route', () => {
  const [ours, theirs] = [new FixedPathRouter<string>(), new TrieRouter<string>()];
  for (const [method, path, name] of ROUTES) {
    ours.add(method, path, name);
    theirs.add(method, path, name);
    for (const asked of ['GET', 'POST', 'DELETE'])
      for (const target of [...ROUTES.map(([, each]) => each), '/v1/models/a/b', '/engines/m/completions', '/none', ''])
        for (let times = 0; times < 2; times += 1)
          assert.deepEqual(ours.match(asked, target), theirs.match(asked, target), `${asked} ${target}`);
  }
});
