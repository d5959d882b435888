import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runRotation, type RotationOptions } from '../../../src/cli/actions/inventory-rotation.ts';
import { encryptVaults } from '../../../src/cli/actions/vault/encrypt.ts';
import { viewVault } from '../../../src/cli/actions/vault/view.ts';
import type { PhaseOutcome } from '../../../src/cli/run/outcome.ts';
import { createHumanView } from '../../../src/cli/views/human.ts';
import { createRedaction } from '../../../src/evidence/redaction.ts';
import { Tree } from '../../config/tree.ts';
import { fakeTerminal, type FakeOptions } from '../fake-terminal.ts';

const VAULT = 'inventories/group_vars/all/vault.yml';
const OLD = `sk-${'0123456789abcdef'.repeat(4)}`;
const { signal } = new AbortController();

async function placed(): Promise<Tree> {
  const tree = new Tree({
    'inventories/dev.ini': '[litellm]\napi\n',
    [VAULT]: `litellm_master_key: "${OLD}"\n`,
    password: 'a long password\n',
  });
  const sealed = await encryptVaults(
    fakeTerminal({ cwd: tree.folder }),
    [VAULT],
    { vaultPasswordFile: 'password' },
    signal,
  );
  assert.ok(sealed.ok);
  return tree;
}

async function rotated(
  tree: Tree,
  options: RotationOptions = {},
  fake: FakeOptions = {},
): Promise<{ readonly outcome: PhaseOutcome; readonly said: string; readonly text: string }> {
  const terminal = fakeTerminal({ cwd: tree.folder, ...fake });
  const all = { vaultPasswordFile: 'password', yes: true, ...options };
  const outcome = await runRotation(
    {
      terminal,
      options: all,
      version: '0.1.0',
      askLoginPassword: () => Promise.resolve(undefined),
      askBecomePassword: () => Promise.resolve(undefined),
      command: ['hxllm', 'inventory', '--rotate-key'],
      within: undefined,
      open: { run: undefined },
      signal,
      view: createHumanView(terminal, terminal.stdout, false),
      redaction: createRedaction(),
      vault: {
        ask: () => Promise.resolve(undefined),
        askId: () => Promise.resolve(undefined),
        give: () => undefined,
        known: () => false,
      },
    },
    all,
  );
  const view = await viewVault(
    fakeTerminal({ cwd: tree.folder }),
    { file: VAULT, variable: undefined },
    { vaultPasswordFile: 'password' },
    signal,
  );
  assert.ok(view.ok);
  const said = `${terminal.written.out}${terminal.written.err}`;
  // Neither what is shown nor the evidence has a key.
  const kept = globSync('evidence/**/*', { cwd: tree.folder, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
  for (const key of view.value.match(/sk-[0-9a-f]{64}/g) ?? []) assert.ok(![said, ...kept].join('\n').includes(key));
  return { outcome, said, text: view.value };
}

test('--rotate-key writes both keys and names the next commands; --finish ends the rotation', async () => {
  using tree = await placed();
  const begun = await rotated(tree);
  assert.deepEqual([begun.outcome.ending, begun.outcome.changes], ['passed', 1]);
  assert.match(
    begun.text,
    new RegExp(`^litellm_master_key: "sk-[0-9a-f]{64}"\nlitellm_master_key_previous: "${OLD}"\n$`),
  );
  assert.match(begun.said, /hxllm enforce --vault-password-file password/);
  assert.match(begun.said, /hxllm inventory --rotate-key --finish --vault-password-file password/);
  const again = await rotated(tree);
  assert.equal(again.outcome.ending, 'failed');
  assert.match(again.said, /the last rotation is not finished/);
  assert.equal(again.text, begun.text);
  const finished = await rotated(tree, { finish: true });
  assert.match(finished.text, new RegExp(`litellm_master_key_revoked: "${OLD}"`));
  assert.match(finished.said, /hxllm smoke/);
  const nothing = await rotated(tree, { finish: true });
  assert.deepEqual([nothing.outcome.ending, nothing.outcome.changes, nothing.text], ['passed', 0, finished.text]);
});

test('a dry run, and a no, write nothing', async () => {
  using tree = await placed();
  const before = readFileSync(join(tree.folder, VAULT), 'utf8');
  assert.equal((await rotated(tree, { dryRun: true })).outcome.ending, 'pending');
  assert.equal(
    (await rotated(tree, { yes: false }, { interactive: true, answers: [false] })).outcome.ending,
    'declined',
  );
  assert.equal(readFileSync(join(tree.folder, VAULT), 'utf8'), before);
});
