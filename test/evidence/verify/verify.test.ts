import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { verifyEvidence } from '../../../src/evidence/verify/verify.ts';
import { closedRun, filesBelow, findings, oldRun, openPhase, root } from '../evidence-tree.ts';
import { CLOSING } from '../open-run.ts';

const LOCK = '.chain.lock';
const log = (): string => join(root(), 'chain.jsonl');
const linesOfLog = (): readonly string[] => readFileSync(log(), 'utf8').trimEnd().split('\n');

/** Does something to the folder, returns what is found then, and takes it back. */
function foundAfter(change: () => void): readonly string[] {
  const copy = `${root()}.copy`;
  cpSync(root(), copy, { recursive: true });
  try {
    change();
    return findings();
  } finally {
    rmSync(root(), { recursive: true });
    renameSync(copy, root());
  }
}

/** Flips a bit of every byte of a file, and returns the offsets at which nothing was found. */
function unseenFlips(path: string): readonly number[] {
  const bytes = readFileSync(join(root(), path));
  const file = openSync(join(root(), path), 'r+');
  try {
    return [...bytes.keys()].filter((offset) => {
      const byte = bytes[offset] ?? 0;
      writeSync(file, Uint8Array.of(byte ^ (1 << (offset % 8))), 0, 1, offset);
      const isSeen = findings().length > 0;
      writeSync(file, Uint8Array.of(byte), 0, 1, offset);
      return !isSeen;
    });
  } finally {
    closeSync(file);
  }
}

test('one chain holds the runs of all phases, in the order of closing', () => {
  const first = closedRun('preflight');
  const early = openPhase('validate');
  const second = closedRun('enforce');
  assert.ok(early.close(CLOSING).ok);
  const { links, findings: found, notes } = verifyEvidence(root(), () => false);
  assert.deepEqual(
    links.map(({ phase, run }) => `${phase}/${run}`),
    [first, second, early.name],
  );
  assert.deepEqual([found, notes], [[], []]);
  assert.equal(links.at(-1)?.sha256, early.manifest());
});

test('every flipped byte of every file is found', () => {
  closedRun('preflight');
  const newest = closedRun('enforce');
  assert.deepEqual(findings(), []);
  for (const path of filesBelow().filter((each) => each.startsWith(newest) || each === 'chain.jsonl'))
    assert.deepEqual(unseenFlips(path), [], path);
});

test('every removed file is found', () => {
  for (const phase of ['preflight', 'enforce', 'smoke']) closedRun(phase);
  for (const path of filesBelow().filter((each) => each !== LOCK))
    assert.notDeepEqual(
      foundAfter(() => {
        rmSync(join(root(), path));
      }),
      [],
      path,
    );
});

test('every removed run is found, the newest one by its line in the log', () => {
  const runs = ['preflight', 'enforce', 'preflight', 'smoke'].map(closedRun);
  for (const run of runs)
    assert.deepEqual(
      foundAfter(() => {
        rmSync(join(root(), run), { recursive: true });
      }),
      [`missing ${run}`],
    );
});

test('a removed newest run stays missing when the next run is closed', () => {
  closedRun('preflight');
  const removed = closedRun('smoke');
  rmSync(join(root(), removed), { recursive: true });
  closedRun('enforce');
  assert.deepEqual(findings(), [`missing ${removed}`]);
});

test('every two runs that change places are found, within a phase and between two', () => {
  const runs = ['preflight', 'preflight', 'smoke'].map(closedRun);
  for (const [index, one] of runs.entries())
    for (const other of runs.slice(index + 1)) {
      const found = foundAfter(() => {
        renameSync(join(root(), one), join(root(), 'x'));
        renameSync(join(root(), other), join(root(), one));
        renameSync(join(root(), 'x'), join(root(), other));
      });
      assert.ok(found.includes(`moved ${one}`) && found.includes(`moved ${other}`), `${one} ${other}: ${found.join()}`);
    }
});

