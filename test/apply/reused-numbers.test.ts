import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Host } from '../../src/core/host.ts';
import { randomId } from '../../src/core/id.ts';
import { LIMITS, local, makeBench, must, pipesOf } from './bench.ts';

/** A host whose holder of the lock is in a space of process numbers of its own, where a test chooses the next number. */
const numbered: Host = {
  ...local,
  run: ({ argv, ...command }, options) => {
    const isHolder = command.title === 'hold the lock';
    const own = isHolder ? ['unshare', '--pid', '--fork', '--mount-proc', ...argv] : argv;
    return local.run({ ...command, argv: own }, options);
  },
};

test(
  'a process that has got the number of an ended job is not ended in its place',
  { skip: process.getuid?.() === 0 ? false : 'needs root' },
  async (context) => {
    const token = randomId();
    const host = must(await makeBench(context).take({ token }, numbered));
    const sh = async (script: string): Promise<string> => {
      const ran = await host.run({ argv: ['bash', '-c', script] }, LIMITS);
      assert.ok(ran.ok && ran.value.exitCode === 0, JSON.stringify(ran));
      return ran.value.stdout.trim();
    };
    // The keeper of the job is the parent of the program that limits its time.
    const keeper = await sh('read -r stat < "/proc/$PPID/stat"; set -- ${stat##*)}; echo "$2"');
    assert.match(keeper, /^\d+$/);
    const stranger = `until [ "$(cat /proc/${keeper}/comm 2> /dev/null)" = sleep ]; do echo ${String(Number(keeper) - 1)} > /proc/sys/kernel/ns_last_pid; setsid sleep 1000 < /dev/null > /dev/null 2>&1 9>&- & sleep 0.02; done`;
    await sh(stranger);
    // Its own file of the lock is closed, so that the end of the run does not wait for it.
    const [name = ''] = pipesOf(token);
    for (const word of ['stop 1', 'stop 2']) writeFileSync(join('/dev/shm', name, 'jobs'), `${word}\n`);
    assert.equal(await sh(`sleep 0.3; cat /proc/${keeper}/comm`), 'sleep');
  },
);
