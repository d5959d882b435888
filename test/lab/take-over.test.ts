import assert from 'node:assert/strict';
import { test } from 'node:test';
import { borrowLab } from './borrowed.ts';
import { readMasterKey } from './client.ts';
import { run } from './command.ts';
import { changedFiles, type Files } from './host/overlay.ts';
import { createOperator } from './operator.ts';

const lab = borrowLab();
const operator = createOperator();
let before: Files = new Map();
let printed = '';

/** A LiteLLM as the guide's playbooks left it: user, virtual environment, configuration, a unit that holds port 4000. */
const FOREIGN = `
set -e
useradd --create-home --shell /bin/bash litellm
mkdir -p /home/litellm/litellm-venv/bin /etc/litellm
cat >/home/litellm/litellm-venv/bin/litellm <<'END'
#!/bin/bash
exec systemd-socket-activate --listen=4000 --accept --inetd /home/litellm/litellm-venv/bin/answer
END
cat >/home/litellm/litellm-venv/bin/answer <<'END'
#!/bin/bash
while read -r line && [ "$line" != $'\\r' ]; do :; done
echo the old one
END
chmod 755 /home/litellm/litellm-venv/bin/*
chown -R litellm:litellm /home/litellm
printf 'model_list: []\\ngeneral_settings:\\n  master_key: sk-the-old-secret-of-theirs\\n' >/etc/litellm/config.yaml
printf 'LITELLM_MASTER_KEY=sk-the-old-secret-of-theirs\\n' >/etc/litellm/litellm.env
chown root:litellm /etc/litellm/*
chmod 640 /etc/litellm/*
cat >/etc/systemd/system/litellm.service <<'END'
[Unit]
Description=LiteLLM Proxy
After=network.target
[Service]
User=litellm
EnvironmentFile=/etc/litellm/litellm.env
ExecStart=/home/litellm/litellm-venv/bin/litellm --config /etc/litellm/config.yaml --port 4000
Restart=always
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload
systemctl enable --quiet --now litellm
`;

/** The program that answers on the port: the first words of the old one, or the new one's status line. */
// systemd says that a service runs before its program listens.
const WHO =
  "for ((n = 0; n < 100; n++)); do { exec 3<>/dev/tcp/127.0.0.1/4000; } 2>/dev/null && break; sleep 0.1; done; printf 'GET /health/liveliness HTTP/1.0\\r\\n\\r\\n' >&3; head -n 1 <&3";

test('preflight names a foreign LiteLLM, and still passes', lab.only, async () => {
  await lab.host('hx-api-server').must(FOREIGN);
  before = lab.host('hx-api-server').files();
  assert.match(await lab.host('hx-api-server').must(WHO), /the old one/);
  const ran = await operator.deploy('preflight');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  assert.match(ran.stdout, /! .*foreign[\s\S]*\/etc\/systemd\/system\/litellm\.service.*LiteLLM/i);
});

test('enforce and up refuse it, and change nothing', lab.only, async () => {
  for (const command of ['enforce', 'up']) {
    const ran = await operator.deploy(command, '--yes');
    assert.equal(ran.exitCode, 1, ran.stdout + ran.stderr);
    assert.match(`${ran.stdout}${ran.stderr}`, /--take-over/);
  }
  assert.deepEqual(changedFiles(before, lab.host('hx-api-server').files()), []);
  assert.match(await lab.host('hx-api-server').must(WHO), /the old one/);
});

test('--take-over keeps a copy, replaces it, and prints the command that restores it', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const ran = await operator.deploy('up', '--take-over', '--yes');
  printed = `${ran.stdout}\n${ran.stderr}`;
  assert.equal(ran.exitCode, 0, printed);
  assert.match(await host.must(WHO), /200/);
  assert.match(
    await host.must('cat /var/backups/litellm-*/files/etc/systemd/system/litellm.service'),
    /Description=LiteLLM Proxy/,
  );
  assert.match(operator.evidence(), /"path": ?"\/etc\/systemd\/system\/litellm\.service"/);
  assert.doesNotMatch(operator.evidence(), /Description=LiteLLM Proxy/);
  assert.ok(!operator.evidence().includes('sk-the-old-secret-of-theirs'));
  assert.ok(!operator.evidence().includes(await readMasterKey()));
});

test('the printed command restores it, as often as it is run', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const commands = printed
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('sudo '));
  assert.match(commands.join('\n'), /^sudo sh \/var\/backups\/litellm-\w+\/put-back\.sh$/, printed);
  for (let times = 0; times < 2; times++) {
    // As a person would: pasted into a shell on the host, as deploy.
    const ran = await run(host.sshCommand('bash', '-e', '-s'), { stdin: `${commands.join('\n')}\n` });
    assert.equal(ran.exitCode, 0, ran.stderr);
    assert.match(ran.stdout, /^Put back: .*, litellm\.service \(running\)\.\n$/);
  }
  assert.match(await host.must(WHO), /the old one/);
  assert.equal(await host.must('systemctl is-enabled litellm'), 'enabled');
  // Other installed parts stay until uninstall, and so does the copy.
  const left = changedFiles(before, host.files()).filter(
    (line) => !/^\+ \/(?:opt\/litellm|var\/lib\/litellm|var\/backups\/litellm-)/.test(line),
  );
  assert.deepEqual(left, []);
});

test('uninstall then removes hxllm’s files and leaves the old installation unchanged', lab.only, async () => {
  const host = lab.host('hx-api-server');
  const ran = await operator.deploy('uninstall', '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  assert.match(await host.must(WHO), /the old one/);
  assert.deepEqual(
    changedFiles(before, host.files()).filter((line) => !line.startsWith('+ /var/backups/litellm-')),
    [],
  );
});
