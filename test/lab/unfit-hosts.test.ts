import assert from 'node:assert/strict';
import { test } from 'node:test';
import { borrowLab } from './borrowed.ts';
import { changedFiles } from './host/overlay.ts';
import { createOperator } from './operator.ts';

const lab = borrowLab();
const operator = createOperator();

interface Unfit {
  readonly name: string;
  readonly prepare: string;
  readonly undo: string;
  readonly check: RegExp;
}

/** Hosts on which enforce cannot succeed, each with the failed check of preflight. */
const HOSTS: readonly Unfit[] = [
  ...['/etc', '/etc/systemd/system', '/opt'].map((folder) => ({
    name: `${folder} is mounted read-only`,
    prepare: `mount --bind ${folder} ${folder} && mount -o remount,ro,bind ${folder}`,
    undo: `umount ${folder}`,
    check: new RegExp(
      `✗ the folders of the gateway can be written.* found ${folder}, on ${folder}, may not be written`,
    ),
  })),
  {
    name: 'a file system without inodes',
    prepare: 'mkdir /opt/litellm; mount -t tmpfs -o nr_inodes=5 none /opt/litellm',
    undo: 'umount /opt/litellm; rmdir /opt/litellm',
    check: /✗ the folders of the gateway can be written.* found \d inodes free on \/opt\/litellm/,
  },
  {
    name: 'a full file system',
    prepare: 'mkdir /etc/litellm; mount -t tmpfs -o size=4k none /etc/litellm',
    undo: 'umount /etc/litellm; rmdir /etc/litellm',
    check: /✗ the folders of the gateway can be written.* found 4 KiB free on \/etc\/litellm/,
  },
  {
    name: 'a link to a folder that the unit hides',
    prepare: 'mkdir /home/data; ln -s /home/data /opt/litellm',
    undo: 'rm /opt/litellm; rmdir /home/data',
    check: /✗ the folders are free or hxllm’s.* found it is \/home\/data, and the unit hides all below \/home/,
  },
  {
    name: 'a folder above that the service may not enter',
    prepare: 'chmod 700 /opt',
    undo: 'chmod 755 /opt',
    check: /✗ the folders are free or hxllm’s.* found \/opt may be entered by its owner and group alone/,
  },
];

for (const { name, prepare, undo, check } of HOSTS)
  test(`preflight fails where enforce cannot succeed: ${name}`, lab.only, async () => {
    const host = lab.host('hx-api-server');
    await host.must(prepare);
    const before = host.files();
    const ran = await operator.deploy('preflight');
    assert.equal(ran.exitCode, 1, ran.stdout + ran.stderr);
    assert.match((ran.stdout + ran.stderr).replaceAll(/\s+/g, ' '), check);
    assert.equal((await operator.deploy('enforce', '--yes')).exitCode, 1);
    assert.equal((await operator.deploy('uninstall', '--yes')).exitCode, 0);
    assert.deepEqual(changedFiles(before, host.files()), []);
    await host.must(undo);
  });
