import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { configOf, GUIDE, hostOf, problemsOf, Tree } from '../tree.ts';

const MAIN = 'inventories/group_vars/all/main.yml';

/** The Problems that a variables file gives, as `code line path`. */
async function judge(text: string): Promise<readonly string[]> {
  using tree = new Tree({ 'inventories/dev.ini': '[litellm]\nh\n', [MAIN]: text });
  return problemsOf(await tree.load()).map(({ code, where }) => `${code} ${String(where?.line)} ${where?.path ?? ''}`);
}

async function detailOf(text: string): Promise<string> {
  using tree = new Tree({ 'inventories/dev.ini': '[litellm]\nh\n', [MAIN]: text });
  const [problem] = problemsOf(await tree.load());
  return `${problem?.summary ?? ''} | ${problem?.detail ?? ''} | ${problem?.fix ?? ''}`;
}

async function warningsOf(text: string): Promise<readonly string[]> {
  using tree = new Tree({ 'inventories/dev.ini': '[litellm]\nh\n', [MAIN]: text });
  return configOf(await tree.load()).warnings.map(
    ({ code, summary, where }) => `${code} ${String(where?.line)} ${summary}`,
  );
}

for (const [what, text, found] of [
  ['a port that does not exist', 'litellm_port: 70000\n', 'variables.wrong-value 1 litellm_port'],
  ['a port of nothing', 'litellm_port:\n', 'variables.wrong-value 1 litellm_port'],
  ['backends that are no list', 'litellm_backends: http://a:11434\n', 'variables.wrong-value 1 litellm_backends'],
  ['an empty list of backends', 'litellm_backends: []\n', 'variables.wrong-value 1 litellm_backends'],
  [
    'a backend without http://',
    'litellm_backends:\n  - http://a:1\n  - b:11434\n',
    'variables.wrong-value 3 litellm_backends[1]',
  ],
  [
    'a backend with a password in it',
    'litellm_backends: ["http://u:p@a:1"]\n',
    'variables.wrong-value 1 litellm_backends[0]',
  ],
  [
    'a backend twice, one with a slash',
    'litellm_backends:\n  - http://a:1\n  - http://a:1/\n',
    'variables.wrong-value 3 litellm_backends[1]',
  ],
  [
    'a backend without its url',
    'litellm_backends:\n  - num_parallel: 2\n',
    'variables.wrong-value 2 litellm_backends[0]',
  ],
  [
    'a count of slots that is no number',
    'litellm_backends:\n  - url: http://a:1\n    num_parallel: many\n',
    'variables.wrong-value 3 litellm_backends[0].num_parallel',
  ],
  [
    'a model without its name in Ollama',
    'litellm_models:\n  - name: a\n    provider: ollama\n',
    'variables.wrong-value 2 litellm_models[0]',
  ],
  [
    'another provider',
    'litellm_models:\n  - name: a\n    provider: openai\n    model: b\n',
    'variables.wrong-value 3 litellm_models[0].provider',
  ],
  [
    'an alias twice',
    'litellm_models:\n  - {name: a, model: b}\n  - {name: a, model: c}\n',
    'variables.wrong-value 3 litellm_models[1].name',
  ],
  [
    'a model on a backend that is not in the list',
    'litellm_backends: [http://a:1]\nlitellm_models:\n  - name: a\n    model: b\n    backends:\n      - http://b:1\n',
    'variables.wrong-value 6 litellm_models[0].backends[0]',
  ],
  [
    'a mode that is none',
    'litellm_models:\n  - {name: a, model: b, mode: chatty}\n',
    'variables.wrong-value 2 litellm_models[0].mode',
  ],
  [
    'a keep_alive that is no time',
    'litellm_models:\n  - {name: a, model: b, keep_alive: a while}\n',
    'variables.wrong-value 2 litellm_models[0].keep_alive',
  ],
  [
    'a name instead of an address to listen on',
    'litellm_listen: localhost\n',
    'variables.wrong-value 1 litellm_listen',
  ],
  ['root as the service’s user', 'litellm_user: root\n', 'variables.wrong-value 1 litellm_user'],
  ['a folder that the system shares', 'litellm_install_dir: /opt/\n', 'variables.wrong-value 1 litellm_install_dir'],
  ['a folder with a way out', 'litellm_config_dir: /etc/../x\n', 'variables.wrong-value 1 litellm_config_dir'],
  [
    'a routing strategy that nobody has',
    'litellm_routing_strategy: least-bussy\n',
    'variables.wrong-value 1 litellm_routing_strategy',
  ],
  [
    'the process manager without a prefix',
    'litellm_service_manager: process\n',
    'variables.wrong-value 1 litellm_service_manager',
  ],
  [
    'the key of the instructions',
    'litellm_master_key: "sk-YOUR-GENERATED-KEY-HERE"\n',
    'variables.wrong-value 1 litellm_master_key',
  ],
  [
    'a slip in a variable that is then not defined',
    'litellm_modles:\n  - {name: a, model: b}\n',
    'variables.unknown 1 litellm_modles',
  ],
  ['a singular for a plural', 'litellm_backend:\n  - http://a:1\n', 'variables.unknown 1 litellm_backend'],
  [
    'a slip in a model’s key',
    'litellm_models:\n  - {name: a, modle: b}\n',
    'variables.unknown 2 litellm_models[0].modle',
  ],
  ['a reference to nothing', 'litellm_port: "{{ my_port }}"\n', 'variables.undefined 1 litellm_port'],
  ['a filter', 'litellm_port: "{{ p | int }}"\n', 'variables.template 1 litellm_port'],
  ['a statement', 'litellm_port: "{% if x %}1{% endif %}"\n', 'variables.template 1 litellm_port'],
  ['variables in a circle', 'litellm_port: "{{ a }}"\na: "{{ b }}"\nb: "{{ a }}"\n', 'variables.circle 3 b'],
  ['YAML that does not parse', 'a: 1\n b: 2\n', 'config.yaml 1 '],
  ['a file that is a list', '- a\n', 'config.not-a-mapping 1 '],
] as const) {
  test(`${what} is a Problem with its line`, async () => {
    assert.deepEqual(await judge(text), [found]);
  });
}

