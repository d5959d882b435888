import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SavedPlan } from '../../src/phases/enforce/saved/document.ts';
import { savedPlanSchema } from '../../src/phases/enforce/saved/schema.ts';
import { assertValid } from '../json-schema.ts';
import { randomOf } from '../plan/fake/random.ts';
import { borrowLab } from './borrowed.ts';
import { alive, readMasterKey } from './client.ts';
import { changedFiles, type Files } from './host/overlay.ts';
import { createOperator } from './operator.ts';

const lab = borrowLab();
const operator = createOperator();
const MAIN = 'inventories/group_vars/all/main.yml';
/** Twenty take minutes: HXLLM_RANDOM_STATES=20. A run of all tests takes the first three, and the last of them has a cut in the run. */
const STATES = Number(process.env['HXLLM_RANDOM_STATES'] ?? 3);

interface Document {
  readonly ending: string;
  readonly problems: readonly { readonly code: string; readonly detail: string }[];
  readonly steps: readonly { readonly id: string; readonly state: string }[];
}

/** Runs enforce, which prints one document. */
async function enforce(exitCode: number, ...words: readonly string[]): Promise<Document> {
  const ran = await operator.deploy('enforce', '--json', ...words);
  assert.equal(ran.exitCode, exitCode, ran.stdout + ran.stderr);
  // Its shape is what hxllm documents.
  return JSON.parse(ran.stdout) as Document;
}

function saved(): SavedPlan {
  return JSON.parse(readFileSync(join(operator.folder, 'plan.json'), 'utf8')) as SavedPlan;
}

const sh = (script: string): Promise<string> => lab.host('hx-api-server').must(script);
const files = (): Files => lab.host('hx-api-server').files();
const idsOf = (steps: readonly { readonly id: string }[] = []): readonly string[] => steps.map(({ id }) => id);

test('a saved plan has no secret, deploys exactly itself, and is refused when it is done', lab.only, async () => {
  const bare = files();
  await enforce(2, '--dry-run', '--detailed-exitcode', '--out', 'plan.json');
  assert.deepEqual(changedFiles(bare, files()), []);
  const file = join(operator.folder, 'plan.json');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.ok(!readFileSync(file, 'utf8').includes(await readMasterKey()));
  assertValid(savedPlanSchema(), saved());
  const ran = await enforce(0, '--plan', 'plan.json');
  assert.deepEqual(idsOf(ran.steps), idsOf(saved().hosts[0]?.steps));
  assert.ok(ran.steps.every(({ state }) => state === 'done'));
  assert.equal(await alive(), '200');
  const before = files();
  const again = await enforce(1, '--plan', 'plan.json');
  assert.deepEqual(
    again.problems.map(({ code }) => code),
    ['plan.applied'],
  );
  assert.deepEqual(changedFiles(before, files()), []);
});

test('a plan is refused when the host or the variables change, and nothing is touched', lab.only, async () => {
  operator.edit(MAIN, 'name: "llama3-8b"', 'name: "llama3"');
  await enforce(0, '--dry-run', '--out', 'plan.json');
  await sh('cp -a /etc/litellm/config.yaml /root/kept; echo "# by hand" >>/etc/litellm/config.yaml');
  const before = files();
  const edited = await enforce(1, '--plan', 'plan.json');
  assert.equal(edited.problems[0]?.code, 'plan.facts-changed');
  assert.match(edited.problems[0].detail, /found:\n\/etc\/litellm\/config\.yaml was edited \d+ seconds? ago\nNothing/);
  await enforce(1, '--plan', 'plan.json', '--dry-run');
  assert.deepEqual(changedFiles(before, files()), []);
  await sh('cp -a /root/kept /etc/litellm/config.yaml');
  operator.edit(MAIN, 'name: "llama3"', 'name: "llama3-9b"');
  const changed = await enforce(1, '--plan', 'plan.json');
  assert.equal(changed.problems[0]?.code, 'plan.inputs-changed');
  assert.match(changed.problems[0].detail, /config\.yaml: other content/);
  operator.edit(MAIN, 'name: "llama3-9b"', 'name: "llama3"');
  assert.equal((await enforce(0, '--plan', 'plan.json')).ending, 'passed');
});

/** Damage that a person, a program or a power cut does to a host. */
const DAMAGES: readonly string[] = [
  'rm -f /etc/litellm/config.yaml',
  'echo "# by hand" >>/etc/litellm/config.yaml',
  'chmod 600 /etc/litellm/config.yaml; chmod 755 /etc/litellm',
  'chown root:root /etc/litellm/litellm.env',
  "sed -i '$ d' /etc/litellm/litellm.env",
  'rm -f /opt/litellm/current',
  'rm -rf /opt/litellm/releases/*',
  'chmod 700 /opt/litellm/releases/*; echo "// by hand" >>"$(ls /opt/litellm/releases/*/gateway.mjs | head -n 1)"',
  'chmod 600 /opt/litellm/runtimes/*/bin/node',
  'rm -rf /opt/litellm/deployments',
  'systemctl stop litellm',
  'systemctl disable litellm.socket litellm.service 2>/dev/null',
  'rm -f /etc/systemd/system/litellm.service',
  'echo "# by hand" >>/etc/systemd/system/litellm.socket; systemctl daemon-reload',
  'rm -rf /var/lib/litellm',
  'mkdir -m 700 -p /opt/litellm/.previous; cp -a /etc/litellm/litellm.env /opt/litellm/.previous/0; cp -a /etc/litellm/litellm.env /etc/litellm/litellm.env.hxllm-new',
  'systemctl kill -s KILL litellm.service',
  'rm -f /opt/litellm/.hxllm',
];

test(
  `from ${String(STATES)} random states, some with a cut in the run, an enforce does its plan, and the next plan is empty`,
  lab.only,
  async () => {
    const random = randomOf(15);
    for (let state = 0; state < STATES; state += 1) {
      const count = 1 + Math.floor(random() * 3);
      const damage = Array.from({ length: count }, () => DAMAGES[Math.floor(random() * DAMAGES.length)] ?? '').join(
        '; ',
      );
      const about = `state ${String(state)}: ${damage}`;
      await lab.host('hx-api-server').sh(damage);
      if (state % 3 === 2) {
        // The operator is killed, or the connection is cut on the host, at some moment of the run.
        const moment = new Promise((resolve) => setTimeout(resolve, 500 + random() * 1500));
        const isKill = state % 2 === 0;
        const cut = isKill ? moment : moment.then(() => lab.host('hx-api-server').sh('pkill -KILL -u deploy sshd'));
        await (isKill
          ? operator.cutOff('SIGKILL', cut, 'enforce', '--yes')
          : Promise.all([operator.deploy('enforce', '--yes'), cut]));
      }
      const ran = await enforce(0, '--yes');
      assert.deepEqual(
        ran.steps.filter(({ state: end }) => end !== 'done'),
        [],
        about,
      );
      const next = await enforce(0, '--dry-run', '--detailed-exitcode');
      assert.deepEqual(idsOf(next.steps), [], about);
      assert.equal(await alive(), '200', about);
    }
    assert.equal(await sh('ls -d /opt/litellm/.previous /etc/litellm/*.hxllm-new 2>/dev/null || echo none'), 'none');
    assert.ok(existsSync(join(operator.folder, 'plan.json')));
  },
);
