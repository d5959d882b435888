import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { runInventoryCommand, type InventoryCommandOptions } from '../../../src/cli/actions/inventory.ts';
import type { PhaseOutcome } from '../../../src/cli/run/outcome.ts';
import type { Session } from '../../../src/cli/run/session.ts';
import { commandDocumentSchema } from '../../../src/cli/views/document-schema.ts';
import { documentOf } from '../../../src/cli/views/document.ts';
import { createHumanView } from '../../../src/cli/views/human.ts';
import { createRedaction } from '../../../src/evidence/redaction.ts';
import { startSim, type Sim } from '../../../src/sim/server.ts';
import { schemaErrors } from '../../json-schema.ts';
import { fakeTerminal, type FakeTerminal } from '../fake-terminal.ts';

const MODEL = 'llama3:8b-instruct-q8_0';
const MAIN = 'inventories/group_vars/all/main.yml';

let root = '';
let sim: Sim;
let server: ChildProcess;
before(async () => {
  sim = await startSim();
});
after(() => sim.close());
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'hxllm-scan-'));
  // The simulated server runs inside this process, so a process of its own stands for it in /proc.
  const program = join(root, 'ollama');
  writeFileSync(program, '#!/bin/bash\necho up\nread -r _\n');
  chmodSync(program, 0o755);
  server = spawn(program, ['serve'], {
    env: {
      PATH: process.env['PATH'],
      OLLAMA_HOST: new URL(sim.url).host,
      OLLAMA_NUM_PARALLEL: '4',
      OLLAMA_MAX_LOADED_MODELS: '2',
      OLLAMA_CONTEXT_LENGTH: '4096',
      SOME_TOKEN: 'never-leaves-the-host',
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  assert.ok(server.stdout !== null);
  await once(server.stdout, 'data');
});
afterEach(() => {
  server.kill();
  rmSync(root, { recursive: true, force: true });
});

function write(group: string): void {
  mkdirSync(join(root, 'inventories/group_vars/all'), { recursive: true });
  writeFileSync(join(root, 'inventories/dev.ini'), `[litellm]\napi ansible_host=127.0.0.1 ansible_port=1\n${group}`);
  writeFileSync(
    join(root, MAIN),
    `litellm_backends:\n  - "${sim.url}"   # the box\n  - http://127.0.0.1:1\nlitellm_models:\n  - name: llama # ours\n    model: "${MODEL}"\n`,
  );
}

async function scanned(
  options: InventoryCommandOptions = {},
): Promise<{ outcome: PhaseOutcome; terminal: FakeTerminal }> {
  const terminal = fakeTerminal({ cwd: root });
  const session: Session = {
    terminal,
    options: { ...options, scan: true } as InventoryCommandOptions,
    version: '0.1.0',
    askLoginPassword: () => Promise.resolve(undefined),
    askBecomePassword: () => Promise.resolve(undefined),
    command: ['hxllm', 'inventory', '--scan'],
    within: undefined,
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
  };
  return { outcome: await runInventoryCommand(session, undefined, { ...options, scan: true }, false), terminal };
}

const LOCAL = '[ollama]\nbox ansible_host=127.0.0.1 ansible_connection=local\n';

test('a scan shows the matrix and the settings, writes what the server states, and a second one changes nothing', async () => {
  write(LOCAL);
  const { outcome, terminal } = await scanned();
  assert.deepEqual([outcome.ending, outcome.changes], ['passed', 1]);
  assert.match(terminal.written.out, /model +size +trained context/);
  assert.match(
    terminal.written.out,
    /proposed for litellm_backends in \S+main\.yml: http:\S+ max_loaded_models 2 and num_parallel 4\n/,
  );
  assert.match(terminal.written.out, /0\.\d+\.\d+ +4 +2 +4096 +not set/);
  assert.match(
    terminal.written.out,
    /-  - "http:\/\/127\.0\.0\.1:\d+" {2}# …\n +\+ {2}- url: "http:\/\/127\.0\.0\.1:\d+" {2}# …/,
  );
  assert.equal(
    readFileSync(join(root, MAIN), 'utf8'),
    `litellm_backends:\n  - url: "${sim.url}"   # the box\n    num_parallel: 4\n    max_loaded_models: 2\n  - http://127.0.0.1:1\nlitellm_models:\n  - name: llama # ours\n    model: "${MODEL}"\n    num_ctx: 4096\n`,
  );
  const second = await scanned();
  assert.deepEqual([second.outcome.ending, second.outcome.changes], ['passed', 0]);
});

test('a server that does not answer is a warning, and its document is valid by the published schema', async () => {
  write(LOCAL);
  const { outcome } = await scanned({ dryRun: true });
  const result = outcome.results.find(({ id }) => id === 'inventory.servers-answer');
  assert.deepEqual([result?.outcome, result?.severity, outcome.exitCode], ['fail', 'warning', 0]);
  assert.match(result?.seen ?? '', /127\.0\.0\.1:1 does not answer/);
  const document: unknown = JSON.parse(JSON.stringify(documentOf('inventory', '0.1.0', [outcome], false)));
  assert.deepEqual(schemaErrors(commandDocumentSchema() as object, document), []);
  assert.deepEqual(
    outcome.scan?.servers.map(({ answers, settings }) => [answers, settings?.numParallel]),
    [
      [true, 4],
      [false, undefined],
    ],
  );
  assert.equal(outcome.scan?.models.find(({ name }) => name === MODEL)?.trainedContext, 8192);
});

test('the evidence has the script and the answers, and no other variable of the server’s environment', async () => {
  write(LOCAL);
  const { outcome } = await scanned({ dryRun: true });
  const folder = join(outcome.evidence ?? '', 'hosts/box');
  assert.match(readFileSync(join(folder, 'questions.sh'), 'utf8'), /OLLAMA_/);
  const answers = readFileSync(join(folder, 'answers.json'), 'utf8');
  assert.match(answers, /OLLAMA_NUM_PARALLEL =4/);
  assert.doesNotMatch(answers, /SOME_TOKEN|never-leaves/);
});

test('without the group [ollama] nothing is asked over SSH, nothing of it is proposed, and the output says so', async () => {
  write('');
  const { outcome, terminal } = await scanned();
  assert.equal(outcome.changes, 0);
  assert.match(terminal.written.out, /the inventory has no group \[ollama\]/);
  assert.equal(outcome.scan?.overSsh, false);
  assert.equal(outcome.scan?.servers[0]?.answers, true);
});
