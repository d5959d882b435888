import assert from 'node:assert/strict';
import { test } from 'node:test';
import { borrowLab } from './borrowed.ts';
import { readMasterKey } from './client.ts';
import { changedFiles, type Files } from './host/overlay.ts';
import { createOperator } from './operator.ts';
import { deploymentsOf } from './variables.ts';

const lab = borrowLab();
const operator = createOperator();
const { set, deploy } = deploymentsOf(operator);
let bare: Files = new Map();

const sh = (script: string): Promise<string> => lab.host('hx-api-server').must(script);
const files = (): Files => lab.host('hx-api-server').files();

test('moves of both folders, the user and the group leave nothing of the former ones', lab.only, async () => {
  bare = files();
  set({});
  await deploy('enforce', 0, '--yes');
  const key = await readMasterKey();
  for (const [variables, gone] of [
    [{ litellm_config_dir: '/etc/hx-litellm' }, '/etc/litellm'],
    [{ litellm_config_dir: '/etc/hx-litellm', litellm_install_dir: '/srv/apps/hx' }, '/opt/litellm'],
    [{ litellm_config_dir: '/srv/apps/hx/conf', litellm_install_dir: '/srv/apps/hx' }, '/etc/hx-litellm'],
    [{ litellm_config_dir: '/etc/litellm', litellm_install_dir: '/etc/litellm/app' }, '/srv'],
    [{ litellm_user: 'gate', litellm_group: 'gate' }, '/etc/litellm/app'],
  ] as const) {
    const srv = gone === '/srv' ? '/srv/apps' : gone;
    set(variables);
    assert.match(await deploy('enforce', 0, '--yes'), /former/);
    assert.equal(await sh(`ls -d ${srv} 2>/dev/null || echo gone`), 'gone');
    assert.match(await deploy('enforce', 0, '--yes'), /no changes needed/);
    assert.equal(await sh(`grep -rlF ${key} /etc /opt /srv /var | wc -l`), '1');
  }
  assert.equal(await sh('getent passwd litellm; getent group litellm; id gate'), await sh('id gate'));
  assert.match(
    await sh('ps -o user= -p "$(systemctl show -P MainPID litellm)"; stat -c %U:%G:%a /etc/litellm/litellm.env'),
    /gate[\s\S]*root:root:600/,
  );
});

test('only the group, then only the user: each old one goes, and the service runs on', lab.only, async () => {
  set({ litellm_user: 'gate', litellm_group: 'readers' });
  await deploy('enforce', 0, '--yes');
  assert.equal(await sh('getent group gate || id -gn gate'), 'readers');
  set({ litellm_user: 'readers', litellm_group: 'readers' });
  await deploy('enforce', 0, '--yes');
  assert.equal(await sh('getent passwd gate || id -gn readers'), 'readers');
  assert.match(await deploy('enforce', 0, '--yes'), /no changes needed/);
});

test('a move whose switch fails leaves the old deployment whole, and moving back cleans up', lab.only, async () => {
  const before = files();
  const address = await sh('ss -Hltn sport = :4000');
  // Another program holds the new port, so the new socket cannot listen.
  await sh('systemd-run -q --unit=blocker systemd-socket-activate --listen=4010 --accept cat; sleep 1');
  set({
    litellm_user: 'other',
    litellm_group: 'other',
    litellm_config_dir: '/etc/other',
    litellm_install_dir: '/opt/other',
    litellm_port: '4010',
  });
  await sh('mkdir -p /etc/systemd/system/litellm.service.d; true');
  await lab.host('hx-api-server').sh('true');
  const ran = await operator.deploy('enforce', '--yes');
  assert.notEqual(ran.exitCode, 0, ran.stdout);
  await sh('systemctl stop blocker; rmdir /etc/systemd/system/litellm.service.d');
  assert.equal(await sh('ss -Hltn sport = :4000'), address);
  set({ litellm_user: 'readers', litellm_group: 'readers' });
  await deploy('enforce', 0, '--yes');
  assert.equal(
    await sh('getent passwd other; getent group other; ls -d /etc/other /opt/other 2>/dev/null || echo gone'),
    'gone',
  );
  const changed = changedFiles(before, files()).filter(
    // Each move is a deployment of its own.
    (line) => !/\.hxllm|\/deployments\/|\/etc\/(?:passwd|group|shadow|gshadow|subuid|subgid)/.test(line),
  );
  assert.deepEqual(changed, []);
});

