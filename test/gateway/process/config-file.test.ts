import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfigFile, readConfigText, type ConfigReading } from '../../../src/gateway/process/config-file.ts';
import { problemText } from '../../../src/gateway/process/problem-text.ts';

const read = (text: string, environment: Record<string, string> = {}): ConfigReading =>
  readConfigText(text, '/etc/litellm/config.yaml', { environment });

const GOOD = `model_list:
  - model_name: m
    litellm_params:
      model: ollama_chat/m
      api_base: http://a:11434
`;

function deployments({ errors, warnings }: ConfigReading): readonly string[] {
  return [...errors, ...warnings].map(
    ({ code, where }) => `${code} ${String(where?.line)}:${String(where?.column)} ${where?.path ?? ''}`,
  );
}

test('a wrong value is reported with file, line, column, path, expected, found and fix', () => {
  const { config, errors, warnings } = read(
    `${GOOD}router_settings:\n  routing_strategy: least_busy\nhxllm:\n  max_queue: -1\n`,
  );
  assert.equal(config, undefined);
  assert.equal(
    [
      ...warnings.map((warning) => problemText('warning', warning)),
      ...errors.map((error) => problemText('error', error)),
    ].join(''),
    `warning: /etc/litellm/config.yaml:7:3: router_settings.routing_strategy (config.wrong-value)
  Expected one of fleet, least-busy, simple-shuffle, latency-based-routing, usage-based-routing, usage-based-routing-v2, cost-based-routing, found "least_busy"; ignored.
  fix: set router_settings.routing_strategy to one of fleet, least-busy, simple-shuffle, latency-based-routing, usage-based-routing, usage-based-routing-v2, cost-based-routing
error: /etc/litellm/config.yaml:9:3: hxllm.max_queue (config.wrong-value)
  Expected a whole number of at least 0, found -1.
  fix: set hxllm.max_queue to a whole number of at least 0
`,
  );
});

test('a missing key is reported at its nearest parent', () => {
  assert.deepEqual(
    deployments(read('model_list:\n  - model_name: m\n    litellm_params:\n      api_base: http://a\n')),
    ['config.missing 3:5 model_list[0].litellm_params.model'],
  );
  assert.deepEqual(deployments(read('')), ['config.missing undefined:undefined model_list']);
});

test('an unknown key is a warning with its line', () => {
  const reading = read(`${GOOD}hxllm:\n  listne: 0.0.0.0:4000\n`);
  assert.ok(reading.config !== undefined);
  assert.deepEqual(deployments(reading), ['config.unknown-key 7:3 hxllm.listne']);
  assert.equal(reading.warnings[0]?.detail, 'Unknown key listne, ignored. Did you mean listen?');
});

test('the last of repeated keys counts, as in LiteLLM, and each is named; in hxllm and in master_key they are refused', () => {
  const twice = `${GOOD}litellm_settings: {num_retries: 1}
litellm_settings:
  num_retries: 2
router_settings: {allowed_fails: 1, model_group_alias: {a: m, b: m, a: b}, allowed_fails: x}
`;
  const reading = read(twice);
  assert.deepEqual(deployments(reading), [
    'config.duplicate-key 6:1 litellm_settings',
    'config.duplicate-key 9:19 router_settings.allowed_fails',
    'config.duplicate-key 9:57 router_settings.model_group_alias.a',
    'config.wrong-value 9:76 router_settings.allowed_fails',
  ]);
  assert.equal(
    reading.warnings[0]?.detail,
    'Expected each key once, found litellm_settings again in line 7, which counts.',
  );
  assert.equal(reading.config?.routing.retries, 2);
  const [first] =
    read('model_list:\n- model_name: m\n  model_name: n\n  litellm_params: {model: ollama/a, model: ollama/b}\n').config
      ?.groups ?? [];
  assert.deepEqual([first?.name, first?.deployments[0].model], ['n', 'b']);
  for (const [more, path] of [
    ['hxllm: {open: true}\nhxllm: {}', 'hxllm'],
    ['hxllm: {open: true, open: false}', 'hxllm.open'],
    ['general_settings: {master_key: sk-1, master_key: sk-2}', 'general_settings.master_key'],
  ] as const) {
    const { config, errors } = read(`${GOOD}${more}\n`);
    assert.equal(config, undefined);
    assert.deepEqual(
      errors.map(({ code, where }) => `${code} ${where?.path ?? ''}`),
      [`config.duplicate-key ${path}`],
    );
  }
});

