import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { borrowLab } from './borrowed.ts';
import { changedFiles } from './host/overlay.ts';
import { createOperator, type Operator } from './operator.ts';

const lab = borrowLab();

/** The expected result of a bad input: the exit code, and the message. */
interface Wanted {
  readonly exitCode: number;
  readonly says: readonly RegExp[];
}

/** Runs the whole deployment against a bad input: it must end as expected, say so in the evidence, and leave the host as it was. */
async function refuses(operator: Operator, wanted: Wanted): Promise<void> {
  const before = lab.host('hx-api-server').files();
  const ran = await operator.deploy('up', '--yes');
  const said = `${ran.stdout}${ran.stderr}`;
  assert.equal(ran.exitCode, wanted.exitCode, said);
  for (const pattern of wanted.says) assert.match(said, pattern);
  assert.equal(operator.lastRun().ending, 'failed');
  assert.deepEqual(changedFiles(before, lab.host('hx-api-server').files()), []);
}

test('an unreachable host is named, with the command that shows why', lab.only, async () => {
  const operator = createOperator();
  operator.edit('inventories/dev.ini', '10.77.0.11', '10.77.0.99');
  await refuses(operator, {
    exitCode: 69,
    says: [/hx-api-server: cannot connect to 10\.77\.0\.99 port 22/, /fix +ssh /],
  });
});

test('a changed host key stops everything', lab.only, async () => {
  const host = lab.host('hx-api-server');
  await host.must('mkdir /run/keys && mv /etc/ssh/ssh_host_* /run/keys && ssh-keygen -A && systemctl restart ssh');
  try {
    await refuses(createOperator(), {
      exitCode: 69,
      says: [/host key/i, /\/var\/lib\/hxllm-lab\/known_hosts/, /ssh-keygen .*-R /],
    });
  } finally {
    await host.must('mv /run/keys/* /etc/ssh && systemctl restart ssh');
  }
});

test('a refused login names the keys that were tried', lab.only, async () => {
  const operator = createOperator();
  operator.edit('inventories/dev.ini', 'ansible_user=deploy', 'ansible_user=stranger');
  await refuses(operator, { exitCode: 69, says: [/hx-api-server/, /stranger/, /id_ed25519/] });
});

test('a wrong vault password names the vault file', lab.only, async () => {
  const operator = createOperator();
  writeFileSync(join(operator.folder, 'vault-password'), 'another\n');
  await refuses(operator, { exitCode: 78, says: [/password/, /inventories\/group_vars\/all\/vault\.yml/, /fix +/] });
});

test('a backend that is down is named, as seen from the host that needs it', lab.only, async () => {
  await lab.host('hx-llm02-server').must('systemctl stop ollama');
  try {
    await refuses(createOperator(), {
      exitCode: 1,
      says: [
        /✗ .*http:\/\/hx-llm02-server\.dev-test\.hana-x\.ai:11434/,
        / from hx-api-server to port 11434/,
        /[Rr]efused/,
      ],
    });
  } finally {
    await lab.host('hx-llm02-server').must('systemctl start ollama');
  }
});

test('a backend with an unknown name is named', lab.only, async () => {
  const operator = createOperator();
  operator.edit('inventories/group_vars/all/main.yml', 'hx-llm02-server', 'hx-llm09-server');
  await refuses(operator, { exitCode: 1, says: [/✗ .*hx-llm09-server\.dev-test\.hana-x\.ai/] });
});

test('a model that no backend has is named, with the command that pulls it', lab.only, async () => {
  const operator = createOperator();
  operator.edit('inventories/group_vars/all/main.yml', 'llama3:8b-instruct-q8_0', 'llama3:80b');
  await refuses(operator, { exitCode: 1, says: [/llama3-8b/, /llama3:80b/, /ollama pull llama3:80b/] });
});

test('sudo with a password is detected before any change', lab.only, async () => {
  const host = lab.host('hx-api-server');
  await host.must("sed -i 's/NOPASSWD: //' /etc/sudoers.d/deploy");
  try {
    await refuses(createOperator(), { exitCode: 1, says: [/sudo: a password is required/, /NOPASSWD/] });
  } finally {
    await host.must("sed -i 's/(ALL:ALL) ALL/(ALL:ALL) NOPASSWD: ALL/' /etc/sudoers.d/deploy");
  }
});

test('invalid YAML and a variable with a typo are named with file and line', lab.only, async () => {
  const broken = createOperator();
  broken.edit('inventories/group_vars/all/main.yml', '  - name: "llama3-8b"', '  - name: "llama3-8b');
  await refuses(broken, { exitCode: 78, says: [/group_vars\/all\/main\.yml:\d+/] });
  const typo = createOperator();
  typo.edit('inventories/group_vars/all/main.yml', 'litellm_models:', 'litellm_model:');
  await refuses(typo, { exitCode: 78, says: [/litellm_model\b/, /litellm_models/, /group_vars\/all\/main\.yml:4/] });
});
