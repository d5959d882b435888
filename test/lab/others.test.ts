import assert from 'node:assert/strict';
import { test } from 'node:test';
import { borrowLab } from './borrowed.ts';
import { changedFiles, type Files } from './host/overlay.ts';
import { createOperator } from './operator.ts';
import { deploymentsOf } from './variables.ts';

const lab = borrowLab();
const operator = createOperator();
const { set, deploy } = deploymentsOf(operator);
let bare: Files = new Map();

const sh = (script: string): Promise<string> => lab.host('hx-api-server').must(script);
const files = (): Files => lab.host('hx-api-server').files();

/** Preflight, a dry run and enforce refuse the host with the same words, and none of them changes it. */
async function refused(says: RegExp): Promise<void> {
  const before = files();
  assert.match(await deploy('preflight', 1), says);
  assert.match(await deploy('enforce', 1, '--dry-run'), says);
  assert.match(await deploy('enforce', 1, '--yes'), says);
  assert.deepEqual(changedFiles(before, files()), []);
}

test(
  'an account with more rights than the service needs is refused, and the message names the variable',
  lab.only,
  async () => {
    bare = files();
    for (const [give, take, says] of [
      [
        "echo 'litellm ALL=(root) NOPASSWD: /bin/ls' > /etc/sudoers.d/x",
        'rm /etc/sudoers.d/x',
        /sudo -l -U litellm lists \(root\) NOPASSWD: \/bin\/ls[\s\S]*set litellm_user/,
      ],
      [
        'groupadd -r docker; usermod -aG docker,adm litellm',
        'gpasswd -d litellm adm; groupdel docker',
        /it is also in adm, docker|it is also in docker, adm/,
      ],
      [
        "sed -i 's/^litellm:x:977:/litellm:x:0:/' /etc/passwd",
        "sed -i 's/^litellm:x:0:/litellm:x:977:/' /etc/passwd",
        /uid 0/,
      ],
      [
        'useradd -r -g litellm alice',
        'userdel alice',
        /litellm_group, litellm, with no other user[\s\S]*alice[\s\S]*set litellm_group/,
      ],
    ] as const) {
      await sh(`useradd -r -U -s /usr/sbin/nologin -u 977 litellm; ${give}`);
      await refused(says);
      await sh(`${take}; userdel litellm`);
    }
    await sh('rm -f /etc/*-');
  },
);

test('a folder that holds anything else is refused, whatever its name', lab.only, async () => {
  await sh(
    'mkdir -p /srv/data; touch /srv/data/x; mkdir /opt/app; ln -s /srv/data /etc/linked; ln -s /nowhere /etc/dangling',
  );
  for (const [variables, says] of [
    [{ litellm_config_dir: '/var/lib' }, /litellm_config_dir, \/var\/lib, new, empty, or hxllm’s already/],
    [{ litellm_config_dir: '/etc/ssh' }, /it holds moduli, ssh_config/],
    [{ litellm_install_dir: '/srv/data' }, /litellm_install_dir, \/srv\/data[\s\S]*it holds x/],
    [{ litellm_config_dir: '/etc/linked' }, /it holds x/],
    [{ litellm_config_dir: '/etc/dangling' }, /a link to a folder that does not exist/],
    [{ litellm_config_dir: '/etc/hostname' }, /a file is there/],
  ] as const) {
    set(variables);
    assert.match(await deploy('validate', 1), says);
    await refused(says);
  }
  await sh('rm -r /srv/data /opt/app /etc/linked /etc/dangling');
});

test(
  'a mount point with lost+found alone and a link to an empty folder are used, and given back as they were',
  lab.only,
  async () => {
    await sh(
      'mkdir -p /data/empty /mnt/hx/lost+found; chmod 711 /data; ln -s /data/empty /etc/hx; mount --bind /mnt/hx /mnt/hx',
    );
    const before = files();
    set({ litellm_config_dir: '/etc/hx', litellm_install_dir: '/mnt/hx' });
    await deploy('preflight', 0);
    await deploy('enforce', 0, '--yes');
    assert.match(await deploy('enforce', 0, '--yes'), /no changes needed/);
    assert.equal(await sh('stat -c "%a %U:%G" /data'), '711 root:root');
    await deploy('uninstall', 0, '--yes');
    assert.deepEqual(changedFiles(before, files()), []);
    await sh('useradd -r alice; install -d -o alice -m 711 /srv/alice');
    set({ litellm_config_dir: '/srv/alice/conf/hx' });
    assert.match(await deploy('preflight', 0), /! .*\/srv\/alice belongs to alice \[place\.above\]/);
    assert.match(await deploy('enforce', 0, '--yes'), /warning: .*below a folder of others/);
    assert.match(await sh('stat -c "%a %U:%G" /srv/alice /srv/alice/conf'), /^711 alice:root\n755 root:root$/);
    await deploy('uninstall', 0, '--yes');
    await sh('rmdir /srv/alice; userdel alice; rm -f /etc/*-');
    await sh('umount /mnt/hx; rm -r /data /mnt/hx /etc/hx');
    assert.deepEqual(changedFiles(bare, files()), []);
  },
);
