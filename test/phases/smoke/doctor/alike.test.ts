import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diagnose } from '../../../../src/phases/smoke/doctor/diagnose.ts';
import { certificateText } from '../../../certificates/certificates.ts';
import { tlsServer } from '../../../certificates/tls-server.ts';
import { json } from '../fake-server.ts';
import { CLOSED, isChat, refusal, shown, STOPPED } from './planting.ts';
import { examined, fleet, host, LLAMA, ONE, server, service, TWO, type Planted } from './examined.ts';

/** Faults of the same kind: other causes that look alike, and what is seen without a host. */
const ALIKE: readonly (readonly [string, Planted, string])[] = [
  [
    'a service whose configuration is invalid',
    {
      at: async () => CLOSED,
      host: host({
        listeners: [],
        service: service({
          service: { active: 'failed', sub: 'failed', result: 'exit-code', exitStatus: 78 },
          check: { exitCode: 78, text: 'config.yaml:3: unknown key' },
        }),
      }),
    },
    'service.config-invalid',
  ],
  [
    'a service that fails for another reason',
    {
      at: async () => CLOSED,
      host: host({
        listeners: [],
        service: service({ service: { active: 'failed', sub: 'failed', result: 'signal' } }),
      }),
    },
    'service.failed',
  ],
  [
    'a port that another program has',
    {
      at: async () => CLOSED,
      host: host({ service: service({ service: { ...STOPPED, active: 'failed' }, socket: { active: 'failed' } }) }),
    },
    'service.port-taken',
  ],
  [
    'a masked service',
    { host: host({ service: service({ service: { ...STOPPED, enabled: 'masked' } }) }) },
    'service.masked',
  ],
  ['a host without hxllm', { host: host({ service: service({ installed: false }) }) }, 'service.not-installed'],
  ['a firewall', { at: async () => CLOSED }, 'http.firewall'],
  ['a gateway on loopback', { at: async () => CLOSED, host: host({ listeners: ['127.0.0.1'] }) }, 'http.loopback'],
  ['nothing at the address, and no host', { at: async () => CLOSED, host: { why: 'no', fix: '' } }, 'http.no-answer'],
  [
    'a slip in an alias, and a host whose file is another one',
    {
      listed: ['phi3-3-8b', 'llama3-8b'],
      host: host({ service: service({ files: new Map([['/etc/litellm/config.yaml', 'b']]) }) }),
    },
    'models.wrong-alias',
  ],
  [
    'a larger model that is not deployed yet',
    {
      listed: ['phi3-3.8b', 'llama3-70b'],
      host: host({ service: service({ files: new Map([['/etc/litellm/config.yaml', 'b']]) }) }),
    },
    'config.stale',
  ],
  [
    'a server below the limit of speed',
    {
      bend: (seen, answer) =>
        isChat(seen) && seen.named === ONE && answer.status === 200
          ? { ...answer, headers: { ...answer.headers, 'server-timing': 'decode;dur=60000' } }
          : answer,
    },
    'backends.slow',
  ],
  [
    'a certificate for another name',
    {
      at: async () => tlsServer('wrong-name'),
      target: { tls: { names: ['localhost'], authorities: [certificateText('ca.pem')] } },
    },
    'tls.name',
  ],
  ['a certificate of a stranger', { at: async () => tlsServer('untrusted') }, 'tls.untrusted'],
  [
    'a web page',
    { bend: () => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html></html>' }) },
    'http.other-server',
  ],
  [
    'a gateway without a key',
    {
      bend: (_seen, answer) =>
        answer.status === 401 ? json(200, { object: 'list', data: [{ id: 'phi3-3.8b', object: 'model' }] }) : answer,
    },
    'auth.open',
  ],
  ['an older configuration in memory', { listed: ['phi3-3.8b'] }, 'config.not-loaded'],
  [
    'a reload that was refused',
    {
      host: host({
        service: service({ log: ['{"event":"listening"}', '{"event":"reload-refused"}', '{"event":"request"}'] }),
      }),
    },
    'config.not-loaded',
  ],
  [
    'other files than on the host, without a sign of it',
    { host: host({ service: service({ files: new Map() }) }) },
    'config.stale',
  ],
  [
    'a server of an older configuration',
    { fleet: fleet([server(ONE), server('http://127.0.0.1:3')]) },
    'config.not-loaded',
  ],
  [
    'a dead backend and a host that cannot be asked',
    { fleet: fleet([server(ONE), server(TWO, { state: 'down' })]), host: { why: 'no', fix: '' } },
    'backends.dead',
  ],
  [
    'a dead backend that keeps the queue full',
    {
      fleet: fleet([server(ONE), server(TWO, { state: 'down' })]),
      bend: (seen, answer) => (isChat(seen) && answer.status === 200 ? refusal(503, 'queue_full', 'full') : answer),
    },
    'backends.dead',
  ],
  ['a drained backend', { fleet: fleet([server(ONE), server(TWO, { drained: true })]) }, 'backends.drained'],
  [
    'a model that one server has not, and a host that cannot be asked',
    {
      host: { why: 'no', fix: '' },
      bend: (seen, answer) =>
        isChat(seen) && seen.named === TWO ? refusal(404, 'model_not_found', 'not found') : answer,
    },
    'models.missing',
  ],
  [
    'an answer under another name',
    {
      bend: (_seen, answer) => ({
        ...answer,
        body: answer.body.replaceAll('"model":"llama3-8b"', `"model":"${LLAMA}"`),
      }),
    },
    'models.wrong-alias',
  ],
  [
    'a connection that ends in a stream',
    { bend: (seen, answer) => (seen.body['stream'] === true ? 'hang up' : answer) },
    'stream.truncated',
  ],
  ['a short trained context', { host: host({ trained: 4096 }) }, 'models.context-small'],
  ['a host that cannot be asked', { host: { why: 'connection refused', fix: 'hxllm preflight' } }, 'host.not-asked'],
  [
    'an answer that no other rule knows',
    {
      bend: (seen, answer) =>
        isChat(seen) && seen.body['stream'] !== true && answer.status === 200
          ? { ...answer, body: answer.body.replace('"total_tokens":10', '"total_tokens":11') }
          : answer,
    },
    'smoke.chat.answers',
  ],
];

for (const [title, planted, id] of ALIKE) {
  test(`${title} has the diagnosis ${id}`, async () => {
    const diagnosis = diagnose(await examined(planted));
    assert.equal(diagnosis.id, id, shown(diagnosis));
    assert.notEqual(diagnosis.evidence.length, 0);
  });
}
