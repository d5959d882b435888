import assert from 'node:assert/strict';
import { test } from 'node:test';
import { optionsOf, parseOptions, readOptions } from '../../../src/remote/ssh/options.ts';
import { PATIENT, valueOf } from '../target.ts';

const HOME = { home: '/home/ann' };

test('without an ssh client its arguments are parsed in the same way: the first value counts, keys are added', () => {
  const options = optionsOf(
    [
      '-o',
      'ProxyJump=bastion',
      '-J',
      'other',
      '-oUser=deploy',
      '-p2222',
      '-i',
      '/k1',
      '-o',
      'IdentityFile="/k2"',
      '-C',
      '-o',
      'UserKnownHostsFile /tmp/known',
    ],
    HOME,
  );
  assert.deepEqual(options.get('proxyjump'), ['bastion']);
  assert.deepEqual(
    [options.get('user'), options.get('port'), options.get('identityfile'), options.get('userknownhostsfile')],
    [['deploy'], ['2222'], ['/k1', '/k2'], ['/tmp/known']],
  );
});

test('without arguments the default keys and files are used', () => {
  const options = optionsOf([], HOME);
  assert.deepEqual(options.get('identityfile'), [
    '/home/ann/.ssh/id_rsa',
    '/home/ann/.ssh/id_ecdsa',
    '/home/ann/.ssh/id_ed25519',
  ]);
  assert.deepEqual(options.get('userknownhostsfile'), ['/home/ann/.ssh/known_hosts /home/ann/.ssh/known_hosts2']);
});

test('the output of ssh -G has a name and a value on each line, and some names repeat', () => {
  const options = parseOptions(
    'host h\nidentityfile ~/.ssh/id_rsa\nidentityfile ~/.ssh/id_ed25519\nproxycommand nc %h %p\n',
  );
  assert.deepEqual(
    [options.get('identityfile'), options.get('proxycommand')],
    [['~/.ssh/id_rsa', '~/.ssh/id_ed25519'], ['nc %h %p']],
  );
});

test('a machine without ssh falls back to the arguments', async () => {
  const options = valueOf(
    await readOptions(
      { ...HOME, userName: 'ann', environment: { PATH: '/nonexistent' } },
      ['-p', '2022'],
      'hx',
      PATIENT.signal,
    ),
  );
  assert.deepEqual(options.get('port'), ['2022']);
});