test('a Problem says what was wanted, what was seen and what to type', async () => {
  assert.equal(
    await detailOf('litellm_backends:\n  - hx-llm01:11434\n'),
    'litellm_backends[0] is not usable | Wanted an address such as http://hx-llm01-server:11434, with http:// or https://; seen "hx-llm01:11434". | write http://hx-llm01:11434',
  );
  assert.match(
    await detailOf('litellm_modles: []\n'),
    /did you mean litellm_models\?.*seen litellm_modles, and no litellm_models.*rename litellm_modles to litellm_models/,
  );
  assert.match(await detailOf('litellm_port: {{ port }}\n'), /quotation marks: name: "\{\{ other \}\}"/);
  assert.match(await detailOf('litellm_routing_strategy: least-bussy\n'), /write least-busy$/);
});

test('everything that is wrong is found at once', async () => {
  assert.equal((await judge('litellm_port: x\nlitellm_listen: y\nlitellm_models: z\nlitellm_usr: 1\n')).length, 4);
});

test('a secret is never shown, however wrong it is', async () => {
  assert.doesNotMatch(await detailOf('litellm_master_key: "sk very secret"\n'), /very secret/);
  assert.doesNotMatch(await detailOf('litellm_backends: ["http://user:hunter2@a:1"]\n'), /hunter2/);
});

test('variables of a LiteLLM role that came before, and a slip beside the right name, are warnings', async () => {
  assert.deepEqual(
    await warningsOf('litellm_venv_dir: /x\nlitellm_version: "1.2"\nlitellm_port: 4000\nlitellm_prot: 1\n'),
    [
      'variables.unknown 1 litellm_venv_dir is not used by hxllm',
      'variables.unknown 2 litellm_version is not used by hxllm',
      'variables.unknown 4 litellm_prot is unknown; did you mean litellm_port?',
    ],
  );
});

