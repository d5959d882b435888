import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { PhaseTools } from '../../../src/core/phase.ts';
import type { PhaseEvent } from '../../../src/core/recorder.ts';
import { fail, ok, type Result } from '../../../src/core/problem.ts';
import { Secret } from '../../../src/core/secret.ts';
import { runInventory, type InventoryReport, type InventoryRequest } from '../../../src/phases/inventory/run.ts';
import { configOf, GUIDE, hostOf, Tree } from '../../config/tree.ts';

const KEY = new Secret(`sk-${'ab'.repeat(32)}`);
const PASSWORD = new Secret('a long vault password');

/** What the fleet serves: hx01 and hx02 answer, everything else is down. */
const fleet = (url: string): Promise<Result<readonly string[]>> =>
  Promise.resolve(
    url === 'http://hx01:11434'
      ? ok(['phi3:3.8b-q8_0', 'nomic-embed-text:latest'])
      : url === 'http://hx02:11434'
        ? ok(['phi3:3.8b-q8_0'])
        : fail({
            code: 'backend.unreachable',
            summary: `${url} does not answer`,
            detail: 'Seen ECONNREFUSED.',
            fix: 'systemctl start ollama',
          }),
  );

interface Run {
  readonly report: InventoryReport;
  readonly notes: readonly string[];
  readonly outcome: (id: string) => string | undefined;
}

