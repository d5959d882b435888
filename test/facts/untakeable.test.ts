import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Foreign } from '../../src/facts/foreign.ts';
import { isLitellmUnit, makeWay, untakeable } from '../../src/facts/untakeable.ts';

const SETTINGS = { serviceManager: 'systemd', port: 4000 } as const;

function holder(over: Partial<Foreign>): Foreign {
  return { kind: 'process', path: '/usr/bin/python3', looksLike: 'python3, of LiteLLM', pid: 7, ...over };
}

test('a LiteLLM that cron, supervisord or sshd started is no unit of LiteLLM: their unit is never stopped', () => {
  for (const unit of ['cron.service', 'supervisor.service', 'ssh.service', 'rc-local.service']) {
    const guest = holder({ unit, isGuest: true });
    assert.equal(isLitellmUnit(guest), false);
    assert.deepEqual(untakeable([guest]), [guest]);
    assert.match(
      makeWay(guest, 'gw', SETTINGS),
      new RegExp(`^sudo kill 7  # on gw; ${unit} started it; or set another`),
    );
  }
  assert.equal(isLitellmUnit(holder({ unit: 'proxy.service' })), true);
});

test('the command that makes way stops nothing but the program on the port', () => {
  const way = (over: Partial<Foreign>): string => makeWay(holder({ looksLike: 'a program', ...over }), 'gw', SETTINGS);
  assert.match(
    way({ path: '/usr/bin/python3', unit: 'web.service' }),
    /^sudo systemctl disable --now web\.service  # on gw/,
  );
  const gone = { name: 'litellm.service', active: true, starting: false, fragment: '', followers: [], links: [] };
  assert.match(way({ unit: 'litellm.service', runs: [gone] }), /^sudo systemctl stop litellm\.service  # on gw/);
  const proxy = { path: '/usr/bin/docker-proxy', unit: 'docker.service', isGuest: true } as const;
  assert.match(way(proxy), /^sudo docker ps --filter publish=4000  # on gw/);
  assert.match(way({ unit: `docker-${'0123456789ab'.repeat(5)}0123.scope` }), /^sudo docker stop 0123456789ab  #/);
  assert.match(way({ unit: `libpod-${'0123456789ab'.repeat(5)}0123.scope` }), /^sudo podman stop 0123456789ab  #/);
  for (const shared of [
    { path: '/usr/sbin/nginx', unit: 'nginx.service', otherPorts: [80, 443] },
    { path: '/usr/sbin/sshd', unit: 'ssh.service' },
    { path: '/usr/lib/systemd/systemd', unit: 'ssh.socket' },
  ])
    assert.match(way(shared), /^set another litellm_port in group_vars  # /);
});