test('a key in plain text, a key given twice, a backend without a port and another of LiteLLM’s strategies are warnings', async () => {
  assert.deepEqual(
    (
      await warningsOf(
        `litellm_master_key: "sk-${'a'.repeat(64)}"\nlitellm_port: 1\nlitellm_port: 2\nlitellm_backends: [http://a]\nlitellm_routing_strategy: cost-based-routing\n`,
      )
    )
      .map((line) => line.split(' ', 2).join(' '))
      .toSorted((a, b) => a.localeCompare(b)),
    ['config.duplicate-key 3', 'variables.no-port 4', 'variables.not-honoured 5', 'vault.plain-text 1'],
  );
});

test('everything that hxllm takes beyond the guide is read', async () => {
  using tree = new Tree({
    'inventories/dev.ini': '[litellm]\nh\n[litellm:vars]\nlitellm_require_domain_join=yes\nlitellm_listen=::1\n',
    [MAIN]: `
port_number: 4010
litellm_port: "{{ port_number }}"
litellm_user: "{{ service_user | default('gate') }}"
litellm_group: "{{ inventory_hostname_short }}-x"
litellm_prefix: "{{ inventory_dir }}/host"
litellm_service_manager: process
litellm_backends:
  - {url: "https://a/ollama/", num_parallel: 4}
litellm_models:
  - {name: a, model: "b:1", backends: ["https://a/ollama"], num_ctx: 8192, keep_alive: 30m, options: {temperature: 0, stop: [x]}, mode: embedding}
  - {name: c, model: d, keep_alive: -1}
`,
  });
  const { settings } = hostOf(await tree.load());
  assert.deepEqual(settings, {
    models: [
      {
        name: 'a',
        provider: 'ollama',
        model: 'b:1',
        backends: ['https://a/ollama'],
        numCtx: 8192,
        keepAlive: '30m',
        options: { temperature: 0, stop: ['x'] },
        mode: 'embedding',
      },
      {
        name: 'c',
        provider: 'ollama',
        model: 'd',
        backends: undefined,
        numCtx: undefined,
        keepAlive: -1,
        options: {},
        mode: 'chat',
      },
    ],
    backends: [{ url: 'https://a/ollama', numParallel: 4 }],
    masterKey: { state: 'absent' },
    port: 4010,
    listen: '::1',
    user: 'gate',
    group: 'h-x',
    routingStrategy: 'least-busy',
    configDir: '/etc/litellm',
    installDir: '/opt/litellm',
    serviceManager: 'process',
    prefix: `${tree.folder}/inventories/host`,
    requireDomainJoin: true,
  });
});

test('a folder group_vars/all hides all.yml, and origins say where each value came from', async () => {
  using tree = new Tree({
    ...GUIDE,
    'inventories/group_vars/all.yml': 'litellm_port: 1\n',
    'inventories/group_vars/litellm.yml': 'litellm_listen: 127.0.0.1\n',
    'inventories/host_vars/hx-api-server.yml': 'litellm_user: me\n',
  });
  const { settings, origins } = hostOf(await tree.load());
  assert.deepEqual([settings.port, settings.listen, settings.user], [4000, '127.0.0.1', 'me']);
  assert.deepEqual(
    Object.entries(origins).map(([name, where]) => `${name} ${where.file ?? ''}:${String(where.line)}`),
    [
      'litellm_models inventories/group_vars/all/main.yml:1',
      'litellm_backends inventories/group_vars/all/main.yml:8',
      'litellm_listen inventories/group_vars/litellm.yml:1',
      'litellm_user inventories/host_vars/hx-api-server.yml:1',
    ],
  );
});

test('a setting that hangs on a locked vault says which password is missing', async () => {
  using tree = new Tree({
    'inventories/dev.ini': '[litellm]\nh\n',
    [MAIN]: 'litellm_port: "{{ vault_port }}"\n',
    'inventories/group_vars/all/vault.yml': readFileSync(
      join(import.meta.dirname, '../fixtures/vault/default.vault'),
      'utf8',
    ),
  });
  const [problem] = problemsOf(await tree.load());
  assert.equal(problem?.code, 'vault.password-needed');
  assert.match(problem.detail, /vault\.yml/);
});
