import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '../../../../src/core/secret.ts';
import { diagnose } from '../../../../src/phases/smoke/doctor/diagnose.ts';
import { tlsServer } from '../../../certificates/tls-server.ts';
import { certificateText } from '../../../certificates/certificates.ts';
import { json, KEY } from '../fake-server.ts';
import { buffering, CLOSED, isChat, refusal, shown, STOPPED } from './planting.ts';
import { examined, fleet, host, LLAMA, ONE, PHI, server, service, TWO, type Planted } from './examined.ts';

/** The faults, each with the diagnosis that it must have, the words of its evidence, and of the next command. */
const FAULTS: readonly (readonly [string, Planted, string, RegExp, RegExp])[] = [
  [
    'a wrong key',
    { target: { key: new Secret('sk-another-key-that-is-long-enough') } },
    'auth.wrong-key',
    /GET \/v1\/models with the key: 401: No\.\n.*has the key of the vault/,
    /^hxllm enforce --limit hx-api-server/,
  ],
  [
    'a dead backend',
    {
      fleet: fleet([server(ONE), server(TWO, { state: 'down', down_since: '2026-11-30T00:00:00.000Z' })]),
      host: host({ models: { [TWO]: 'connection refused' } }),
    },
    'backends.dead',
    /127\.0\.0\.1:2 is down since 2026.*\nfrom hx-api-server: http:\/\/127\.0\.0\.1:2: connection refused/,
    /systemctl status ollama/,
  ],
  [
    'a buffering proxy in between',
    { at: buffering, pace: { everyMs: 20 } },
    'stream.buffered',
    /stream\.unbuffered: expected .*they come together: 50 pieces.*\nserver: nginx/s,
    /--through-ssh.*proxy_buffering off/,
  ],
  [
    'a missing model',
    { host: host({ models: { [TWO]: [LLAMA] } }) },
    'models.missing',
    /http:\/\/127\.0\.0\.1:2 has llama3:8b/,
    /^ollama pull phi3:3\.8b-mini-128k-instruct-q8_0 {2}# on 127\.0\.0\.1/,
  ],
  [
    'a slow backend',
    { fleet: fleet([server(ONE), server(TWO, { slow_factor: 4.25 })]) },
    'backends.slow',
    /127\.0\.0\.1:2 takes 4\.3 times as long/,
    /hxllm backend drain http:\/\/127\.0\.0\.1:2/,
  ],
  [
    'a lopsided balance',
    {
      bend: (seen, answer) =>
        isChat(seen) && seen.named === undefined && answer.status === 200
          ? { ...answer, headers: { ...answer.headers, 'x-hxllm-backend': ONE } }
          : answer,
    },
    'balance.lopsided',
    /backends\.balanced: expected .*3 requests at once: http:\/\/127\.0\.0\.1:1 3×\nlitellm_routing_strategy is fleet/,
    /^hxllm fleet/,
  ],
  [
    'a truncated stream',
    {
      bend: (_seen, answer) =>
        answer.body.startsWith(': keep-alive') ? { ...answer, body: answer.body.slice(0, -40) } : answer,
    },
    'stream.truncated',
    /stream\.framed: expected/,
    /^hxllm service logs/,
  ],
  [
    'an expired certificate',
    {
      at: async () => tlsServer('expired'),
      target: { tls: { names: ['localhost'], authorities: [certificateText('ca.pem')] } },
    },
    'tls.expired',
    /the certificate of localhost has expired/,
    /^hxllm preflight --only trust/,
  ],
  [
    'a wrong alias',
    { listed: ['phi3-3-8b', 'llama3-8b'], host: { why: 'not asked', fix: '' } },
    'models.wrong-alias',
    /lists phi3-3-8b, llama3-8b\nthe nearest name there is phi3-3-8b/,
    /^hxllm inventory explain hx-api-server/,
  ],
  [
    'a full queue',
    {
      bend: (seen, answer) =>
        isChat(seen) && answer.status === 200 ? refusal(503, 'queue_full', 'The queue for phi3-3.8b is full.') : answer,
      fleet: fleet([server(ONE), server(TWO)], {
        aliases: [
          {
            alias: 'phi3-3.8b',
            waiting: 1000,
            oldest_ms: 42_000,
            on_time: 0,
            late: 1000,
            batch: 0,
            retries: 0,
            waits_for_load: false,
            callers: [],
            callers_left_out: 0,
            requests_per_s: 9,
            prompt_tokens: 10,
            cached_share: 0,
            response_tokens: 10,
          },
        ],
      }),
    },
    'queue.full',
    /503: The queue for phi3-3\.8b is full\.\n\/fleet: 1000 requests wait for phi3-3\.8b, the oldest for 42 s/,
    /^hxllm fleet/,
  ],
  [
    'a stopped service',
    { at: async () => CLOSED, host: host({ service: service({ service: STOPPED, socket: STOPPED }), listeners: [] }) },
    'service.stopped',
    /litellm\.service is inactive \(dead\)/,
    /^hxllm service start --limit hx-api-server$/,
  ],
  [
    'a stale configuration',
    {
      listed: ['phi3-3.8b'],
      host: host({
        service: service({
          files: new Map([
            ['/etc/litellm/config.yaml', 'b'],
            ['/etc/litellm/litellm.env', 'a'.repeat(64)],
          ]),
        }),
      }),
    },
    'config.stale',
    /does not list llama3-8b\n\/etc\/litellm\/config\.yaml: another content/,
    /^hxllm enforce --dry-run --limit hx-api-server/,
  ],
  [
    'a second alias on no server',
    {
      bend: (seen, answer) =>
        isChat(seen) && seen.body['model'] === 'llama3-8b' && answer.status === 200
          ? refusal(404, 'model_not_found', `model '${LLAMA}' not found`)
          : answer,
      host: host({ models: { [ONE]: [PHI], [TWO]: [PHI, 'llama3:8b'] } }),
    },
    'models.on-no-server',
    /the nearest name is llama3:8b: compare it with litellm_models/,
    /^ollama pull llama3:8b-instruct-q8_0/,
  ],
  [
    'a context that is too small',
    { expected: { models: [{ name: 'phi3-3.8b', model: PHI, numCtx: 2048, mode: 'chat' }] } },
    'models.context-small',
    /num_ctx of its entry in litellm_models is 2048 tokens/,
    /set num_ctx: 16384/,
  ],
  [
    'a context that a Modelfile makes too small',
    {
      bend: (seen, answer) =>
        seen.path === '/model/info'
          ? json(200, {
              data: [{ model_name: 'phi3-3.8b', model_info: { stated_context: 4096, trained_context: 131_072 } }],
            })
          : answer,
    },
    'models.context-small',
    /num_ctx that phi3:3\.8b-mini-128k-instruct-q8_0 has on its server is 4096 tokens/,
    /set num_ctx: 16384/,
  ],
];

for (const [title, planted, id, evidence, next] of FAULTS) {
  test(`${title} has the diagnosis ${id}, with its evidence and the next command`, async () => {
    const diagnosis = diagnose(await examined(planted));
    assert.equal(diagnosis.id, id, shown(diagnosis));
    assert.match(diagnosis.evidence.join('\n'), evidence);
    assert.match(diagnosis.next, next);
    assert.equal(diagnosis.severity, id === 'models.context-small' ? 'warning' : 'error');
    assert.ok(!JSON.stringify(diagnosis).includes(KEY));
  });
}

test('a healthy gateway has the diagnosis healthy', async () => {
  const diagnosis = diagnose(await examined({}));
  assert.deepEqual([diagnosis.id, diagnosis.severity, diagnosis.next], ['healthy', 'none', ''], shown(diagnosis));
});
