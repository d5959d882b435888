import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readGatewayConfig, type GatewayConfig } from '../../src/schema/gateway-config.ts';
import { exposureOf, isLoopback, parseListen } from '../../src/schema/listen.ts';

test('addresses are names, numbers or brackets with a port; other text is refused', () => {
  assert.deepEqual(parseListen('0.0.0.0:4000'), { host: '0.0.0.0', port: 4000 });
  assert.deepEqual(parseListen('hx-api-server:4000'), { host: 'hx-api-server', port: 4000 });
  assert.deepEqual(parseListen('[::1]:4000'), { host: '::1', port: 4000 });
  assert.deepEqual(parseListen(':4000'), { host: '0.0.0.0', port: 4000 });
  for (const text of ['', '4000', 'a', 'a:', 'a:b', '::1:4000', 'a:70000', '[::1]', 'http://a:1'])
    assert.equal(parseListen(text), undefined, text);
});

test('loopback addresses are recognised', () => {
  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost', '::ffff:127.0.0.1'])
    assert.equal(isLoopback(host), true, host);
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'hx-api-server', '127.evil.example', '1127.0.0.1'])
    assert.equal(isLoopback(host), false, host);
});

test('without a master key other addresses than loopback need hxllm.open', () => {
  const config = (more: object): GatewayConfig => {
    const read = readGatewayConfig(
      { model_list: [{ model_name: 'm', litellm_params: { model: 'ollama/m', api_base: 'http://a' } }], ...more },
      { environment: {} },
    );
    assert.ok(read.config !== undefined);
    return read.config;
  };
  assert.equal(exposureOf(config({}), '127.0.0.1'), undefined);
  assert.equal(exposureOf(config({}), '0.0.0.0')?.code, 'config.exposed');
  assert.equal(exposureOf(config({ hxllm: { open: true } }), '0.0.0.0'), undefined);
  assert.equal(exposureOf(config({ general_settings: { master_key: 'sk-1' } }), '0.0.0.0'), undefined);
});
