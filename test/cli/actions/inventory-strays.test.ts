import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runRestore } from '../../../src/cli/actions/inventory-strays.ts';
import { runInventoryCommand, type InventoryCommandOptions } from '../../../src/cli/actions/inventory.ts';
import type { PhaseOutcome } from '../../../src/cli/run/outcome.ts';
import type { Session } from '../../../src/cli/run/session.ts';
import { createHumanView } from '../../../src/cli/views/human.ts';
import { createRedaction } from '../../../src/evidence/redaction.ts';
import { Tree } from '../../config/tree.ts';
import { fakeTerminal, type FakeOptions, type FakeTerminal } from '../fake-terminal.ts';

const VAULT = readFileSync(join(import.meta.dirname, '../../config/fixtures/vault/default.vault'), 'utf8');
const FILES = {
  'inventories/dev.ini': '[litellm]\napi ansible_password=hunter2-hunter2\n',
  'inventories/group_vars/all/main.yml':
    'litellm_backends: ["http://llm01:11434"]\nlitellm_models:\n  - name: a\n    model: "m:1"\n',
  'inventories/group_vars/all/vault.yml': VAULT,
  'inventories/old-vault.yml': VAULT,
  'inventories/group_vars/gone.yml': 'api_token: hunter2-hunter2\n',
};
const STRAYS = ['inventories/old-vault.yml', 'inventories/group_vars/gone.yml'];

interface Tried {
  readonly outcome: PhaseOutcome;
  readonly terminal: FakeTerminal;
  readonly evidence: string;
}

async function tried(
  tree: Tree,
  work: (session: Session) => Promise<PhaseOutcome>,
  options: InventoryCommandOptions = {},
  fake: FakeOptions = {},
  within?: string,
): Promise<Tried> {
  const terminal = fakeTerminal({ cwd: tree.folder, ...fake });
  const outcome = await work({
    terminal,
    options,
    version: '0.1.0',
    askLoginPassword: () => Promise.resolve(undefined),
    askBecomePassword: () => Promise.resolve(undefined),
    command: ['hxllm', 'inventory'],
    within,
    open: { run: undefined },
    signal: new AbortController().signal,
    view: createHumanView(terminal, terminal.stdout, false),
    redaction: createRedaction(),
    vault: {
      askId: () => Promise.resolve(undefined),
      ask: () => Promise.resolve(undefined),
      give: () => undefined,
      known: () => false,
    },
  });
  const folder = outcome.evidence ?? '';
  const evidence = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
  return { outcome, terminal, evidence };
}

function inventory(
  tree: Tree,
  options: InventoryCommandOptions = {},
  fake: FakeOptions = {},
  within?: string,
): Promise<Tried> {
  return tried(tree, (session) => runInventoryCommand(session, undefined, options, false), options, fake, within);
}

function there(tree: Tree): readonly boolean[] {
  return STRAYS.map((path) => existsSync(join(tree.folder, path)));
}

test('files that are read are named with the command that encrypts them; files that nothing reads stay without consent', async () => {
  using tree = new Tree(FILES);
  const { outcome, terminal, evidence } = await inventory(tree, { yes: true });
  assert.equal(outcome.ending, 'passed');
  assert.match(terminal.written.out, /dev\.ini has ansible_password in line 2/);
  assert.match(terminal.written.out, /hxllm vault encrypt inventories\/dev\.ini /);
  assert.match(
    terminal.written.out,
    /old-vault\.yml is encrypted; inventories\/group_vars\/gone\.yml has api_token in line 1/,
  );
  assert.deepEqual(there(tree), [true, true]);
  assert.ok(
    !`${terminal.written.out}${terminal.written.err}${evidence}`.includes('hunter2'),
    'no value is shown or kept',
  );
});

test('--quarantine moves what nothing reads, a second run finds nothing, and --restore puts a file back', async () => {
  using tree = new Tree(FILES);
  const dry = await inventory(tree, { quarantine: true, dryRun: true });
  assert.deepEqual([dry.outcome.ending, dry.outcome.changes, there(tree)], ['pending', 2, [true, true]]);
  const { outcome, terminal, evidence } = await inventory(tree, { quarantine: true });
  assert.deepEqual([outcome.ending, outcome.changes, there(tree)], ['passed', 2, [false, false]]);
  assert.match(evidence, /"from": "old-vault\.yml",\s+"sha256": "[0-9a-f]{64}"/);
  const [, place = ''] = /hxllm inventory --restore (\S+)/.exec(terminal.written.out) ?? [];
  assert.match(place, /^inventories\/\.quarantine\/\d{8}T\d{6}Z\/old-vault\.yml$/);
  for (const path of ['inventories/dev.ini', 'inventories/group_vars/all/vault.yml'])
    assert.ok(existsSync(join(tree.folder, path)));
  const again = await inventory(tree, { quarantine: true });
  assert.deepEqual([again.outcome.ending, again.outcome.changes], ['passed', 0]);
  const restored = await tried(tree, (session) => runRestore(session, place));
  assert.deepEqual([restored.outcome.ending, restored.outcome.changes, there(tree)], ['passed', 1, [true, false]]);
  const twice = await tried(tree, (session) => runRestore(session, place));
  assert.deepEqual([twice.outcome.ending, twice.outcome.changes], ['passed', 0]);
  assert.match(twice.terminal.written.out, /old-vault\.yml is back already/);
});

test('on a terminal the move is asked for, and no is no; up asks nothing', async () => {
  using tree = new Tree(FILES);
  const no = await inventory(tree, {}, { interactive: true, answers: [false] });
  assert.deepEqual([no.outcome.ending, there(tree)], ['passed', [true, true]]);
  assert.match(
    no.terminal.asked[0] ?? '',
    /Move 2 files that nothing reads \(inventories\/old-vault\.yml, inventories\/group_vars\/gone\.yml\)/,
  );
  const up = await inventory(tree, {}, { interactive: true, answers: [] }, 'up');
  assert.deepEqual([up.outcome.ending, there(tree)], ['passed', [true, true]]);
  const yes = await inventory(tree, {}, { interactive: true, answers: [true] });
  assert.deepEqual([yes.outcome.ending, there(tree)], ['passed', [false, false]]);
});
