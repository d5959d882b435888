import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { shownText } from '../../src/core/shown-text.ts';

const DESIRED = `model_list:
  - model_name: phi3
    litellm_params:
      model: ollama_chat/phi3
      api_base: http://llm01:11434
router_settings: {routing_strategy: least-busy}
general_settings: {master_key: os.environ/LITELLM_MASTER_KEY}
`;

test('of a file that was edited by hand, lines that hxllm wrote and plain values of its own names are shown', () => {
  const found = `# call Ann at 555
model_list:
  - model_name: phi3
    litellm_params:
      model: ollama_chat/phi3.5
      api_base: http://ann:canary-1@llm01:11434
      api_key: canary-2
      headers: {authorization: canary-3}
  - api_key: canary-4
router_settings: {routing_strategy: least-busy, redis_password: canary-5}
general_settings: {master_key: canary-6}
smtp_password: canary-7
notes: |
  canary-8
`;
  const shown = shownText(found, DESIRED);
  assert.doesNotMatch(shown, /canary|555/);
  assert.match(shown, /^ {6}model: ollama_chat\/phi3\.5$/m);
  assert.match(shown, /^ {6}api_base: \[not shown\]$/m);
});

test('units and environment files: names that hxllm writes, without the variables', () => {
  const unit = '[Service]\nUser=litellm\nMemoryMax=1G\nEnvironment="A=1"\nExecStart=/opt/litellm/current/gateway\n';
  const found = '[Service]\nUser=ann\nMemoryMax=2G\nEnvironment="A=1" "DB_PASSWORD=canary"\nIPAddressDeny=canary\n';
  const lines = shownText(found, unit).split('\n');
  assert.deepEqual(lines, ['[Service]', 'User=ann', 'MemoryMax=2G', 'Environment=[not shown]', '[not shown]', '']);
});

test('comments, arguments, queries, passwords in addresses and line ends of Windows hide the value', () => {
  const unit = 'ExecStart=/opt/litellm/current/gateway --config /etc/litellm/config.yaml\nDescription=hxllm gateway\n';
  for (const [line, desired] of [
    ['      model: ollama_chat/x # canary', DESIRED],
    ['      model: ollama_chat/x\t# canary', DESIRED],
    ['      api_base: http://llm01:11434/?token=canary', DESIRED],
    ['      api_base: "http://llm01:11434/x/ann:canary@h"', DESIRED],
    ['      api_base : http://ann:canary@llm01:11434\r', DESIRED],
    ['      model: canary\r', DESIRED],
    ['      model: &canary ollama_chat/x', DESIRED],
    ['      "model": canary x', DESIRED],
    ['\uFEFFmodel: canary x', DESIRED],
    ['ExecStart=/usr/bin/env KEY=canary litellm', unit],
    ['Description=canary and words', unit],
    ['Environment=KEY=canary', `${unit}Environment=A=1\n`],
    ['SetCredential=key:canary', `${unit}SetCredential=a:b\n`],
  ] as const)
    assert.doesNotMatch(shownText(line, desired), /canary/, line);
});

test('the text that hxllm wrote is shown as it is, and no line of another text that it does not know', () => {
  assert.equal(shownText(DESIRED, DESIRED), DESIRED);
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (text) => {
      const line = `  canary ${text.replaceAll(/[\r\n]/g, ' ')}`;
      assert.equal(shownText(line, DESIRED), '[not shown]');
    }),
  );
});
