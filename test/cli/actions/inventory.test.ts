import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { parse } from 'yaml';
import { runInventoryCommand, type InventoryCommandOptions } from '../../../src/cli/actions/inventory.ts';
import type { PhaseOutcome } from '../../../src/cli/run/outcome.ts';
import type { Session } from '../../../src/cli/run/session.ts';
import { createHumanView } from '../../../src/cli/views/human.ts';
import type { Secret } from '../../../src/core/secret.ts';
import { createRedaction } from '../../../src/evidence/redaction.ts';
import { referencedSchema, schemaErrors } from '../../json-schema.ts';
import { fakeTerminal, type FakeOptions, type FakeTerminal } from '../fake-terminal.ts';

let root = '';
let ollama: Server;
let backend = '';
before(async () => {
  ollama = createServer((_, reply) => void reply.end(JSON.stringify({ models: [{ name: 'phi3:mini' }] }))).listen(
    0,
    '127.0.0.1',
  );
  await once(ollama, 'listening');
  const address = ollama.address();
  backend = `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : address)}`;
});
after(() => void ollama.close());
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), 'hxllm-inventory-'))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

interface Tried {
  readonly outcome: PhaseOutcome;
  readonly terminal: FakeTerminal;
}

async function tried(options: InventoryCommandOptions, fake: FakeOptions = {}, keyNeeded = false): Promise<Tried> {
  const terminal = fakeTerminal({ cwd: root, ...fake });
  let given: Secret<Buffer> | undefined;
  const session: Session = {
    terminal,
    options,
    version: '0.1.0',
    askLoginPassword: () => Promise.resolve(undefined),
    askBecomePassword: () => Promise.resolve(undefined),
    command: ['hxllm', 'inventory'],
    within: keyNeeded ? 'up' : undefined,
    open: { run: undefined },
    signal: new AbortController().signal,
    view: createHumanView(terminal, terminal.stdout, false),
    redaction: createRedaction(),
    vault: {
      askId: () => Promise.resolve(undefined),
      ask: () => Promise.resolve(given),
      give: (secret) => void (given = secret),
      known: () => given !== undefined,
    },
  };
  return { outcome: await runInventoryCommand(session, undefined, options, keyNeeded), terminal };
}

const MAIN = 'inventories/group_vars/all/main.yml';
const SCHEMA = 'inventories/group_vars/all/.hxllm.schema.json';
const VAULT = 'inventories/group_vars/all/vault.yml';

test('a new inventory is shown and written, and a second run changes nothing', async () => {
  const first = await tried({ init: 'api.example.net', backend: [backend] });
  assert.deepEqual([first.outcome.ending, first.outcome.exitCode, first.outcome.changes], ['passed', 0, 3]);
  assert.match(
    first.terminal.written.out,
    /\+\[litellm\]\n {2}\+api\.example\.net\n[\s\S]+✓ wrote inventories\/dev\.ini/,
  );
  assert.match(readFileSync(join(root, MAIN), 'utf8'), /model: "phi3:mini"/);
  assert.match(
    readFileSync(join(first.outcome.evidence ?? '', 'changes/inventories/dev.ini.diff'), 'utf8'),
    /^--- \/dev\/null\n\+\+\+ inventories\/dev\.ini\n/,
  );
  const second = await tried({});
  assert.deepEqual([second.outcome.ending, second.outcome.changes], ['passed', 0]);
});

