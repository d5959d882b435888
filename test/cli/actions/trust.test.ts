import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, suite, test } from 'node:test';
import { trustHosts, type TrustOptions } from '../../../src/cli/actions/trust.ts';
import { createConnect } from '../../../src/remote/connect.ts';
import { createKeys, startServer } from '../../remote/ssh/server.ts';
import { startSshd, WITHOUT_SSHD, type Sshd } from '../../remote/ssh/sshd.ts';
import { PATIENT, targetOf, valueOf } from '../../remote/target.ts';
import { fakeTerminal, type FakeOptions, type FakeTerminal } from '../fake-terminal.ts';
import { trustDocumentSchema } from '../../../src/cli/views/answer-schemas.ts';
import { assertValid } from '../../json-schema.ts';

suite('against OpenSSH’s own server', { skip: WITHOUT_SSHD ?? false }, async () => {
  const keys = await createKeys();
  const [hostKey, ecdsaKey, otherKey, clientKey] = [
    await keys.make('host'),
    await keys.make('ecdsa-host', 'ecdsa'),
    await keys.make('other-host'),
    await keys.make('client'),
  ];
  const rsaFile = join(keys.folder, 'rsa-host');
  execFileSync('ssh-keygen', ['-q', '-t', 'rsa', '-b', '2048', '-N', '', '-f', rsaFile]);
  const rsaKey = { ...hostKey, file: rsaFile };
  let sshd: Sshd | undefined;
  let folder = '';
  let known = '';

  before(async () => {
    sshd = await startSshd(keys.folder, [hostKey, ecdsaKey, rsaKey], clientKey);
  });
  after(async () => {
    await sshd?.close();
    await keys.remove();
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hxllm-trust-'));
    known = join(folder, 'home/.ssh/known_hosts');
    mkdirSync(join(folder, 'home'));
    inventory();
  });
  afterEach(() => rm(folder, { recursive: true }));

  const port = (): string => String(sshd?.port ?? 0);
  const place = (): string => `[127.0.0.1]:${port()}`;

  function inventory(more = ''): void {
    const args = `-F none -o UserKnownHostsFile=${known} -o GlobalKnownHostsFile=none -o IdentityFile=none${more}`;
    writeFileSync(
      join(folder, 'hosts.ini'),
      `[litellm]\napi ansible_host=127.0.0.1 ansible_port=${port()} ansible_user=${sshd?.user ?? ''} ansible_ssh_common_args="${args}" ansible_ssh_private_key_file=${clientKey.file}\n`,
    );
  }

  async function trust(
    words: readonly string[],
    options: TrustOptions = {},
    fake: FakeOptions = {},
  ): Promise<{ readonly code: number; readonly out: string; readonly err: string; readonly terminal: FakeTerminal }> {
    const terminal = {
      ...fakeTerminal({ cwd: folder, environment: { PATH: process.env['PATH'] ?? '' }, ...fake }),
      home: join(folder, 'home'),
    };
    const code = await trustHosts(terminal, words, { inventory: ['hosts.ini'], ...options });
    return { code, out: terminal.written.out, err: terminal.written.err, terminal };
  }

  const fingerprint = (file: string): string =>
    execFileSync('ssh-keygen', ['-lf', file], { encoding: 'utf8' }).split(' ')[1] ?? '';

  /** The keys that ssh-keygen finds for a name in the file. */
  const found = (name: string): readonly string[] =>
    spawnSync('ssh-keygen', ['-F', name, '-f', known], { encoding: 'utf8' })
      .stdout.split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.split(' ').slice(1).join(' '))
      .toSorted();

  const shown = (): readonly string[] =>
    [hostKey, ecdsaKey, rsaKey]
      .map(({ file }) => readFileSync(`${file}.pub`, 'utf8').trim().split(' ').slice(0, 2).join(' '))
      .toSorted();

  test('after a yes every key of the host is in a new file, 0600 in a folder with 0700; a second run asks nothing', async () => {
    const first = await trust(['api'], {}, { interactive: true, answers: [true] });
    assert.deepEqual([first.code, first.err], [0, '']);
    assert.deepEqual(first.terminal.asked, [`Add 3 keys of api to ${known}?`]);
    for (const { file } of [hostKey, ecdsaKey, rsaKey]) assert.ok(first.out.includes(fingerprint(file)), first.out);
    assert.deepEqual(found(place()), shown());
    assert.equal(statSync(known).mode & 0o777, 0o600);
    assert.equal(statSync(join(known, '..')).mode & 0o777, 0o700);
    const written = readFileSync(known, 'utf8');
    const second = await trust(['litellm']);
    assert.deepEqual([second.code, second.err], [0, '']);
    assert.match(second.out, /known .*known_hosts:\d/);
    assert.equal(readFileSync(known, 'utf8'), written);
    const target = targetOf({
      port: sshd?.port,
      user: sshd?.user,
      identityFiles: [clientKey.file],
      sshArguments: ['-F', 'none', '-o', `UserKnownHostsFile=${known}`, '-o', 'GlobalKnownHostsFile=none'],
    });
    const person = { home: folder, userName: 'ada', environment: { PATH: process.env['PATH'] } };
    await valueOf(await createConnect(person)(target, PATIENT.signal)).close();
  });

  test('a no writes nothing; without a terminal and without --yes neither, with the command that does', async () => {
    const declined = await trust(['api'], {}, { interactive: true, answers: [false] });
    assert.equal(declined.code, 1);
    assert.throws(() => statSync(known));
    const refused = await trust(['api']);
    assert.equal(refused.code, 64);
    assert.match(refused.err, /hxllm trust -i hosts\.ini --yes api/);
    assert.ok(refused.out.includes(fingerprint(hostKey.file)), 'the fingerprints are shown all the same');
    assert.throws(() => statSync(known));
  });

  test('the name is hashed if HashKnownHosts says so or the file has hashed names, and the file’s text stays', async () => {
    inventory(' -o HashKnownHosts=yes');
    assert.equal((await trust(['api'], { yes: true })).code, 0);
    assert.doesNotMatch(readFileSync(known, 'utf8'), /127\.0\.0\.1/);
    assert.deepEqual(found(place()), shown());
    inventory(' -o HashKnownHosts=no');
    const other = `|1|c2FsdA==|aGFzaA== ${otherKey.publicText}`;
    writeFileSync(known, `# mine\n${other}`, { mode: 0o644 });
    assert.equal((await trust(['api'], { yes: true })).code, 0);
    const text = readFileSync(known, 'utf8');
    assert.ok(text.startsWith(`# mine\n${other}\n|1|`), text);
    assert.doesNotMatch(text, /127\.0\.0\.1/);
    assert.deepEqual(found(place()), shown());
    writeFileSync(known, `elsewhere ${otherKey.publicText}\n`);
    assert.equal((await trust(['api'], { yes: true })).code, 0);
    assert.ok(readFileSync(known, 'utf8').includes(`\n${place()} ssh-ed25519 `));
  });

  test('a changed key is an error with the line that removes it, and nothing is written', async () => {
    mkdirSync(join(known, '..'));
    const text = `# first\n${place()} ${otherKey.publicText}\n`;
    writeFileSync(known, text);
    const { code, out, err } = await trust(['api'], { yes: true });
    assert.equal(code, 69);
    assert.match(out, new RegExp(`changed: another key is at ${known}:2`));
    assert.ok(err.includes(`ssh-keygen -f ${known} -R '${place()}' && hxllm trust -i hosts.ini api`), err);
    assert.equal(readFileSync(known, 'utf8'), text);
    execFileSync('ssh-keygen', ['-f', known, '-R', place()], { stdio: 'ignore' });
    assert.equal((await trust(['api'], { yes: true })).code, 0);
    assert.deepEqual(found(place()), shown());
  });

  test('a revoked key, by its line or by RevokedHostKeys, is refused with its place', async () => {
    mkdirSync(join(known, '..'));
    const text = `@revoked * ${ecdsaKey.publicText}\n`;
    writeFileSync(known, text);
    const { code, out } = await trust(['api'], { yes: true });
    assert.deepEqual([code, readFileSync(known, 'utf8')], [69, text]);
    assert.match(out, new RegExp(`revoked ${known}:1`));
    writeFileSync(known, '');
    inventory(` -o RevokedHostKeys=${hostKey.file}.pub`);
    const listed = await trust(['api'], { yes: true });
    assert.deepEqual([listed.code, readFileSync(known, 'utf8')], [69, '']);
    assert.match(listed.out, /revoked .*host\.pub/);
  });

  test('a host that shows none of its known keys is refused, and one with a known key gets the others', async () => {
    mkdirSync(join(known, '..'));
    writeFileSync(known, `${place()} ${ecdsaKey.publicText}\n`);
    const { code, terminal } = await trust(['api'], {}, { interactive: true, answers: [true] });
    assert.equal(code, 0);
    assert.deepEqual(terminal.asked, [`Add 2 keys of api to ${known}?`]);
    assert.deepEqual(found(place()), shown());
    await using server = await startServer({ hostKeys: [hostKey], clientKey });
    const own = `[127.0.0.1]:${String(server.port)}`;
    const text = `${own} ${ecdsaKey.publicText}\n`;
    writeFileSync(known, text);
    writeFileSync(
      join(folder, 'hosts.ini'),
      readFileSync(join(folder, 'hosts.ini'), 'utf8').replace(
        `ansible_port=${port()}`,
        `ansible_port=${String(server.port)}`,
      ),
    );
    const changed = await trust(['api'], { yes: true });
    assert.deepEqual([changed.code, readFileSync(known, 'utf8')], [69, text]);
    assert.ok(changed.err.includes(`${known}:1`) && changed.err.includes(`-R '${own}'`), changed.err);
    assert.deepEqual(server.attempts, [], 'no login was tried');
  });

  test('a jump host is recorded first, and the host behind it is asked through it', async () => {
    await using jump = await startServer({ hostKeys: [otherKey], clientKey });
    const hop = `ops@127.0.0.1:${String(jump.port)}`;
    inventory(` -o ProxyJump=${hop}`);
    const config = join(folder, 'ssh_config');
    writeFileSync(config, `IdentityFile ${clientKey.file}\n`);
    const file = join(folder, 'hosts.ini');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace('-F none', `-F ${config}`).replace(' -o IdentityFile=none', ''),
    );
    const { code, out, err } = await trust(['api'], { yes: true });
    assert.deepEqual([code, err], [0, ''], out);
    assert.ok(out.indexOf(hop) < out.indexOf('api'), out);
    assert.deepEqual(found(`[127.0.0.1]:${String(jump.port)}`), [otherKey.publicText]);
    assert.deepEqual(found(place()), shown());
    assert.equal(jump.attempts.length, 1, 'one login to the jump host for all keys');
    writeFileSync(known, '');
    const declined = await trust(['api'], {}, { interactive: true, answers: [false] });
    assert.equal(declined.code, 1);
    assert.match(declined.out, /api {2}not asked: the key of its jump host is not recorded/);
    assert.equal(readFileSync(known, 'utf8'), '');
  });

  test('each key of a host behind a ProxyCommand is asked through a command of its own', async () => {
    inventory(` -o 'ProxyCommand=nc %h %p'`);
    const file = join(folder, 'hosts.ini');
    const relay = join(folder, 'relay.mjs');
    writeFileSync(
      relay,
      'import { connect } from "node:net";\nconst s = connect(Number(process.argv[3]), process.argv[2]);\nprocess.stdin.pipe(s).pipe(process.stdout);\n',
    );
    writeFileSync(file, readFileSync(file, 'utf8').replace('nc %h', `${process.execPath} ${relay} %h`));
    const { code, err } = await trust(['api'], { yes: true });
    assert.deepEqual([code, err], [0, '']);
    assert.deepEqual(found(place()), shown());
  });

  test('an address without an inventory, with the settings of ansible.cfg; the document tells the state of each key', async () => {
    writeFileSync(
      join(folder, 'ansible.cfg'),
      `[ssh_connection]\nssh_common_args = -F none -o UserKnownHostsFile=${known} -o GlobalKnownHostsFile=none\n`,
    );
    const word = `somebody@127.0.0.1:${port()}`;
    const { code, out } = await trust([word], { yes: true, json: true, inventory: [] });
    assert.equal(code, 0);
    const document = JSON.parse(out) as {
      readonly hosts: readonly { readonly state: string; readonly keys: readonly { readonly state: string }[] }[];
    };
    assertValid(trustDocumentSchema(), document);
    assert.deepEqual(
      document.hosts.map(({ state, keys: each }) => [state, each.map(({ state: one }) => one)]),
      [['added', ['new', 'new', 'new']]],
    );
    assert.deepEqual(found(place()), shown());
    const again = await trust([word, '127.0.0.1:9', 'nosuch*'], { inventory: ['hosts.ini'] });
    assert.equal(again.code, 78);
    assert.match(again.err, /nosuch\*/);
  });
});
