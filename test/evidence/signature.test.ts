import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Result } from '../../src/core/problem.ts';
import { signRun, type Signer } from '../../src/evidence/signature/sign.ts';
import { verifyEvidence } from '../../src/evidence/verify/verify.ts';
import { closedRun, openPhase, root } from './evidence-tree.ts';
import { CLOSING, here } from './open-run.ts';

const ENVIRONMENT = { PATH: process.env['PATH'] };

/** Makes a key with a passphrase, and returns the path of its private half. */
function makeKey(name: string, passphrase = ''): string {
  const path = join(here.root, name);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-C', name, '-f', path]);
  return path;
}

/** Runs a phase and signs it. Returns the place of the run, and the result of signing. */
async function signedRun(key: string, signer: Partial<Signer> = {}): Promise<readonly [string, Result<void>]> {
  const run = openPhase('enforce');
  assert.ok(run.close(CLOSING, true).ok);
  const { signal } = new AbortController();
  return [run.name, await signRun(run.folder, { key, environment: ENVIRONMENT, mayAsk: false, signal, ...signer })];
}

const verified = (signers?: string) => verifyEvidence(root(), () => false, signers);
const found = (signers?: string): readonly string[] =>
  verified(signers).findings.map(({ path, found: how }) => `${path}: ${how}`);

test('a signature is verified by ssh-keygen alone, and by verify with the key or its owner', async () => {
  const key = makeKey('ada');
  const [place, signed] = await signedRun(key);
  assert.ok(signed.ok);
  const signers = join(here.root, 'signers');
  writeFileSync(signers, `ada@example.org namespaces="hxllm-evidence" ${readFileSync(`${key}.pub`, 'utf8')}`);
  const folder = join(root(), place);
  const words = [
    '-Y',
    'verify',
    '-f',
    signers,
    '-I',
    'ada@example.org',
    '-n',
    'hxllm-evidence',
    '-s',
    'manifest.json.sig',
  ];
  const said = execFileSync('ssh-keygen', words, { cwd: folder, input: readFileSync(join(folder, 'manifest.json')) });
  assert.match(String(said), /^Good "hxllm-evidence" signature for ada@example\.org/);
  assert.match(verified().notes.join(), /signatures: 1 by ED25519 key SHA256:\S+; that of enforce\/\S+ vouches/);
  assert.match(verified(signers).notes.join(), /signatures: 1 by ada@example\.org; /);
  assert.deepEqual([found(), found(signers)], [[], []]);
});

test('a signature of another key, of another run, and one with a flipped character are found', async () => {
  const [first] = await signedRun(makeKey('ada'));
  const [second] = await signedRun(makeKey('eve'));
  const signers = join(here.root, 'signers');
  writeFileSync(signers, `ada ${readFileSync(join(here.root, 'ada.pub'), 'utf8')}`);
  assert.match(found(signers).join(), new RegExp(`^${second}/manifest\\.json\\.sig: a signature by none of`));
  const file = join(root(), first, 'manifest.json.sig');
  const text = readFileSync(file, 'latin1');
  for (const [offset, character] of [
    [3, '_'],
    [60, 'A'],
    [99, 'x'],
    [text.length - 1, ' '],
  ] as const) {
    writeFileSync(file, text.slice(0, offset) + character + text.slice(offset + 1), 'latin1');
    assert.match(found().join(), new RegExp(`${first}/manifest\\.json\\.sig: `), String(offset));
  }
  renameSync(join(root(), second, 'manifest.json.sig'), file);
  assert.match(found().join(), new RegExp(`${first}/manifest\\.json\\.sig: .*incorrect signature`, 'i'));
});

test('a missing signature is a finding until a later run is signed', async () => {
  const key = makeKey('ada');
  const [first] = await signedRun(key);
  rmSync(join(root(), first, 'manifest.json.sig'));
  closedRun('smoke');
  assert.match(found().join(), new RegExp(`^${first}/manifest\\.json\\.sig: none, and no later run is signed`));
  await signedRun(key);
  assert.deepEqual(found(), []);
});

test('a key with a passphrase signs by the agent, and is refused without one and without a terminal', async () => {
  const key = makeKey('ada', 'a passphrase');
  const [, refused] = await signedRun(key);
  assert.ok(!refused.ok);
  assert.match(refused.problems[0].detail, /passphrase|decrypt/);
  assert.match(refused.problems[0].fix, /ssh-add \S+ada first/);
  const socket = join(here.root, 'agent');
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(agent.stdout, 'data');
    const environment = { ...ENVIRONMENT, SSH_AUTH_SOCK: socket };
    // ssh-add takes the passphrase from a program.
    const asks = join(here.root, 'ask');
    writeFileSync(asks, '#!/bin/sh\necho a passphrase\n', { mode: 0o755 });
    execFileSync('ssh-add', ['-q', key], {
      env: { ...environment, SSH_ASKPASS: asks, SSH_ASKPASS_REQUIRE: 'force' },
      stdio: 'ignore',
    });
    const [, byPrivate] = await signedRun(key, { environment });
    assert.ok(byPrivate.ok, JSON.stringify(byPrivate));
    rmSync(key);
    const [, byPublic] = await signedRun(`${key}.pub`, { environment });
    assert.ok(byPublic.ok, JSON.stringify(byPublic));
  } finally {
    agent.kill();
    await once(agent, 'exit');
  }
  assert.deepEqual(found(), []);
});

test('a missing key and a missing ssh-keygen are Problems with their fix', async () => {
  const [, noKey] = await signedRun(join(here.root, 'nowhere'));
  assert.ok(!noKey.ok);
  assert.match(noKey.problems[0].detail, /nowhere.*No such file/);
  const [, noProgram] = await signedRun(makeKey('ada'), { environment: { PATH: here.root } });
  assert.ok(!noProgram.ok);
  assert.match(noProgram.problems[0].fix, /apt-get install openssh-client/);
});
