import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { agree, ansibleAt, askAnsible, differencesIn, oursOf, type AnsibleAnswer } from './compare.ts';
import type { Case } from './generate.ts';
import { digestOf, generateCases, readCorpus, SEEDS } from './corpus.ts';
import { KNOWN_DIFFERENCES } from './known.ts';
import { IN_JOB } from '../../../job.ts';

const VERSIONS = ['2.14', '2.21'];
/** A job tries every fifth seed, and those of known differences. */
const EVERY = IN_JOB ? 5 : 1;
const isTried = (seed: number): boolean => seed % EVERY === 0 || KNOWN_DIFFERENCES[seed] !== undefined;

const listed = new Map<string, Promise<unknown>>();

/** hxllm's listing. The versions differ in `.ini` files of a folder alone, so other cases are listed once for both. */
function listedOnce(one: Case, version: string): Promise<unknown> {
  const isFolder = one.inventories.some((source) => !source.includes(',') && !(source in one.files));
  const key = `${String(one.seed)} ${isFolder && Object.keys(one.files).some((path) => path.endsWith('.ini')) ? version : ''}`;
  const ours = listed.get(key) ?? oursOf(one, version);
  listed.set(key, ours);
  return ours;
}

for (const version of VERSIONS)
  test(`hxllm lists generated inventories as the recorded ansible-core ${version}`, async () => {
    const corpus = readCorpus();
    assert.equal(corpus.length, SEEDS);
    let [same, tried] = [0, 0];
    const cases = new Map(generateCases().map((one) => [one.seed, one]));
    for (const { seed, digest, listings } of corpus) {
      const one = cases.get(seed);
      assert.ok(
        one !== undefined && digestOf(one) === digest,
        `seed ${String(seed)} is generated otherwise: record again`,
      );
      if (!isTried(seed)) continue;
      tried += 1;
      const ours = await listedOnce(one, version);
      const differences = differencesIn(ours, listings[version]);
      if (KNOWN_DIFFERENCES[seed] === undefined) assert.deepEqual(differences, [], `seed ${String(seed)}`);
      else assert.notDeepEqual(differences, [], `seed ${String(seed)} agrees now: remove it from known.ts`);
      if (agree(ours, listings[version])) same += 1;
    }
    assert.ok(tried >= SEEDS / EVERY && same >= tried - 5, `${String(same)} of ${String(tried)} agree`);
  });

test('no case of the corpus is empty, and most of them have variables', () => {
  const withVariables = readCorpus().filter(({ listings }) => /"hostvars":\{"/.test(JSON.stringify(listings['2.21'])));
  assert.ok(withVariables.length > 500, String(withVariables.length));
});

/** `HXLLM_ANSIBLE` names programs, with `:` between them; without it the one of the path. */
const programs = (process.env['HXLLM_ANSIBLE'] ?? programOfPath()).split(':').filter((program) => program !== '');

test(
  'hxllm lists generated inventories as the Ansible of this machine',
  { skip: programs.length > 0 ? false : 'LEFT OUT: no ansible-inventory on the path (apt-get install ansible-core)' },
  async () => {
    for (const program of programs) {
      const { python, version } = ansibleAt(program);
      const cases = generateCases(IN_JOB ? 10 : 40);
      const answers = new Map<number, AnsibleAnswer>();
      await askAnsible(python, cases, (answer) => answers.set(answer.seed, answer));
      for (const one of cases) {
        if (KNOWN_DIFFERENCES[one.seed] !== undefined) continue;
        const differences = differencesIn(await oursOf(one, version), answers.get(one.seed)?.listing);
        assert.deepEqual(differences, [], `ansible-core ${version}, seed ${String(one.seed)}`);
      }
    }
  },
);

function programOfPath(): string {
  try {
    return execFileSync('which', ['ansible-inventory'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
}
