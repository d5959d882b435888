import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPaint } from '../../../src/cli/views/paint.ts';
import { changesOf, releasesDocument, releasesLines, type HostReleases } from '../../../src/cli/views/releases.ts';
import { releasesDocumentSchema } from '../../../src/cli/views/releases-document.ts';
import type { DeploymentRecord } from '../../../src/core/deployment-record.ts';
import type { KeptDeployment } from '../../../src/facts/installation/installation.ts';
import { assertValid } from '../../json-schema.ts';

const RECORD: DeploymentRecord = {
  number: 1,
  at: '2026-11-30T01:02:03.456Z',
  who: 'ada',
  from: 'workstation',
  kind: 'switch',
  rollback: undefined,
  changed: [
    { id: 'release.current', title: 't' },
    { id: 'files.config.yaml', title: 't' },
    { id: 'service.start', title: 't' },
  ],
  release: { id: 'aaaaaaaaaaaa', version: '1.2.3', committed: undefined, files: {} },
  runtime: { name: 'node-24.21.0-abababababab', sha256: 'ab' },
  settings: {
    configDir: '/etc/litellm',
    user: 'litellm',
    group: 'litellm',
    listen: '0.0.0.0',
    port: 4000,
    serviceManager: 'systemd',
  },
  files: [],
  plan: 'f'.repeat(64),
};

function kept(
  number: number,
  over: Partial<KeptDeployment> = {},
  record: Partial<DeploymentRecord> = {},
): KeptDeployment {
  return {
    number,
    healthy: true,
    release: 'aaaaaaaaaaaa',
    record: { ...RECORD, number, ...record },
    format: 1,
    ...over,
  };
}

const HOST: HostReleases = {
  host: 'hx-api-server',
  notes: { made: [], used: [], confirmed: 'x.y', deployment: 4 },
  instances: [
    { pid: 1, runtime: 'r', deployment: 2 },
    { pid: 2, runtime: 'r', deployment: 4 },
  ],
  deployments: [
    kept(1, {}, { at: undefined, who: undefined, from: undefined, changed: [] }),
    kept(2),
    kept(3, { record: undefined }),
    kept(
      4,
      {},
      { rollback: { of: 2, codeOnly: false }, kind: 'reload', changed: [{ id: 'files.config.yaml', title: 't' }] },
    ),
    kept(5, { healthy: false }, { changed: [{ id: 'files.litellm.env', title: 't' }] }),
  ],
};

test('the newest deployment stands first, with its state, its time, its operator and its changes', () => {
  assert.deepEqual(releasesLines([HOST], createPaint({ LANG: 'C', NO_COLOR: '1' }, false), 120), [
    'hx-api-server',
    '  5  failed      2026-11-30 01:02Z  ada@workstation  1.2.3         key',
    '  4  runs        2026-11-30 01:02Z  ada@workstation  1.2.3         back to 2: config.yaml',
    '  3  unreadable  -                  -                aaaaaaaaaaaa  its record cannot be read',
    '  2  draining    2026-11-30 01:02Z  ada@workstation  1.2.3         gateway, config.yaml',
    '  1  kept        -                  -                1.2.3         as an older hxllm deployed it',
  ]);
});

test('a host without hxllm, and one without deployments, say so', () => {
  const paint = createPaint({ LANG: 'C', NO_COLOR: '1' }, false);
  assert.match(releasesLines([{ ...HOST, notes: undefined }], paint, 120)[1] ?? '', /has installed nothing/);
  assert.match(releasesLines([{ ...HOST, deployments: [] }], paint, 120)[1] ?? '', /no deployments yet/);
});

test('the document has the same, and names the running deployment', () => {
  const document = JSON.parse(JSON.stringify(releasesDocument('1.2.3', [HOST], []))) as {
    hosts: { running: number; deployments: { number: number; state: string; rollback: object | null }[] }[];
  };
  assertValid(releasesDocumentSchema(), document);
  assertValid(releasesDocumentSchema(), releasesDocument('1.2.3', [{ ...HOST, deployments: [], instances: [] }], []));
  assert.equal(document.hosts[0]?.running, 4);
  assert.deepEqual(
    document.hosts[0].deployments.map(({ number, state }) => [number, state]),
    [
      [1, 'kept'],
      [2, 'draining'],
      [3, 'unreadable'],
      [4, 'runs'],
      [5, 'failed'],
    ],
  );
  assert.deepEqual(document.hosts[0].deployments[3]?.rollback, { of: 2, codeOnly: false });
});

test('a deployment without changed files says why it was made', () => {
  assert.equal(changesOf(kept(2, {}, { changed: [{ id: 'service.start', title: 't' }] })), 'started again');
  assert.equal(changesOf(kept(2, {}, { changed: [{ id: 'release', title: 't' }] })), 'gateway, sent again');
  assert.equal(changesOf(kept(2, { record: undefined, release: undefined })), 'it was cut off');
});
