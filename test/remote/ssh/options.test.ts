import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
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

const word = fc.stringMatching(/^[a-z][a-z0-9.-]{0,8}$/);
const path = fc.stringMatching(/^\/[a-z]{1,6}\/[a-z]{1,6}$/);
const oneOption = fc.oneof(
  fc.tuple(fc.constantFrom('-p', '-o Port='), fc.integer({ min: 1, max: 65_535 }).map(String)),
  fc.tuple(fc.constantFrom('-l', '-o User=', '-o user ', '-o USER = '), word),
  fc.tuple(fc.constantFrom('-i', '-o IdentityFile='), fc.constantFrom('/etc/passwd', '/etc/group', '/etc/hosts')),
  fc.tuple(fc.constantFrom('-o UserKnownHostsFile=', '-o RevokedHostKeys=', '-o CertificateFile='), path),
  fc.tuple(fc.constantFrom('-o ConnectTimeout='), fc.integer({ min: 1, max: 99 }).map(String)),
  fc.tuple(fc.constantFrom('-o IdentitiesOnly=', '-oIdentitiesOnly='), fc.constantFrom('yes', 'no')),
  fc.tuple(fc.constantFrom('-o AddressFamily='), fc.constantFrom('inet', 'inet6', 'any')),
);
const argument = fc.tuple(oneOption, fc.boolean()).map(([[flag, value], attached]): readonly string[] => {
  const [letter = '', setting = ''] = /^(-\w)\s?(.*)$/.exec(flag)?.slice(1) ?? [];
  return attached ? [`${letter}${setting}${value}`] : [letter, `${setting}${value}`];
});

test(
  'the arguments alone mean what ssh -G makes of them, whatever their form and order',
  { skip: spawnSync('ssh', ['-V']).error === undefined ? false : 'ssh is not installed' },
  () => {
    fc.assert(
      fc.property(fc.array(argument, { maxLength: 6 }), (given) => {
        const argv = given.flat();
        const asked = spawnSync('ssh', ['-F', 'none', '-G', ...argv, '--', 'hx'], { encoding: 'utf8' });
        assert.equal(asked.status, 0, asked.stderr);
        const [right, ours] = [parseOptions(asked.stdout), optionsOf(argv, HOME)];
        for (const [name, values] of ours)
          if (!name.endsWith('knownhostsfile') || argv.some((text) => /KnownHosts/i.test(text)))
            if (
              name !== 'globalknownhostsfile' &&
              !(name === 'identityfile' && !argv.some((text) => /^-i|IdentityFile=/.test(text)))
            )
              assert.deepEqual([...new Set(values)], [...new Set(right.get(name))], `${name} of ${argv.join(' ')}`);
      }),
      { numRuns: 150 },
    );
  },
);
