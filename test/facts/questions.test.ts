import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { longAddress, parseOwnAddresses } from '../../src/facts/addresses.ts';
import { parseClock } from '../../src/facts/clock.ts';
import { parseDisk } from '../../src/facts/disk.ts';
import { NO_SUDO } from '../../src/facts/question.ts';
import { parseIdentity, sudoOf } from '../../src/facts/identity.ts';
import { parseMachine } from '../../src/facts/machine.ts';
import { nameQuestion, parseAddresses } from '../../src/facts/name.ts';
import { parseOsRelease } from '../../src/facts/os.ts';
import { parseListeners } from '../../src/facts/port.ts';
import { parsePrograms } from '../../src/facts/programs.ts';
import { parseSystemd } from '../../src/facts/systemd.ts';

const sample = (name: string): string => readFileSync(new URL(`samples/${name}.txt`, import.meta.url), 'utf8');

test('a distribution is read from os-release, quoted or not', () => {
  assert.deepEqual(parseOsRelease(sample('os-debian-12')), {
    id: 'debian',
    idLike: [],
    versionId: '12',
    prettyName: 'Debian GNU/Linux 12 (bookworm)',
  });
  assert.deepEqual(parseOsRelease(sample('os-ubuntu-24')), {
    id: 'ubuntu',
    idLike: ['debian'],
    versionId: '24.04',
    prettyName: 'Ubuntu 24.04.1 LTS',
  });
  assert.deepEqual(parseOsRelease('# none\nID=\'x\'\nPRETTY_NAME="A \\"B\\" \\$C"\n'), {
    id: 'x',
    idLike: [],
    versionId: '',
    prettyName: 'A "B" $C',
  });
  assert.throws(() => parseOsRelease(''), /has no ID/);
});

test('a machine is read with glibc’s version, or without glibc', () => {
  assert.deepEqual(parseMachine(sample('machine-debian-12')), {
    architecture: 'x64',
    hardware: 'x86_64',
    kernel: '6.18.44-fc-v669',
    glibc: '2.36',
  });
  assert.deepEqual(parseMachine('aarch64\n6.1.0\nunknown\n'), {
    architecture: 'arm64',
    hardware: 'aarch64',
    kernel: '6.1.0',
    glibc: undefined,
  });
  assert.equal(parseMachine('riscv64\n6.1.0\nglibc 2.41\n').architecture, undefined);
  assert.throws(() => parseMachine(''), /uname gave no answer/);
});

test('a systemd that is installed but not the init is not running', () => {
  assert.deepEqual(parseSystemd(sample('systemd-not-init')), {
    version: 252,
    features: [],
    running: false,
    state: '',
  });
  assert.deepEqual(parseSystemd('systemd 257 (257.9-1)\nbooted=yes\nstate=degraded\n'), {
    version: 257,
    features: [],
    running: true,
    state: 'degraded',
  });
  assert.deepEqual(parseSystemd('booted=no\nstate='), {
    version: undefined,
    features: [],
    running: false,
    state: '',
  });
  assert.throws(() => parseSystemd('systemd 257\n'), /is incomplete/);
});

test('a user id may have no name, and a refusal has sudo’s message', () => {
  assert.deepEqual(parseIdentity('1000\ndeploy\n'), { userName: 'deploy', root: false });
  assert.deepEqual(parseIdentity('0\nroot\n'), { userName: 'root', root: true });
  assert.deepEqual(parseIdentity('12345\n'), { userName: '12345', root: false });
  const refused = (refusal: string): ReturnType<typeof sudoOf> => sudoOf({ known: false, why: '', refusal });
  assert.deepEqual(sudoOf({ known: true, value: true }), { state: 'granted' });
  assert.deepEqual(refused('sudo: a password is required'), {
    state: 'refused',
    message: 'sudo: a password is required',
  });
  assert.deepEqual(refused(''), { state: 'refused', message: 'sudo gave no answer in time' });
  assert.deepEqual(refused(NO_SUDO), { state: 'missing', hasDoas: false });
  assert.deepEqual(refused(`${NO_SUDO} (doas is there)`), { state: 'missing', hasDoas: true });
  assert.equal(sudoOf({ known: false, why: 'the host gave no answer' }), undefined);
});

test('a clock without timedatectl gives only the time', () => {
  assert.deepEqual(parseClock(sample('clock-no-daemon')), { nowMs: 1_795_559_706_242, synchronized: undefined });
  assert.deepEqual(parseClock('1795559706242\nNTPSynchronized=yes\n').synchronized, true);
  assert.deepEqual(parseClock('1795559706242\nNTPSynchronized=no\n').synchronized, false);
  assert.throws(() => parseClock('date: invalid\n'));
});

test('free space is that of the folder’s file system, whose mount point may have spaces', () => {
  assert.deepEqual(parseDisk(sample('disk-opt')), {
    folder: '/opt',
    mount: '/',
    availableBytes: 83_510_394_880,
    runsPrograms: true,
  });
  assert.deepEqual(parseDisk('/mnt/a b\n  1024 /mnt/a b\n'), {
    folder: '/mnt/a b',
    mount: '/mnt/a b',
    availableBytes: 1024,
    runsPrograms: true,
  });
  assert.throws(() => parseDisk('/opt\n'));
});

test('listeners are read from the kernel’s tables of both families, without other ports and states', () => {
  assert.deepEqual(parseListeners(sample('port-listeners'), 4000), ['127.0.0.1', '[::]']);
  assert.deepEqual(parseListeners(sample('port-listeners'), 4001), ['[::1]']);
  assert.deepEqual(parseListeners(sample('port-listeners'), 4002), []);
  const line =
    '  sl  local_address\n   0: B80D012000000000000000000100000A:0FA0 00000000000000000000000000000000:0000 0A 0 1\n';
  assert.deepEqual(parseListeners(line, 4000), ['[2001:db8::a00:1]']);
  assert.deepEqual(parseListeners(line.replace(' 0A ', ' 01 '), 4000), []);
  assert.throws(() => parseListeners('', 4000), /could not be read/);
});

test('each address of a name is listed once; an unknown name has none', () => {
  assert.deepEqual(parseAddresses(sample('name-localhost')), ['127.0.0.1']);
  assert.deepEqual(nameQuestion('x').parse({ stdout: '', exitCode: 0 }), []);
  assert.throws(() => nameQuestion('x').parse({ stdout: '', exitCode: 1 }), /getent exited with 1/);
});

test('missing programs have no version', () => {
  assert.deepEqual(parsePrograms('bash=5.2.15(1)-release\npython=Python 3.11.2\n'), { bash: '5.2', python: '3.11.2' });
  assert.deepEqual(parsePrograms('bash=5.2.15(1)-release\npython=\n'), { bash: '5.2', python: undefined });
});

test('the host’s own addresses come from the kernel’s tables, without networks and broadcasts', () => {
  const text = readFileSync(new URL('samples/addresses.txt', import.meta.url), 'utf8');
  assert.deepEqual(
    [...parseOwnAddresses(text)],
    ['10.77.0.11', '127.0.0.1', '0:0:0:0:0:0:0:1', 'fe80:0:0:0:fc:ff:fe00:1'],
  );
  assert.ok(
    parseOwnAddresses(text).has(longAddress('FE80::fc:ff:fe00:1')) && parseOwnAddresses(text).has(longAddress('::1')),
  );
  assert.equal(longAddress('10.77.0.11'), '10.77.0.11');
  assert.throws(() => parseOwnAddresses('inet6\n'), /fib_trie/);
});
