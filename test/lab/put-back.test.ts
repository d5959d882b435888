import assert from 'node:assert/strict';
import { test } from 'node:test';
import { borrowLab } from './borrowed.ts';
import { alive } from './client.ts';
import { changedFiles, type Files } from './host/overlay.ts';
import { createOperator } from './operator.ts';

const lab = borrowLab();
const operator = createOperator();
let before: Files = new Map();

/**
 * A LiteLLM that was set up by hand: its unit is a link and has two other names, a drop-in runs its program, it is enabled in
 * two ways, and no user owns its files any more.
 */
const FOREIGN = `
set -e
mkdir -p /srv/litellm /etc/litellm /etc/systemd/system/{litellm.service.d,graphical.target.wants,basic.target.requires}
printf '#!/bin/bash\\nexec systemd-socket-activate --listen=4000 --accept --inetd /srv/litellm/answer\\n' > /srv/litellm/litellm
printf '#!/bin/bash\\nwhile read -r line && [ "$line" != $'"'\\\\\\\\r'"' ]; do :; done\\necho the old one\\n' > /srv/litellm/answer
chmod 755 /srv/litellm/*
printf '[Unit]\\nDescription=by hand\\n[Service]\\nExecStart=/bin/false\\n[Install]\\nWantedBy=graphical.target\\n' > /srv/litellm/litellm.service
ln -s /srv/litellm/litellm.service /etc/systemd/system/litellm.service
ln -s litellm.service /etc/systemd/system/proxy.service
ln -s ../litellm.service /etc/systemd/system/graphical.target.wants/litellm.service
ln -s ../litellm.service /etc/systemd/system/basic.target.requires/litellm.service
printf '[Service]\\nExecStart=\\nExecStart=/srv/litellm/litellm --port 4000\\n' > '/etc/systemd/system/litellm.service.d/10 $(touch stolen)'"'s.conf"
printf '[Service]\\nMemoryMax=2G\\n' > /etc/systemd/system/litellm.service.d/override.conf
printf 'model_list: []\\n' > /etc/litellm/config.yaml
chown -R 54321:54322 /etc/litellm
chmod 2711 /etc/litellm
chmod 604 /etc/litellm/config.yaml
systemctl daemon-reload
systemctl start litellm
`;
// systemd says that a service runs before its program listens.
const OLD =
  "for ((n = 0; n < 100; n++)); do { exec 3<>/dev/tcp/127.0.0.1/4000; } 2>/dev/null && break; sleep 0.1; done; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; head -n 1 <&3";

/** Differences to the host before, without the copies. */
function differences(): readonly string[] {
  return changedFiles(before, lab.host('hx-api-server').files()).filter(
    (line) => !line.startsWith('+ /var/backups/litellm-'),
  );
}

test('a take-over of a LiteLLM made by hand keeps what is the operator’s', lab.only, async () => {
  const host = lab.host('hx-api-server');
  await host.must(FOREIGN);
  before = host.files();
  assert.match(await host.must(OLD), /the old one/);
  const refused = await operator.deploy('enforce', '--yes');
  assert.equal(refused.exitCode, 1, refused.stdout + refused.stderr);
  assert.deepEqual(differences(), []);
  const ran = await operator.deploy('enforce', '--take-over', '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  assert.equal(await alive(), '200');
  assert.equal(await host.must('ls /etc/systemd/system/litellm.service.d'), 'override.conf');
  assert.equal(await host.must('systemctl show litellm -P MemoryMax,Names'), '2147483648\nlitellm.service');
  const again = await operator.deploy('enforce', '--take-over', '--yes');
  assert.equal(again.exitCode, 0, again.stdout + again.stderr);
  assert.equal(operator.lastRun().changes, 0, again.stdout);
  assert.equal(await host.must('ls -d /var/backups/litellm-* | wc -l'), '1');
});

test(
  'put-back.sh brings every file, link, owner and state back; uninstall then leaves nothing of hxllm',
  lab.only,
  async () => {
    const host = lab.host('hx-api-server');
    const said = await host.must('sh /var/backups/litellm-*/put-back.sh');
    assert.match(said.split('\n').at(-1) ?? '', /^Put back: .*litellm\.service \(running\)\.$/s);
    assert.match(await host.must(OLD), /the old one/);
    assert.equal(
      await host.must('systemctl show litellm -P Names | tr " " "\\n" | sort | xargs'),
      'litellm.service proxy.service',
    );
    assert.deepEqual(
      differences().filter((line) => !/^\+ \/(?:opt|var\/lib)\/litellm/.test(line)),
      ['/etc/group', '/etc/gshadow', '/etc/passwd', '/etc/shadow'].flatMap((path) =>
        differences().filter((line) => line.startsWith(`~ ${path} `)),
      ),
    );
    const ran = await operator.deploy('uninstall', '--yes');
    assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
    assert.deepEqual(differences(), []);
    assert.match(await host.must(OLD), /the old one/);
  },
);

test('a switch that fails puts the same back by itself', lab.only, async () => {
  const host = lab.host('hx-api-server');
  await host.must(
    'mkdir -p /etc/systemd/system/service.d; printf "[Service]\\nExecStartPre=/bin/false\\n" > /etc/systemd/system/service.d/all.conf; rm -r /var/backups/litellm-*',
  );
  before = host.files();
  const ran = await operator.deploy('enforce', '--take-over', '--yes');
  assert.equal(ran.exitCode, 1, ran.stdout + ran.stderr);
  assert.match(ran.stdout.replaceAll(/\s+/g, ' '), /service\.d\/all\.conf: ExecStartPre: /);
  await host.must('rm /etc/systemd/system/service.d/all.conf; systemctl daemon-reload; systemctl restart litellm');
  assert.match(await host.must(OLD), /the old one/);
  const uninstall = await operator.deploy('uninstall', '--yes');
  assert.equal(uninstall.exitCode, 0, uninstall.stdout + uninstall.stderr);
  assert.deepEqual(differences(), ['- /etc/systemd/system/service.d/all.conf']);
});

test('a masked unit is refused, then taken over, and masked again', lab.only, async () => {
  const host = lab.host('hx-api-server');
  await host.must(`
set -e
systemctl stop litellm
rm -r /etc/systemd/system/{proxy.service,litellm.service,litellm.service.d,graphical.target.wants/litellm.service,basic.target.requires/litellm.service} /var/backups/litellm-*
systemctl daemon-reload
systemctl mask litellm.service litellm.socket
`);
  before = host.files();
  const refused = await operator.deploy('enforce', '--yes');
  assert.equal(refused.exitCode, 1);
  assert.match(`${refused.stdout}${refused.stderr}`, /a masked unit/);
  const ran = await operator.deploy('enforce', '--take-over', '--yes');
  assert.equal(ran.exitCode, 0, ran.stdout + ran.stderr);
  await host.must('sh /var/backups/litellm-*/put-back.sh');
  assert.equal(await host.must('systemctl is-enabled litellm.service litellm.socket || true'), 'masked\nmasked');
  assert.equal(await host.must('systemctl is-active litellm.service litellm.socket || true'), 'inactive\ninactive');
  assert.equal((await operator.deploy('uninstall', '--yes')).exitCode, 0);
  assert.deepEqual(differences(), []);
});
