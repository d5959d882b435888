import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listLoaded } from '../../../src/gateway/catalogue/catalogue.ts';
import { showBody } from '../../../src/gateway/api/ollama/show.ts';
import type { Service } from '../../../src/gateway/service.ts';

test('/api/ps lists a model as the server that keeps it longest, in any time zone', async () => {
  const ends: Readonly<Record<string, string>> = {
    'http://a': '2026-11-25T10:00:00.123456789+01:00',
    'http://b': '2026-11-25T09:30:00.5Z',
  };
  const backends = Object.keys(ends).map((url) => ({ url, provider: 'ollama' }));
  const deployments = backends.map(({ url }) => ({ url, model: 'm' }));
  const query = ({ url }: { url: string }): unknown =>
    Promise.resolve({ models: [{ name: 'm:latest', expires_at: ends[url] }] });
  const service = {
    config: { backends },
    namesFor: () => ({ models: new Map([['alias', { deployments }]]), listed: ['alias'] }),
    upstream: { query },
    scheduler: { fleet: { backends: new Map() } },
  } as unknown as Service; // the only part that is used
  assert.partialDeepStrictEqual(JSON.parse((await listLoaded(service, undefined)).text()), {
    models: [{ name: 'alias', expires_at: ends['http://b'] }],
  });
});

test('a model that consists of several files shows none of them', () => {
  const modelfile =
    '# FROM m:latest\n\nFROM /models/blobs/sha256-1\nADAPTER /models/blobs/sha256-2\nFROM /models/blobs/sha256-3\nTEMPLATE x\n';
  assert.deepEqual(
    showBody({ modelfile }, { alias: 'a', options: {}, context: undefined })['modelfile'],
    '# FROM a\n\nFROM a\nTEMPLATE x\n',
  );
});