test('values are those that PyYAML reads: several merge keys, other words for booleans, numbers with underscores', () => {
  const { config, errors, warnings } = read(`x: &x {api_base: http://a}
z: &z {temperature: .5}
model_list:
  - model_name: m
    litellm_params: {<<: *x, <<: *z, model: ollama/a, num_ctx: 32_768, use_mmap: off}
  - model_name: "no"
    litellm_params: {<<: [*x, *z], model: openai/b, extra_body: {think: No, text: "off"}}
`);
  assert.deepEqual(
    [...errors, ...warnings].map(({ where }) => where?.path),
    ['x', 'z'],
  );
  const [first, second] = config?.groups ?? [];
  assert.deepEqual(first?.deployments[0].options, { temperature: 0.5, num_ctx: 32_768, use_mmap: false });
  assert.equal(second?.name, 'no');
  assert.deepEqual(second?.deployments[0].fields, { temperature: 0.5, think: false, text: 'off' });
});

test('YAML errors are reported with their line, each once', () => {
  assert.deepEqual(
    deployments(read('model_list:\n  - a: b: c\n')).map((place) => place.split(' ').slice(0, 2).join(' ')),
    ['config.not-yaml 2:8'],
  );
  assert.equal(read('- [').errors.length > 0, true);
  assert.equal(read('a: &x [*y]').errors[0]?.code, 'config.not-yaml');
});

test('a document that is not a mapping is rejected as a whole', () => {
  for (const text of ['hello', '- a', '7'])
    assert.match(
      problemText('error', read(text).errors[0] ?? assert.fail(text)),
      /the document as a whole[^]*Expected a mapping, found .*[^]*fix: write a mapping with the key model_list/,
    );
});

test('aliases and merge keys are followed; a document that grows without bound is rejected', () => {
  const text =
    'x: &common\n  api_base: http://a:11434\nmodel_list:\n  - model_name: m\n    litellm_params:\n      <<: *common\n      model: ollama_chat/m\n';
  assert.equal(read(text).config?.groups[0]?.deployments[0].url, 'http://a:11434');
  const bomb = Array.from(
    { length: 9 },
    (_, index) =>
      `a${String(index + 1)}: &a${String(index + 1)} [${Array.from({ length: 9 }, () => `*a${String(index)}`).join(',')}]`,
  );
  assert.equal(read(`a0: &a0 [x]\n${bomb.join('\n')}\n`).errors[0]?.code, 'config.not-yaml');
});

test('an unset master key is an error', () => {
  const text = `${GOOD}general_settings:\n  master_key: os.environ/LITELLM_MASTER_KEY\n`;
  assert.deepEqual(deployments(read(text)), ['config.environment-unset 7:3 general_settings.master_key']);
  assert.equal(read(text).config, undefined);
  const { config } = read(text, { LITELLM_MASTER_KEY: 'sk-1' });
  assert.ok(config?.masterKey.state === 'set' && config.masterKey.key.equals('sk-1'));
});

test('a file that cannot be read is reported with the reason', async () => {
  const reading = { environment: {} } as const;
  for (const [file, why] of [
    ['/nowhere/config.yaml', /no such file/],
    ['/tmp', /a folder/],
    ['/dev/zero', /a device/],
  ] as const) {
    const { errors } = await loadConfigFile(file, reading);
    assert.deepEqual([errors.length, errors[0]?.code, errors[0]?.where], [1, 'config.not-readable', { file }]);
    assert.match(errors[0]?.detail ?? '', why);
  }
});

test('a pipe is read at the start alone: without a writer, a later reading would never end', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'hxllm-pipe-'));
  t.after(() => rm(folder, { recursive: true }));
  const pipe = join(folder, 'config.yaml');
  execFileSync('mkfifo', [pipe]);
  const { errors } = await loadConfigFile(pipe, { environment: {} }, true);
  assert.match(errors[0]?.detail ?? '', /found a pipe, which can be read once, at the start/);
  const [first] = await Promise.all([loadConfigFile(pipe, { environment: {} }), writeFile(pipe, GOOD)]);
  assert.equal(first.config?.groups[0]?.name, 'm');
});