/** Runs the phase over a folder as the command does, without writing. */
async function run(tree: Tree, request: Partial<InventoryRequest> = {}): Promise<Run> {
  const inventoryFile = request.inventoryFile ?? join(tree.folder, 'inventories/dev.ini');
  const loaded = await tree.load({ inventoryFile });
  const events: PhaseEvent[] = [];
  const tools: PhaseTools = {
    connect: () => assert.fail('no host is reached'),
    confirm: () => assert.fail('the caller asks'),
    signal: new AbortController().signal,
    nowMs: () => 0,
    recorder: {
      event: (event) => {
        events.push(event);
      },
      file: () => undefined,
    },
  };
  const report = await runInventory(
    {
      config: loaded.ok || loaded.problems[0].code !== 'inventory.not-found' ? configOf(loaded) : undefined,
      inventoryFile,
      cwd: tree.folder,
      init: undefined,
      host: undefined,
      backends: [],
      vaultInit: undefined,
      masterKey: KEY,
      askBackend: fleet,
      ...request,
      read: (path) => Promise.resolve(readIfThere(path)),
    },
    tools,
  );
  return {
    report,
    notes: events.flatMap((event) => (event.kind === 'note' ? [event.text] : [])),
    outcome: (id) => report.results.find((result) => result.id === id)?.outcome,
  };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function write(report: InventoryReport): void {
  for (const edit of report.edits) {
    mkdirSync(dirname(edit.path), { recursive: true });
    writeFileSync(edit.path, edit.after);
  }
}

test('files that say everything are left alone, and the phase says so', async () => {
  using tree = new Tree(GUIDE);
  const { report, notes } = await run(tree);
  assert.deepEqual([report.ending, report.changes, report.edits], ['passed', 0, []]);
  assert.equal(notes[0], 'Nothing to change in the files.');
  assert.match(
    notes[1] ?? '',
    /hxllm inventory --vault-init.*openssl rand -hex 32 \| sed 's\/\^\/sk-\/'.*ansible-vault create inventories\/group_vars\/all\/vault\.yml/,
  );
});

test('from nothing, --init writes the guide’s layout; read again it says what was asked, and a second run changes nothing', async () => {
  using tree = new Tree({});
  const request = { init: 'hx-api-server', backends: ['http://hx01:11434/', 'http://hx02:11434'], vaultInit: PASSWORD };
  const { report } = await run(tree, request);
  assert.equal(report.ending, 'pending');
  assert.deepEqual(
    report.edits.map(({ path, before, mode, secret }) => [path.slice(tree.folder.length + 1), before, mode, secret]),
    [
      ['inventories/dev.ini', undefined, 0o644, false],
      ['inventories/group_vars/all/main.yml', undefined, 0o644, false],
      ['inventories/group_vars/all/vault.yml', undefined, 0o600, true],
    ],
  );
  assert.doesNotMatch(JSON.stringify(report), /abababab/);
  write(report);
  const { settings, target } = hostOf(await tree.load({ askVaultPassword: () => Promise.resolve(PASSWORD) }));
  assert.equal(target.name, 'hx-api-server');
  assert.ok(settings.masterKey.state === 'set' && settings.masterKey.key.equals(KEY.reveal()));
  assert.deepEqual(
    settings.backends?.map(({ url }) => url),
    ['http://hx01:11434', 'http://hx02:11434'],
  );
  assert.deepEqual(
    settings.models?.map(({ name, model, mode, backends }) => [name, model, mode, backends]),
    [
      ['phi3-3.8b', 'phi3:3.8b-q8_0', 'chat', undefined],
      ['nomic-embed-text', 'nomic-embed-text:latest', 'embedding', ['http://hx01:11434']],
    ],
  );
  const again = await run(tree, { ...request, vaultInit: undefined });
  assert.deepEqual([again.report.ending, again.report.edits], ['passed', []]);
});

test('--init alone writes an example to fill in, and the next run with --backend fills it in', async () => {
  using tree = new Tree({});
  const first = await run(tree, { init: 'admin@192.0.2.1' });
  assert.deepEqual(
    [first.report.ending, first.outcome('inventory.backends'), first.outcome('inventory.models')],
    ['pending', 'not-applicable', 'not-applicable'],
  );
  write(first.report);
  const { target } = hostOf(await tree.load());
  assert.deepEqual([target.address, target.user], ['192.0.2.1', 'admin']);
  const second = await run(tree, { backends: ['http://hx02:11434'] });
  assert.equal(second.report.ending, 'pending');
  const [edit] = second.report.edits;
  assert.ok(edit?.before !== undefined && edit.after.startsWith(edit.before) && edit.after.length > edit.before.length);
});

test('a missing group takes the only host that is no backend; of several none is guessed', async () => {
  const lists = {
    'inventories/group_vars/all/main.yml':
      'litellm_backends: ["http://hx-llm01:11434"]\nlitellm_models: [{name: a, model: b}]\n',
  };
  using one = new Tree({ ...lists, 'inventories/dev.ini': '# mine\nhx-api\nhx-llm01 # a server\n' });
  const { report } = await run(one);
  assert.deepEqual(
    report.edits.map(({ after }) => after),
    ['# mine\nhx-api\nhx-llm01 # a server\n\n# The gateway’s hosts, added by hxllm.\n[litellm]\nhx-api\n'],
  );
  using several = new Tree({ ...lists, 'inventories/dev.ini': 'a\nb\n' });
  const guess = await run(several);
  assert.deepEqual([guess.report.ending, guess.report.edits, guess.outcome('inventory.group')], ['failed', [], 'fail']);
  assert.match(guess.report.results[0]?.seen ?? '', /a, b/);
  const given = await run(several, { host: 'b' });
  assert.deepEqual([given.report.ending, given.report.edits.length], ['pending', 1]);
});

test('a list that is there is never touched, and a --backend that it lacks is said', async () => {
  using tree = new Tree(GUIDE);
  const { report, outcome } = await run(tree, { backends: ['http://hx01:11434'] });
  assert.deepEqual([report.edits, outcome('inventory.backends-kept'), report.ending], [[], 'fail', 'passed']);
});

test('a server that is down is named and the others’ models are taken; where all are down nothing is made up', async () => {
  using tree = new Tree({ 'inventories/dev.ini': '[litellm]\nh\n' });
  const partly = await run(tree, { backends: ['http://hx01:11434', 'http://gone:11434'] });
  assert.deepEqual(
    [partly.outcome('inventory.backends-answer'), partly.outcome('inventory.models'), partly.report.ending],
    ['fail', 'pass', 'pending'],
  );
  const none = await run(tree, { backends: ['http://gone:11434'] });
  assert.deepEqual([none.outcome('inventory.models'), none.report.ending], ['unknown', 'failed']);
  assert.doesNotMatch(none.report.edits[0]?.after ?? '', /^litellm_models/m);
});

test('a --backend or a host that is none is a Problem, and nothing is drafted', async () => {
  using tree = new Tree({ 'inventories/dev.ini': '[litellm]\nh\n' });
  for (const [request, code] of [
    [{ backends: ['hx01:11434'] }, 'usage.backend'],
    [{ host: 'a b' }, 'usage.host'],
    [{ host: '-x' }, 'usage.host'],
    [{ host: 'web[1:3]' }, 'usage.host'],
  ] as const) {
    const { report } = await run(tree, request);
    assert.deepEqual([report.ending, report.problems[0]?.code, report.edits], ['failed', code, []]);
  }
});

test('without an inventory and without --init the way to begin is named', async () => {
  using tree = new Tree({});
  const { report } = await run(tree);
  assert.deepEqual(
    [report.problems[0]?.code, report.problems[0]?.fix],
    ['inventory.not-found', 'hxllm inventory --init HOST  # or name yours with -i FILE'],
  );
});

test('--vault-init refuses where a vault is, says which line to add, and leaves a vault that has the key', async () => {
  using tree = new Tree(GUIDE);
  write((await run(tree, { vaultInit: PASSWORD })).report);
  const again = await run(tree, { vaultInit: PASSWORD });
  assert.deepEqual(
    [again.report.ending, again.report.edits, again.report.problems[0]?.code, again.report.problems[0]?.fix],
    ['failed', [], 'vault.exists', 'ansible-vault edit inventories/group_vars/all/vault.yml'],
  );
  assert.match(again.report.problems[0]?.detail ?? '', /litellm_master_key: "sk-…"/);
});

test('an empty vault password makes no vault', async () => {
  using tree = new Tree(GUIDE);
  const { report } = await run(tree, { vaultInit: new Secret('') });
  assert.deepEqual([report.problems[0]?.code, report.edits], ['vault.password-empty', []]);
});

test('--vault-init does not make a folder that would hide group_vars/all.yml', async () => {
  using tree = new Tree({
    'inventories/dev.ini': '[litellm]\nh\n',
    'inventories/group_vars/all.yml': GUIDE['inventories/group_vars/all/main.yml'] ?? '',
  });
  const { report } = await run(tree, { vaultInit: PASSWORD });
  assert.equal(report.problems[0]?.code, 'vault.would-hide');
  assert.match(
    report.problems[0]?.fix ?? '',
    /mkdir inventories\/group_vars\/all && mv inventories\/group_vars\/all\.yml inventories\/group_vars\/all\/main\.yml/,
  );
});

test('where the usual file is encrypted the lists go into one beside it', async () => {
  using tree = new Tree({
    'inventories/dev.ini': '[litellm]\nh\n',
    'inventories/group_vars/all/main.yml': readFileSync(
      join(import.meta.dirname, '../../config/fixtures/vault/default.vault'),
      'utf8',
    ),
  });
  const { report } = await run(tree, { backends: ['http://hx02:11434'] });
  assert.deepEqual(
    report.edits.map(({ path }) => path.slice(tree.folder.length + 1)),
    ['inventories/group_vars/all/litellm.yml'],
  );
});

test('a list that only some hosts of the group have is not added over the heads of the others', async () => {
  using tree = new Tree({
    'inventories/dev.ini': '[litellm]\na\nb\n',
    'inventories/host_vars/a.yml': GUIDE['inventories/group_vars/all/main.yml'] ?? '',
  });
  const { report } = await run(tree, { backends: ['http://hx02:11434'] });
  assert.deepEqual(
    [report.edits, report.results.find(({ id }) => id === 'inventory.backends')?.seen],
    [[], 'none for b'],
  );
});