test('an added file, link, folder or run is found wherever it is', () => {
  const run = closedRun('preflight');
  const added: Readonly<Record<string, () => void>> = {
    [`added ${run}/b.txt`]: () => {
      writeFileSync(join(root(), run, 'b.txt'), '');
    },
    [`added ${run}/link`]: () => {
      symlinkSync('a.txt', join(root(), run, 'link'));
    },
    [`changed ${run}/a.txt`]: () => {
      renameSync(join(root(), run, 'a.txt'), join(root(), '../a.txt'));
      symlinkSync(join(root(), '../a.txt'), join(root(), run, 'a.txt'));
    },
    [`added preflight/notes.txt`]: () => {
      writeFileSync(join(root(), 'preflight/notes.txt'), '');
    },
    [`added ${run}/\uFFFD`]: () => {
      writeFileSync(Buffer.concat([Buffer.from(join(root(), run, '/')), Buffer.of(0xff)]), '');
    },
    ['open enforce/20200101T000000Z']: () => {
      mkdirSync(join(root(), 'enforce/20200101T000000Z'), { recursive: true });
      execFileSync('mkfifo', [join(root(), 'enforce/20200101T000000Z/events.jsonl')]);
    },
    ['added more.txt']: () => {
      writeFileSync(join(root(), 'more.txt'), '');
    },
    ['open smoke/20200101T000000Z']: () => {
      cpSync(join(root(), run), join(root(), 'smoke/20200101T000000Z'), { recursive: true });
      rmSync(join(root(), 'smoke/20200101T000000Z/manifest.json'));
    },
    ['moved smoke/20200101T000000Z']: () => {
      cpSync(join(root(), run), join(root(), 'smoke/20200101T000000Z'), { recursive: true });
    },
    [`changed ${LOCK}`]: () => {
      writeFileSync(join(root(), LOCK), 'x');
    },
  };
  for (const [expected, change] of Object.entries(added)) {
    const found = foundAfter(change);
    assert.ok(found.includes(expected), `${expected}: ${found.join()}`);
  }
});

test('lines of the log that are removed, swapped, doubled or invented are found', () => {
  for (const phase of ['preflight', 'enforce', 'smoke']) closedRun(phase);
  const [a = '', b = '', c = ''] = linesOfLog();
  const invented = c.replace('smoke', 'validate');
  for (const lines of [
    [b, c],
    [a, c],
    [a, b],
    [b, a, c],
    [a, c, b],
    [a, b, c, c],
    [a, b, c, invented],
    [a, '', b, c],
  ])
    assert.notDeepEqual(
      foundAfter(() => {
        writeFileSync(log(), `${lines.join('\n')}\n`);
      }),
      [],
      String(lines.map((line) => [a, b, c].indexOf(line))),
    );
});

test('a newest run that was removed with its line is the thing that the folder cannot tell, and it says so', () => {
  closedRun('preflight');
  const removed = closedRun('enforce');
  rmSync(join(root(), removed), { recursive: true });
  writeFileSync(log(), `${linesOfLog().slice(0, -1).join('\n')}\n`);
  const { findings: found, unknown } = verifyEvidence(root(), () => false);
  assert.deepEqual(found, []);
  assert.match(unknown.join(), /newest run that was removed together with its line/);
});

test('a run that is at work is a note, and one that was cut off a finding', () => {
  const run = openPhase('enforce');
  assert.deepEqual(findings(), [`open ${run.name}`]);
  const { findings: found, notes } = verifyEvidence(root(), () => true);
  assert.deepEqual(found, []);
  assert.deepEqual(notes, [`${run.name} is still at work`]);
});

test('chains of phases by an earlier version verify, and the next run joins them to one', () => {
  const old = ['preflight', 'enforce', 'preflight', 'smoke', 'enforce'].map(oldRun);
  assert.deepEqual(findings(), []);
  for (const run of old.slice(0, 2)) {
    const found = foundAfter(() => {
      rmSync(join(root(), run), { recursive: true });
    });
    assert.deepEqual(found, [`missing ${run}`]);
  }
  const joining = closedRun('validate');
  assert.deepEqual(verifyEvidence(root(), () => false).findings, []);
  const manifest = readFileSync(join(root(), joining, 'manifest.json'), 'utf8');
  for (const end of old.slice(-3)) assert.ok(manifest.includes(end.split('/')[1] ?? ''), end);
  for (const run of old)
    assert.deepEqual(
      foundAfter(() => {
        rmSync(join(root(), run), { recursive: true });
      }),
      [`missing ${run}`],
    );
  oldRun('preflight');
  assert.deepEqual(findings(), []);
  closedRun('smoke');
  closedRun('smoke');
  assert.deepEqual(findings(), []);
});

test('every flipped byte of a newest run by an earlier version is found without any log', () => {
  oldRun('preflight');
  const newest = oldRun('preflight');
  for (const path of filesBelow().filter((each) => each.startsWith(newest)))
    assert.deepEqual(unseenFlips(path), [], path);
});

test('a log that was removed is missing, and the next run writes it again from the manifests', () => {
  for (const phase of ['preflight', 'enforce', 'smoke']) closedRun(phase);
  const before = linesOfLog();
  rmSync(log());
  assert.deepEqual(findings(), ['missing chain.jsonl']);
  closedRun('smoke');
  assert.deepEqual(findings(), []);
  assert.deepEqual(linesOfLog().slice(0, 3), before);
});
