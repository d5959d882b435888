import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { MARK_LINE } from '../../src/core/mark.ts';
import { folderObjections } from '../../src/facts/footprint/folder-objections.ts';
import type { Footprint } from '../../src/facts/footprint/footprint.ts';
import { footprintQuestion } from '../../src/facts/footprint/question.ts';
import { STATE_FILES, STATE_FOLDERS } from '../../src/core/state-files.ts';

/** A root in a temporary folder, asked with the folders of the settings. */
function makeRoot(context: TestContext): {
  readonly at: (path: string) => string;
  put(path: string, ...lines: readonly string[]): void;
  ask(config: string, install: string, serviceManager?: 'systemd' | 'process'): Footprint;
} {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'hxllm-footprint-')));
  context.after(() => {
    rmSync(root, { recursive: true });
  });
  const at = (path: string): string => `${root}/${path}`;
  return {
    at,
    put: (path, ...lines) => {
      mkdirSync(join(at(path), '..'), { recursive: true });
      writeFileSync(at(path), `${[MARK_LINE, ...lines].join('\n')}\n`);
    },
    ask: (config, install, serviceManager = 'process') => {
      const question = footprintQuestion({
        configDir: at(config),
        installDir: at(install),
        stateDir: at('var/lib/litellm'),
        serviceUnit: at('etc/systemd/system/litellm.service'),
        user: 'no-such-user',
        group: 'no-such-group',
        serviceManager,
        defaults: [at('etc/litellm'), at('opt/litellm')],
      });
      const stdout = execFileSync('bash', ['-c', question.script, 'hxllm', ...(question.arguments ?? [])], {
        encoding: 'utf8',
      });
      return question.parse({ stdout, exitCode: 0 });
    },
  };
}

test('the unit leads to the marker, and a marker to folders of earlier moves', (context) => {
  const host = makeRoot(context);
  host.put(
    'etc/systemd/system/litellm.service',
    `EnvironmentFile=${host.at('etc/b')}/litellm.env`,
    `ExecStart=${host.at('srv/b')}/current/gateway --config ${host.at('etc/b')}/config.yaml`,
    'User=gate',
    'Group=gates',
  );
  host.put('srv/b/.hxllm', `made folder ${host.at('etc/a')}`, `used install-dir ${host.at('srv/a')}`, 'nonsense');
  host.put('srv/a/.hxllm', `made access 755 root:root ${host.at('etc/c d')}`);
  host.put('etc/a/litellm.env', 'LITELLM_MASTER_KEY=sk-secret');
  mkdirSync(host.at('srv/b/releases'));
  mkdirSync(host.at('etc/c d'));
  const seen = host.ask('etc/new', 'srv/new');
  assert.deepEqual(seen.unit, {
    configDir: host.at('etc/b'),
    installDir: host.at('srv/b'),
    user: 'gate',
    group: 'gates',
  });
  assert.deepEqual([...seen.markers.keys()], [host.at('srv/b'), host.at('srv/a')]);
  assert.deepEqual(seen.folders.get(host.at('etc/a'))?.ours, ['litellm.env']);
  assert.deepEqual(seen.folders.get(host.at('srv/b'))?.ours, ['.hxllm', 'releases']);
  assert.equal(seen.folders.get(host.at('etc/c d'))?.kind, 'folder');
  assert.doesNotMatch(JSON.stringify([...seen.folders]), /sk-secret/);
});

test('a marker cannot lead out of its way', (context) => {
  const host = makeRoot(context);
  host.put(
    'opt/litellm/.hxllm',
    'made folder /',
    'used config-dir ../x',
    'used config-dir /etc/../root',
    'made user root',
  );
  const paths = [...host.ask('etc/litellm', 'opt/litellm').folders.keys()];
  assert.deepEqual(paths, [host.at('etc/litellm'), host.at('opt/litellm'), host.at('var/lib/litellm')]);
});

test('the gateway’s state is hxllm’s in the state folder alone, a half-written file included', (context) => {
  const host = makeRoot(context);
  for (const folder of ['var/lib/litellm', 'etc/litellm']) {
    for (const name of [...STATE_FILES, 'other.json']) host.put(`${folder}/${name}`);
    for (const name of STATE_FOLDERS) host.put(`${folder}/${name}/a.jsonl`);
  }
  const { folders } = host.ask('etc/litellm', 'opt/litellm');
  assert.deepEqual(folders.get(host.at('var/lib/litellm'))?.ours, [...STATE_FILES, ...STATE_FOLDERS]);
  assert.deepEqual(folders.get(host.at('etc/litellm'))?.ours, []);
  assert.deepEqual(
    [...folders].filter(([, { isStateDir }]) => isStateDir).map(([path]) => path),
    [host.at('var/lib/litellm')],
  );
});

test('an empty state folder is searched for files of an account', { skip: process.getuid?.() !== 0 }, (context) => {
  const host = makeRoot(context);
  mkdirSync(host.at('var/lib/litellm'), { recursive: true });
  chownSync(host.at('var/lib/litellm'), 1, 1);
  host.put(
    'etc/systemd/system/litellm.service',
    `EnvironmentFile=${host.at('etc/litellm')}/litellm.env`,
    `ExecStart=${host.at('opt/litellm')}/current/gateway`,
    'User=daemon',
    'Group=daemon',
  );
  const { users, groups, folders } = host.ask('etc/litellm', 'opt/litellm', 'systemd');
  assert.equal(folders.get(host.at('var/lib/litellm'))?.owner, 'daemon');
  assert.deepEqual(users.get('daemon')?.owns, [host.at('var/lib/litellm')]);
  assert.deepEqual(groups.get('daemon')?.owns, [host.at('var/lib/litellm')]);
});

