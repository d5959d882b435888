import assert from 'node:assert/strict';

import { test } from 'node:test';
import { problemsOf, Tree } from '../tree.ts';
import { MAIN } from './judged.ts';

/** The Problems of a variables file, as `code line path`. */
async function judge(text: string): Promise<readonly string[]> {
  using tree = new Tree({ 'inventories/dev.ini': '[litellm]\nh\n', [MAIN]: text });
  return problemsOf(await tree.load()).map(({ code, where }) => `${code} ${String(where?.line)} ${where?.path ?? ''}`);
}

async function detailOf(text: string): Promise<string> {
  using tree = new Tree({ 'inventories/dev.ini': '[litellm]\nh\n', [MAIN]: text });
  const [problem] = problemsOf(await tree.load());
  return `${problem?.summary ?? ''} | ${problem?.detail ?? ''} | ${problem?.fix ?? ''}`;
}

for (const [what, text, found] of [
  ['a port that does not exist', 'litellm_port: 70000\n', 'variables.wrong-value 1 litellm_port'],
  ['an empty port', 'litellm_port:\n', 'variables.wrong-value 1 litellm_port'],
  ['backends that are not a list', 'litellm_backends: http://a:11434\n', 'variables.wrong-value 1 litellm_backends'],
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
    'a number of slots that is not a number',
    'litellm_backends:\n  - url: http://a:1\n    num_parallel: many\n',
    'variables.wrong-value 3 litellm_backends[0].num_parallel',
  ],
  [
    'room for no model',
    'litellm_backends:\n  - url: http://a:1\n    max_loaded_models: 0\n',
    'variables.wrong-value 3 litellm_backends[0].max_loaded_models',
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
    'an unknown mode',
    'litellm_models:\n  - {name: a, model: b, mode: chatty}\n',
    'variables.wrong-value 2 litellm_models[0].mode',
  ],
  [
    'a keep_alive that is not a duration',
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
  [
    'one folder for both',
    'litellm_config_dir: /srv/hx\nlitellm_install_dir: /srv/hx/\n',
    'variables.wrong-value 1 litellm_config_dir',
  ],
  [
    'a folder for config.yaml among the releases',
    'litellm_config_dir: /opt/litellm/releases/conf\n',
    'variables.wrong-value 1 litellm_config_dir',
  ],
  [
    'a folder that the unit hides from its program',
    'litellm_config_dir: /home/x/litellm\n',
    'variables.wrong-value 1 litellm_config_dir',
  ],
  [
    'the folder of the gateway’s state',
    'litellm_install_dir: /var/lib/litellm/app\n',
    'variables.wrong-value 1 litellm_install_dir',
  ],
  ['a folder that a boot empties', 'litellm_install_dir: /run/hx\n', 'variables.wrong-value 1 litellm_install_dir'],
  ['a prefix with systemd', 'litellm_prefix: /srv/root\n', 'variables.wrong-value 1 litellm_prefix'],
  ['a folder with a way out', 'litellm_config_dir: /etc/../x\n', 'variables.wrong-value 1 litellm_config_dir'],
  [
    'an unknown routing strategy',
    'litellm_routing_strategy: least-bussy\n',
    'variables.wrong-value 1 litellm_routing_strategy',
  ],
  [
    'the process manager without a prefix',
    'litellm_service_manager: process\n',
    'variables.wrong-value 1 litellm_service_manager',
  ],
  [
    'the example key',
    'litellm_master_key: "sk-YOUR-GENERATED-KEY-HERE"\n',
    'variables.wrong-value 1 litellm_master_key',
  ],
  [
    'a typo in a variable that is not defined otherwise',
    'litellm_modles:\n  - {name: a, model: b}\n',
    'variables.unknown 1 litellm_modles',
  ],
  ['a singular for a plural', 'litellm_backend:\n  - http://a:1\n', 'variables.unknown 1 litellm_backend'],
  [
    'a typo in a model’s key',
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

test('a Problem has the expected value, the found value and a fix', async () => {
  assert.equal(
    await detailOf('litellm_backends:\n  - hx-llm01:11434\n'),
    'invalid litellm_backends[0] | Expected an address such as http://hx-llm01-server:11434, with http:// or https://, found "hx-llm01:11434". | write http://hx-llm01:11434',
  );
  assert.match(
    await detailOf('litellm_modles: []\n'),
    /^unknown variable litellm_modles\. Did you mean litellm_models\? .*found litellm_modles and no litellm_models.*rename litellm_modles to litellm_models/,
  );
  assert.match(
    await detailOf('litellm_backends:\n  - {url: "http://a:1", num_paralel: 2}\n'),
    /^unknown key num_paralel\. Did you mean num_parallel\? .*rename num_paralel to num_parallel/,
  );
  assert.match(
    await detailOf('litellm_models:\n  - {name: a, model: b, keep_alve: 5m}\n'),
    /^unknown key keep_alve\. Did you mean keep_alive\? .*rename keep_alve to keep_alive/,
  );
  assert.match(await detailOf('litellm_port: {{ port }}\n'), /quotation marks: name: "\{\{ other \}\}"/);
  assert.match(await detailOf('litellm_routing_strategy: least-bussy\n'), /write least-busy$/);
});

test('all errors are reported at once', async () => {
  assert.equal((await judge('litellm_port: x\nlitellm_listen: y\nlitellm_models: z\nlitellm_usr: 1\n')).length, 4);
});

test('an invalid secret is never shown', async () => {
  assert.doesNotMatch(await detailOf('litellm_master_key: "sk very secret"\n'), /very secret/);
  assert.doesNotMatch(await detailOf('litellm_backends: ["http://user:hunter2@a:1"]\n'), /hunter2/);
});
