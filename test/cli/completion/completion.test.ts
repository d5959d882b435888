import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, after, test } from 'node:test';
import { quote } from '../../../src/core/shell.ts';

const BIN = join(import.meta.dirname, '../../../bin/hxllm.js');
const folder = mkdtempSync(join(tmpdir(), 'hxllm-completion-'));
const environment = { PATH: `${folder}/bin:${process.env['PATH'] ?? ''}`, HOME: folder, TERM: 'dumb', LC_ALL: 'C' };

function write(path: string, text: string): void {
  mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function scriptOf(shell: 'bash' | 'zsh'): string {
  const { stdout, status, stderr } = spawnSync(process.execPath, [BIN, 'completion', shell], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout;
}

before(() => {
  write('bin/hxllm', `#!/bin/bash\nexec '${process.execPath}' '${BIN}' "$@"\n`);
  chmodSync(join(folder, 'bin/hxllm'), 0o755);
  write('inventories/dev.ini', '[litellm]\nhx-api-server\nhx-api-two\n[ollama]\nllm01\n');
  write('inventories/prod.ini', '[litellm]\nprod-api\n');
  // A password program in ansible.cfg must not run because somebody pressed TAB.
  write('ansible.cfg', '[defaults]\nvault_password_file = ./password\n');
  write('password', '#!/bin/sh\ntouch ran; echo x\n');
  chmodSync(join(folder, 'password'), 0o755);
  write('inventories/group_vars/all/vault.yml', '$ANSIBLE_VAULT;1.1;AES256\n6162\n');
  write('a file.pem', '');
  write('completion.bash', scriptOf('bash'));
});
after(() => {
  rmSync(folder, { recursive: true });
});

/** The completions of the last word, as bash itself computes them. */
function completed(...words: readonly string[]): readonly string[] {
  const script = `. ./completion.bash
COMP_WORDS=(hxllm ${words.map(quote).join(' ')}); COMP_CWORD=${String(words.length)}
_hxllm; [ \${#COMPREPLY[@]} = 0 ] || printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', script], {
    cwd: folder,
    encoding: 'utf8',
    env: environment,
  });
  // compopt says that no completion runs, where a script calls the function.
  assert.equal(status, 0, stderr);
  return stdout.split('\n').filter((line) => line !== '');
}

test('bash completes commands, and the commands of a command', () => {
  assert.deepEqual(completed('pre'), ['preflight']);
  assert.deepEqual(completed('service', 're'), ['restart', 'reload']);
  assert.deepEqual(completed('evidence', ''), ['verify', 'list', 'show', 'open', 'diff', 'prune', 'export']);
  assert.deepEqual(completed('completion', ''), ['bash', 'zsh']);
  assert.deepEqual(completed('docs', 'op'), ['open-webui', 'operations']);
  assert.deepEqual(completed('help', 'doc'), ['docs', 'doctor']);
  assert.ok(completed('').includes('doctor'));
});

test('bash completes options, and their words and files', () => {
  assert.deepEqual(completed('smoke', '--th'), ['--through-ssh']);
  assert.deepEqual(completed('service', 'logs', '--fol'), ['--follow']);
  assert.deepEqual(completed('enforce', '--transport', ''), ['ssh2', 'openssh']);
  assert.deepEqual(completed('enforce', '--transport', '=', 'o'), ['openssh']);
  assert.deepEqual(completed('smoke', '--key-file', 'a'), ['ansible.cfg', 'a file.pem'].toSorted());
  assert.deepEqual(completed('smoke', '-i', 'inventories/d'), ['inventories/dev.ini']);
  // A word behind an option that takes a value is no command.
  assert.deepEqual(completed('inventory', '--evidence-dir', 'list', '--quar'), ['--quarantine']);
  assert.deepEqual(completed('nonsense', '--x', ''), completed(''));
});

test('bash completes the hosts of the inventory that the command line names, and opens no vault for it', () => {
  assert.deepEqual(completed('drift', 'hx'), ['hx-api-server', 'hx-api-two']);
  assert.deepEqual(completed('enforce', '--limit', 'hx-api-s'), ['hx-api-server']);
  assert.deepEqual(completed('doctor', '-i', 'inventories/prod.ini', ''), ['prod-api']);
  assert.deepEqual(completed('doctor', '--inventory', '=', 'inventories/prod.ini', ''), ['prod-api']);
  assert.deepEqual(completed('doctor', '-i', 'gone.ini', ''), []);
  assert.equal(spawnSync('test', ['-e', join(folder, 'ran')]).status, 1);
});

test('a TAB in an interactive bash completes the line', async () => {
  // script gives bash a terminal, so that readline asks for the completion.
  const bash = spawn('script', ['-qec', 'bash --norc -i', '/dev/null'], { cwd: folder, env: environment });
  let shown = '';
  bash.stdout.on('data', (chunk: Buffer) => void (shown += chunk.toString()));
  const until = async (text: string): Promise<void> => {
    const signal = AbortSignal.timeout(60_000);
    while (!shown.includes(text)) {
      signal.throwIfAborted();
      await new Promise((resolve) => bash.stdout.once('data', resolve));
    }
  };
  bash.stdin.write('. ./completion.bash; hxllm() { echo "called with <$*>"; }; echo read""y\n');
  await until('ready');
  bash.stdin.write('hxllm enf\t--detailed-e\t--transp\to\t\n');
  await until('called with <enforce --detailed-exitcode --transport openssh >'.replace(' >', '>'));
  // At its end bash writes its history into the folder that is removed after this.
  const closed = once(bash, 'close');
  bash.stdin.end('exit\n');
  await closed;
});

const hasZsh = spawnSync('zsh', ['--version']).status === 0;

test(
  'zsh reads its script, which completes the same words',
  { skip: hasZsh ? false : 'zsh is not installed: apt-get install zsh' },
  () => {
    write('_hxllm', scriptOf('zsh'));
    const script = `autoload -Uz compinit; compinit -u -d ./dump; fpath=(. $fpath); . ./_hxllm
compadd() { shift; print -l -- "\${(M)@:#\${(b)cur}*}"; }; _files() { print files; }; compset() { :; }
for line in 'pre' 'service re' 'smoke --th' 'enforce --transport ' 'enforce --transport=o' 'drift hx' 'smoke --key-file x'; do
  words=(hxllm "\${(@s: :)line}"); CURRENT=$#words; print -r -- "$line: \${(j:,:)\${(f)"$(_hxllm)"}}"
done`;
    const { stdout, stderr, status } = spawnSync('zsh', ['-f', '-c', script], {
      cwd: folder,
      encoding: 'utf8',
      env: environment,
    });
    assert.equal(status, 0, stderr);
    assert.deepEqual(stdout.trim().split('\n'), [
      'pre: preflight',
      'service re: restart,reload',
      'smoke --th: --through-ssh',
      'enforce --transport : ssh2,openssh',
      'enforce --transport=o: openssh',
      'drift hx: hx-api-server,hx-api-two',
      'smoke --key-file x: files',
    ]);
  },
);