test('a folder must be new, empty, or hxllm’s', (context) => {
  const host = makeRoot(context);
  mkdirSync(host.at('empty/lost+found'), { recursive: true });
  mkdirSync(host.at('others/x'), { recursive: true });
  writeFileSync(host.at('file'), '');
  symlinkSync(host.at('empty'), host.at('link'));
  symlinkSync(host.at('others'), host.at('link-to-others'));
  symlinkSync(host.at('nowhere'), host.at('dangling'));
  host.put('ours/config.yaml');
  host.put('ours/notes.txt', 'of the operator');
  const found = (path: string, copied: readonly string[] = []): readonly string[] =>
    folderObjections(
      { configDir: host.at(path), installDir: host.at('new'), stateDir: host.at('var/lib/litellm') },
      host.ask(path, 'new'),
      copied.map((each) => host.at(each)),
    ).map(({ seen }) => seen);
  for (const path of ['empty', 'link', 'ours', 'new/folder']) assert.deepEqual(found(path), [], path);
  assert.deepEqual(found('others'), ['it holds x, and no mark of hxllm']);
  assert.deepEqual(found('others', ['others/x']), []);
  assert.deepEqual(found('link-to-others'), ['it holds x, and no mark of hxllm']);
  assert.deepEqual(found('dangling'), ['a link to a folder that does not exist']);
  assert.deepEqual(found('file'), ['a file is there']);
});

test('a folder that the service does not get to is refused', { skip: process.getuid?.() !== 0 }, (context) => {
  const host = makeRoot(context);
  chmodSync(host.at(''), 0o755);
  mkdirSync(host.at('closed/new'), { recursive: true });
  chmodSync(host.at('closed'), 0o700);
  symlinkSync('/home/somebody/data', host.at('link'));
  const refusals = (path: string): readonly string[] => {
    const footprint = host.ask(path, 'new', 'systemd');
    // The tests' own folder is below /tmp, which the unit hides, too.
    const paths = { configDir: host.at(path), installDir: host.at('new'), stateDir: host.at('var/lib/litellm') };
    return folderObjections(paths, footprint, []).flatMap(({ refused, seen }) => (refused ? [seen] : []));
  };
  assert.deepEqual(refusals('closed/new'), [`${host.at('closed')} may be entered by its owner and group alone`]);
  assert.ok(refusals('link').includes('it is /home/somebody/data, and the unit hides all below /home'));
  chmodSync(host.at('closed'), 0o711);
  assert.deepEqual(refusals('closed/new'), []);
});

test('a folder of the gateway’s state that holds other things is refused, with the command that makes room', (context) => {
  const host = makeRoot(context);
  const paths = { configDir: host.at('a'), installDir: host.at('b'), stateDir: host.at('var/lib/litellm') };
  const found = (): readonly string[] =>
    folderObjections(paths, host.ask('a', 'b'), []).flatMap(({ seen, fix }) => [seen, fix]);
  assert.deepEqual(found(), []);
  mkdirSync(host.at('var/lib/litellm'), { recursive: true });
  assert.deepEqual(found(), []);
  host.put('var/lib/litellm/litellm.db');
  const room = `sudo mv ${host.at('var/lib/litellm')} ${host.at('var/lib/litellm')}.before`;
  assert.deepEqual(found(), ['it holds litellm.db, and no mark of hxllm', room]);
  host.put('var/lib/litellm/contexts.json');
  assert.deepEqual(found(), []);
});

test('a parent that an older hxllm created is not hxllm’s own folder', (context) => {
  const host = makeRoot(context);
  host.put('opt/litellm/.hxllm', `made folder ${host.at('data')}`, `made folder ${host.at('data/hx')}`);
  mkdirSync(host.at('data/hx'), { recursive: true });
  writeFileSync(host.at('data/other'), '');
  const judged = (path: string): number =>
    folderObjections(
      { configDir: host.at(path), installDir: host.at('opt/litellm'), stateDir: host.at('var/lib/litellm') },
      host.ask(path, 'opt/litellm'),
      [],
    ).length;
  assert.deepEqual([judged('data'), judged('data/hx')], [1, 0]);
});

test(
  'folders of others above are named, for the service manager systemd',
  { skip: process.getuid?.() !== 0 },
  (context) => {
    const host = makeRoot(context);
    chmodSync(host.at(''), 0o755);
    mkdirSync(host.at('a/b/c'), { recursive: true });
    chownSync(host.at('a'), 1, 1);
    chmodSync(host.at('a/b'), 0o750);
    chmodSync(host.at('a/b/c'), 0o777);
    const { folders } = host.ask('a/b/c/new', 'opt/litellm', 'systemd');
    assert.deepEqual(folders.get(host.at('a/b/c/new'))?.unsafeAbove, [
      `${host.at('a/b/c')} may be written by everybody`,
      `${host.at('a')} belongs to daemon`,
    ]);
    assert.deepEqual(folders.get(host.at('a/b/c/new'))?.closedAbove, [
      `${host.at('a/b')} may be entered by its owner and group alone`,
    ]);
    assert.deepEqual(folders.get(host.at('opt/litellm'))?.unsafeAbove, []);
  },
);

test('the certificates beside config.yaml are hxllm’s by their mark', (context) => {
  const host = makeRoot(context);
  host.put('etc/litellm/ca.pem', '-----BEGIN CERTIFICATE-----');
  mkdirSync(host.at('etc/other'));
  writeFileSync(host.at('etc/other/ca.pem'), '-----BEGIN CERTIFICATE-----\n');
  const { folders } = host.ask('etc/litellm', 'etc/other');
  assert.deepEqual(folders.get(host.at('etc/litellm'))?.ours, ['ca.pem']);
  assert.deepEqual(folders.get(host.at('etc/other'))?.ours, []);
});
