import assert from 'node:assert/strict';
import { appendFileSync, globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { borrowLab } from './borrowed.ts';
import { readMasterKey } from './client.ts';
import { createOperator } from './operator.ts';

const lab = borrowLab();
const operator = createOperator();
/** Everything that a person saw. */
let screen = '';

/** A LiteLLM whose secrets stand where no program would look for them. */
const FOREIGN = `
set -e
useradd --create-home --shell /bin/bash litellm
mkdir -p /home/litellm/bin /etc/litellm
printf '#!/bin/bash\\nexec systemd-socket-activate --listen=4000 --accept --inetd /bin/true\\n' >/home/litellm/bin/litellm
chmod 755 /home/litellm/bin/litellm
cat >/etc/litellm/config.yaml <<'END'
model_list: [{model_name: a, litellm_params: {model: a, api_key: canary-flow, api_base: "http://u:canary-url@h"}}]
litellm_settings:
  callbacks: {webhook: https://hooks.example/canary-hook}
  vertex_credentials: |
    canary-block
END
printf 'export UI_PASSWORD=canary-env\\nLITELLM_LICENSE="a b" # canary-comment\\n' >/etc/litellm/litellm.env
cat >/etc/systemd/system/litellm.service <<'END'
[Unit]
Description=LiteLLM Proxy canary-description
[Service]
User=litellm
Environment="A=1" "DB_PASSWORD=canary-unit"
ExecStart=/home/litellm/bin/litellm -e LITELLM_MASTER_KEY=canary-args
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload
systemctl enable --quiet --now litellm
`;

/** Collects the arguments of every process of the host until the file is gone. The bracket keeps the search out of its own result. */
const WATCH = `touch /root/watching; nohup bash -c 'while [ -e /root/watching ]; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " " | grep -aoE "sk-[0-9a-f]{16,}|[c]anary-(ini|vars|hand)" >>/root/seen; sleep 0.02; done' >/dev/null 2>&1 &`;

async function see(...words: readonly string[]): Promise<number> {
  const ran = await operator.deploy(...words);
  screen += `$ ${words.join(' ')}\n${ran.stdout}${ran.stderr}\n`;
  return ran.exitCode;
}

test('every phase runs beside a LiteLLM, an inventory and group_vars that are full of secrets', lab.only, async () => {
  const host = lab.host('hx-api-server');
  await host.must(FOREIGN);
  await host.must(WATCH);
  const ini = join(operator.folder, 'inventories/dev.ini');
  appendFileSync(
    ini,
    "\n[db]\nhx-db ansible_host=10.77.0.99 ansible_password='canary-ini x' ansible_become_password=canary-ini",
  );
  const [vars] = globSync('inventories/group_vars/**/main.yml', { cwd: operator.folder });
  appendFileSync(
    join(operator.folder, vars ?? ''),
    '\nsmtp_password: canary-vars\nsmtp: {user: a, password: canary-vars}\n',
  );
  const codes = [
    await see('preflight', '--limit', 'litellm'),
    await see('inventory', '--add', 'hx-next-server', '--dry-run', '--verbose'),
    await see('validate'),
    await see('enforce', '--dry-run', '--diff'),
    await see('enforce', '--take-over', '--yes', '--json'),
    await see('smoke'),
  ];
  assert.deepEqual(codes, [0, 0, 0, 1, 0, 0], screen);
  // Written with its dash as a number: the command lines of this test are searched, too.
  await host.must(
    "printf -- '\\n- api_key: canary\\x2dhand\\nnote: |\\n  canary\\x2dhand\\n' >>/etc/litellm/config.yaml",
  );
  await host.must(
    'sed -i \'s/^\\[Service\\]/[Service]\\nEnvironment="X=canary\\x2dhand"/\' /etc/systemd/system/litellm.service',
  );
  const counts = 'grep -c canary-[h]and /etc/litellm/config.yaml /etc/systemd/system/litellm.service | cut -d: -f2';
  assert.equal(await host.must(counts), '2\n1');
  assert.equal(await see('enforce', '--dry-run', '--diff'), 0, screen);
  assert.equal(await see('enforce', '--dry-run', '--json'), 0, screen);
  assert.equal(await see('enforce', '--yes'), 0, screen);
  assert.equal(await see('uninstall', '--yes'), 0, screen);
  await host.must('rm /root/watching; ! [ -s /root/seen ] || { sort /root/seen | uniq -c; exit 1; }');
});

test('no secret is on the screen, in the evidence, or in the host’s journal', lab.only, async () => {
  const key = await readMasterKey();
  const secrets = new RegExp(`canary-[a-z]+|${key}`, 'g');
  assert.deepEqual(screen.match(secrets) ?? [], [], screen);
  const evidence = globSync('evidence/**/*', { cwd: operator.folder })
    .map((path) => join(operator.folder, path))
    .filter((path) => statSync(path).isFile());
  assert.ok(evidence.length > 40);
  for (const file of evidence) {
    assert.deepEqual(readFileSync(file, 'utf8').match(secrets) ?? [], [], file);
    assert.equal(statSync(file).mode & 0o77, 0, file);
  }
  const journal = await lab.host('hx-api-server').must('journalctl --no-pager -o cat');
  // systemd itself writes the description of the foreign unit.
  const said = (journal.match(secrets) ?? []).filter((text) => text !== 'canary-description');
  assert.deepEqual(said, []);
});

test(
  'the evidence of a take-over has path, hash, size, owner and kind; the copies are for root alone',
  lab.only,
  async () => {
    const [file] = globSync('evidence/enforce/*/hosts/hx-api-server/taken-over.json', { cwd: operator.folder });
    const kept = JSON.parse(readFileSync(join(operator.folder, file ?? ''), 'utf8')) as {
      readonly copies: string;
      readonly files: readonly Record<string, unknown>[];
    };
    assert.deepEqual(
      kept.files.map(({ path, kind, owner, sha256 }) => [path, kind, owner, String(sha256).length]),
      ['/etc/litellm/config.yaml', '/etc/litellm/litellm.env', '/etc/systemd/system/litellm.service'].map((path) => [
        path,
        'regular file',
        'root',
        64,
      ]),
    );
    const host = lab.host('hx-api-server');
    assert.match(kept.copies, /^\/var\/backups\/litellm-/);
    assert.equal(await host.must('stat -c "%a %U" /var/backups/litellm-*'), '700 root');
    const { path, sha256 } = kept.files[0] ?? {};
    assert.equal(await host.must(`sha256sum < ${kept.copies}/files${String(path)} | cut -d" " -f1`), sha256);
  },
);
