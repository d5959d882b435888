import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  showExplanation,
  showGraph,
  showList,
  type InventoryViewOptions,
} from '../../../src/cli/actions/inventory-views.ts';
import { Tree } from '../../config/tree.ts';
import { fakeTerminal, type FakeTerminal } from '../fake-terminal.ts';
import { explainDocumentSchema, graphDocumentSchema } from '../../../src/cli/views/answer-schemas.ts';
import { assertValid } from '../../json-schema.ts';

const vaults = join(import.meta.dirname, '../../config/fixtures/vault');
const FILES: Readonly<Record<string, string>> = {
  'inventories/dev.ini': '[litellm]\napi litellm_port=4002\n[llm]\nllm[1:2]\n[prod:children]\nlitellm\n',
  'inventories/group_vars/all/main.yml':
    'litellm_port: 4000\nbig: 12345678901234567890\ntext: "{{ litellm_port }}"\nraw: !unsafe "{{ x }}"\n',
  'inventories/group_vars/all/vault.yml': readFileSync(join(vaults, 'default.vault'), 'utf8'),
  'inventories/group_vars/all/inline.yml': readFileSync(join(vaults, 'inline.yml'), 'utf8').replace(
    'litellm_master_key',
    'inline_key',
  ),
};

async function run(
  show: (terminal: FakeTerminal, options: InventoryViewOptions) => Promise<number>,
  options: InventoryViewOptions = {},
  files = FILES,
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  using tree = new Tree(files);
  const terminal = fakeTerminal({ cwd: tree.folder });
  const code = await show(terminal, options);
  return { code, out: terminal.written.out, err: terminal.written.err };
}

test('graph prints the tree of ansible-inventory --graph word for word', async () => {
  assert.deepEqual(await run((terminal, options) => showGraph(terminal, 'all', options)), {
    code: 0,
    out: '@all:\n  |--@ungrouped:\n  |--@llm:\n  |  |--llm1\n  |  |--llm2\n  |--@prod:\n  |  |--@litellm:\n  |  |  |--api\n',
    err: '',
  });
  const { code, err } = await run((terminal, options) => showGraph(terminal, 'litelm', options));
  assert.equal(code, 64);
  assert.match(err, /hxllm inventory graph litellm/);
  const { out } = await run((terminal, options) => showGraph(terminal, 'prod', options), { json: true });
  assertValid(graphDocumentSchema(), JSON.parse(out));
  assert.deepEqual(JSON.parse(out), {
    schemaVersion: 1,
    name: 'prod',
    children: [{ name: 'litellm', children: [], hosts: ['api'] }],
    hosts: [],
  });
});

test('list prints raw values, keeps !vault encrypted, and never shows a value of an encrypted file', async () => {
  const options = { vaultPasswordFile: join(vaults, 'password'), limit: 'litellm' };
  const { code, out, err } = await run(showList, options);
  assert.deepEqual([code, err], [0, '']);
  assert.ok(!out.includes('sk-'), out);
  assert.match(out, /"big": 12345678901234567890/);
  const listed = JSON.parse(out) as {
    readonly _meta: { readonly hostvars: Readonly<Record<string, Record<string, unknown>>> };
  };
  assert.deepEqual(Object.keys(listed._meta.hostvars), ['api']);
  const { inline_key: inline, ...api } = listed._meta.hostvars['api'] ?? {};
  assert.match(JSON.stringify(inline), /^\{"__ansible_vault":"\$ANSIBLE_VAULT;1\.1;AES256\\n/);
  assert.deepEqual(
    { ...api, big: 0 },
    {
      big: 0,
      litellm_master_key: '[redacted]',
      litellm_port: 4002,
      note: '[redacted]',
      raw: { __ansible_unsafe: '{{ x }}' },
      text: '{{ litellm_port }}',
    },
  );
  const locked = await run(showList);
  assert.match(
    locked.err,
    /1 encrypted file left out, since no vault password was given: inventories\/group_vars\/all\/vault\.yml/,
  );
});

test('explain names each definition, locked files, hidden files, and the default of a variable that no file defines', async () => {
  const files = { ...FILES, 'inventories/group_vars/all.yml': 'litellm_port: 1\n' };
  const of = (host: string, variable?: string, json = false): ReturnType<typeof run> =>
    run((terminal, options) => showExplanation(terminal, host, variable, options), { json }, files);
  const { out } = await of('api', 'litellm_port');
  assert.equal(
    out,
    `litellm_port = 4002
  ✓ inventories/dev.ini:2  the host’s own lines of the inventory
  – inventories/group_vars/all/main.yml:1  4000  group_vars of [all] in inventories
      overridden: the host’s own lines of the inventory override group_vars of [all]
? inventories/group_vars/all/vault.yml is encrypted, and no vault password was given: it may define litellm_port (--ask-vault-pass)
! inventories/group_vars/all.yml is never read: inventories/group_vars/all/ comes before it, and Ansible reads the first alone
`.replaceAll('✓', out.includes('✓') ? '✓' : 'ok'),
  );
  assert.match(
    (await of('api', 'litellm_user')).out,
    /^No readable file defines litellm_user for api\. hxllm’s default: "litellm"\.\n/,
  );
  assert.match((await of('api', 'litellm_prt')).out, /Did you mean litellm_port\?/);
  assert.match((await of('litellm')).err, /found litellm, which is a group/);
  const document = JSON.parse((await of('api', 'litellm_port', true)).out) as {
    readonly variables: readonly { readonly definitions: readonly unknown[] }[];
  };
  assertValid(explainDocumentSchema(), document);
  assert.deepEqual(document.variables[0]?.definitions[0], {
    counts: true,
    file: 'inventories/dev.ini',
    line: 2,
    shown: '4002',
    encrypted: false,
    rule: 'the host’s own lines of the inventory',
  });
});