test('new variables are valid by the schema that their first line names, which an editor finds beside them', async () => {
  const { terminal } = await tried({ init: 'api.example.net', backend: [backend] });
  assert.match(
    terminal.written.out,
    /new file \S+\.hxllm\.schema\.json \(a JSON Schema for editors, \d+ lines, not shown\)/,
  );
  const text = readFileSync(join(root, MAIN), 'utf8');
  assert.match(text, /^# yaml-language-server: \$schema=\S+\n---\n/);
  const schema = referencedSchema(text, dirname(join(root, MAIN)));
  assert.deepEqual(schemaErrors(schema, parse(text)), []);
  assert.notDeepEqual(schemaErrors(schema, { ...(parse(text) as object), litellm_prot: 1 }), []);
});

test('an older schema beside the variables is brought up to date, and none is added to files of the operator', async () => {
  await tried({ init: 'api.example.net', backend: [backend] });
  const current = readFileSync(join(root, SCHEMA), 'utf8');
  writeFileSync(join(root, SCHEMA), '{}\n');
  const { outcome } = await tried({});
  assert.deepEqual([outcome.ending, outcome.changes], ['passed', 1]);
  assert.equal(readFileSync(join(root, SCHEMA), 'utf8'), current);
  rmSync(join(root, SCHEMA));
  assert.equal((await tried({})).outcome.changes, 0);
});

test('a dry run shows the same changes and writes nothing', async () => {
  const { outcome, terminal } = await tried({ init: 'api.example.net', backend: [backend], dryRun: true });
  assert.deepEqual([outcome.ending, outcome.exitCode], ['pending', 0]);
  assert.match(terminal.written.out, /\+api\.example\.net/);
  assert.deepEqual(readdirSync(root), ['evidence']);
});

test('declined changes are not written: exit code 1', async () => {
  const { outcome, terminal } = await tried(
    { init: 'api.example.net', backend: [backend] },
    { interactive: true, answers: [false] },
  );
  assert.deepEqual([outcome.ending, outcome.exitCode, outcome.changes], ['declined', 1, 0]);
  assert.deepEqual(terminal.asked, [`Write inventories/dev.ini, ${MAIN} and ${SCHEMA}?`]);
  assert.deepEqual(readdirSync(root), ['evidence']);
});

test('the next command creates the key, and after that runs the next phase', async () => {
  const { terminal } = await tried({ init: 'api.example.net', backend: [backend] });
  assert.match(terminal.written.out, /^ {2}next +hxllm inventory --vault-init$/m);
  writeFileSync(join(root, 'pw'), 'pw\n');
  const made = await tried({ vaultInit: true, vaultPasswordFile: 'pw' });
  assert.match(made.terminal.written.out, /^ {2}next +hxllm validate --vault-password-file pw$/m);
});

test('a vault is created with a password that was typed twice, and neither password nor key is shown or kept', async () => {
  await tried({ init: 'api.example.net', backend: [backend] });
  const { outcome, terminal } = await tried(
    { vaultInit: true },
    { interactive: true, answers: ['correct horse', 'correct horse', true] },
  );
  assert.equal(outcome.exitCode, 0);
  assert.equal(statSync(join(root, VAULT)).mode & 0o777, 0o600);
  assert.match(readFileSync(join(root, VAULT), 'utf8'), /^\$ANSIBLE_VAULT;1\.1;AES256\n/);
  assert.match(terminal.written.out, /its content is secret and not shown/);
  assert.doesNotMatch(terminal.written.out + JSON.stringify(outcome), /correct horse|sk-[0-9a-f]{64}|ANSIBLE_VAULT/);
  for (const file of readdirSync(outcome.evidence ?? '', { recursive: true, encoding: 'utf8' })) {
    const path = join(outcome.evidence ?? '', file);
    if (statSync(path).isFile())
      assert.doesNotMatch(readFileSync(path, 'utf8'), /correct horse|sk-[0-9a-f]{64}|ANSIBLE_VAULT/, file);
  }
});

test('different passwords, or none, change nothing', async () => {
  await tried({ init: 'api.example.net', backend: [backend] });
  for (const [answers, code] of [
    [['one', 'two'], 'vault.password-differs'],
    [[undefined], 'vault.password-empty'],
  ] as const) {
    const { outcome } = await tried({ vaultInit: true }, { interactive: true, answers });
    assert.deepEqual([outcome.problems[0]?.code, outcome.exitCode], [code, 78]);
    assert.equal(existsSync(join(root, VAULT)), false);
  }
});

test('an existing vault is refused without a question and not changed', async () => {
  await tried({ init: 'api.example.net', backend: [backend] });
  writeFileSync(join(root, 'pw'), 'pw\n');
  await tried({ vaultInit: true, vaultPasswordFile: 'pw' });
  const kept = readFileSync(join(root, VAULT), 'utf8');
  const { outcome, terminal } = await tried({ vaultInit: true }, { interactive: true });
  assert.deepEqual([outcome.problems[0]?.code, terminal.asked], ['vault.exists', []]);
  assert.equal(readFileSync(join(root, VAULT), 'utf8'), kept);
});

test('in up, a missing key is a failure that names the command', async () => {
  await tried({ init: 'api.example.net', backend: [backend] });
  const missing = await tried({}, {}, true);
  assert.deepEqual(
    [missing.outcome.exitCode, missing.outcome.problems.map(({ code, fix }) => [code, fix])],
    [78, [['vault.key-missing', 'hxllm up --vault-init']]],
  );
  writeFileSync(join(root, 'pw'), 'pw\n');
  await tried({ vaultInit: true, vaultPasswordFile: 'pw' });
  const locked = await tried({}, {}, true);
  assert.deepEqual(
    locked.outcome.problems.map(({ code, fix }) => [code, fix]),
    [['vault.locked', 'hxllm up --ask-vault-pass']],
  );
  const open = await tried({ vaultPasswordFile: 'pw' }, {}, true);
  assert.equal(open.outcome.exitCode, 0);
});

test('up continues with the password that was typed for the new vault', async () => {
  await tried({ init: 'api.example.net', backend: [backend] });
  const { outcome } = await tried({ vaultInit: true }, { interactive: true, answers: ['pw', 'pw', true] }, true);
  assert.deepEqual([outcome.ending, outcome.problems], ['passed', []]);
});

test('without an inventory and without --init nothing is created', async () => {
  const { outcome } = await tried({});
  assert.deepEqual([outcome.problems[0]?.code, outcome.exitCode], ['inventory.not-found', 78]);
  assert.deepEqual(readdirSync(root), ['evidence']);
});