test(
  'a process of the old user or a busy old file costs only the clean-up, which the next enforce repeats',
  lab.only,
  async () => {
    set({ litellm_user: 'gate', litellm_group: 'gate' });
    await sh('systemd-run -q --unit=busy -p User=readers sleep 600');
    assert.match(
      await deploy('enforce', 1, '--yes'),
      /remove the user readers[\s\S]*The new state is in place and running/,
    );
    await sh('systemctl stop busy');
    assert.match(await deploy('enforce', 0, '--yes'), /remove the user readers/);
    set({ litellm_user: 'gate', litellm_group: 'gate', litellm_config_dir: '/etc/hx' });
    await sh('mount --bind /etc/litellm/litellm.env /etc/litellm/litellm.env');
    assert.match(await deploy('enforce', 1, '--yes'), /The new state is in place and running/);
    await sh('umount /etc/litellm/litellm.env');
    await deploy('enforce', 0, '--yes');
    assert.equal(await sh('ls -d /etc/litellm 2>/dev/null || echo gone'), 'gone');
  },
);

test('a lost or damaged marker costs nothing: the unit says which folders are hxllm’s', lab.only, async () => {
  const deployed = { litellm_user: 'gate', litellm_group: 'gate', litellm_config_dir: '/etc/hx' };
  for (const damage of ['rm /opt/litellm/.hxllm', 'head -c 400 /dev/urandom > /opt/litellm/.hxllm']) {
    set(deployed);
    await sh(damage);
    assert.match(await deploy('preflight', 0, '-v'), /✓ the folders are free or hxllm’s/);
    await deploy('enforce', 0, '--yes');
    assert.match(await deploy('enforce', 0, '--yes'), /no changes needed/);
  }
  await sh('rm /opt/litellm/.hxllm');
  set({ ...deployed, litellm_install_dir: '/srv/hx' });
  await deploy('enforce', 0, '--yes');
  assert.equal(await sh('ls -d /opt/litellm 2>/dev/null || echo gone'), 'gone');
  await sh('echo x > /srv/hx/.hxllm');
  await deploy('uninstall', 0, '--yes');
  assert.equal(
    await sh('ls -d /srv/hx /etc/hx 2>/dev/null; getent passwd gate; getent group gate || echo gone'),
    'gone',
  );
  set({ litellm_user: 'readers', litellm_group: 'readers' });
  await deploy('enforce', 0, '--yes');
});

test('a renamed user with the same uid serves on', lab.only, async () => {
  await sh('systemctl stop litellm; usermod -l renamed readers; groupmod -n renamed readers');
  set({ litellm_user: 'renamed', litellm_group: 'renamed' });
  await deploy('enforce', 0, '--yes');
  assert.match(await deploy('enforce', 0, '--yes'), /no changes needed/);
  assert.equal(await sh('getent passwd readers; getent group readers || echo gone'), 'gone');
  set({ litellm_user: 'readers', litellm_group: 'readers' });
  await deploy('enforce', 0, '--yes');
  assert.equal(await sh('getent passwd renamed || echo gone'), 'gone');
});

test('an account that serves already is warned about and never refused', lab.only, async () => {
  await sh(
    "echo 'readers ALL=(ALL) ALL' > /etc/sudoers.d/x; usermod -aG adm -s /bin/bash readers; usermod -aG readers deploy",
  );
  set({ litellm_user: 'readers', litellm_group: 'readers', litellm_routing_strategy: 'simple-shuffle' });
  assert.match(await deploy('preflight', 0), /! .*account[\s\S]*sudo -l -U readers/);
  assert.match(await deploy('enforce', 0, '--yes'), /warning: .*sudo -l -U readers/);
  await sh('rm /etc/sudoers.d/x; gpasswd -d deploy readers');
});

test(
  'uninstall never frees a group that still owns a file, and the next account can read nothing',
  lab.only,
  async () => {
    await sh(
      'echo mine > /etc/litellm/notes.txt; chgrp readers /etc/litellm/notes.txt; chmod 640 /etc/litellm/notes.txt',
    );
    const said = await deploy('uninstall', 0, '--yes');
    assert.match(said, /the group readers: it owns \/etc\/litellm\/notes\.txt/);
    assert.match(said, /\/etc\/litellm: it holds notes\.txt/);
    await sh('getent group readers');
    assert.match(await sh('stat -c %U:%G /etc/litellm'), /^root:root$/);
    await sh('useradd --system next');
    assert.equal(await sh('runuser -u next -- cat /etc/litellm/notes.txt 2>/dev/null || echo no'), 'no');
    assert.equal(await sh('find / -xdev -group next -o -xdev -user next 2>/dev/null | head'), '');
    const again = await deploy('uninstall', 0, '--yes');
    assert.match(again, /the group readers: it owns/);
    await sh('userdel next; rm /etc/litellm/notes.txt');
  },
);

test('the last uninstall restores the host, and another one says that nothing is there', lab.only, async () => {
  await deploy('uninstall', 0, '--yes');
  const left = changedFiles(bare, files()).filter(
    (line) => !/\/etc\/(?:passwd|group|shadow|gshadow|subuid|subgid)/.test(line),
  );
  assert.deepEqual(left, []);
  assert.equal(await sh('getent passwd readers; getent group readers; echo none'), 'none');
  set({});
  assert.match(await deploy('uninstall', 0, '--yes'), /hxllm has installed nothing here/);
});
