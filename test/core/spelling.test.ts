import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestName } from '../../src/core/spelling.ts';

const KNOWN = ['cooldown_time', 'timeout', 'host', 'port', 'models'];

test('a missing, extra, wrong or swapped character is forgiven, in long words two', () => {
  for (const [typed, meant] of [
    ['cooldwn_time', 'cooldown_time'],
    ['cooldown__time', 'cooldown_time'],
    ['cooldowm_time', 'cooldown_time'],
    ['coodlown_time', 'cooldown_time'],
    ['cooldwn_tiem', 'cooldown_time'],
    ['timout', 'timeout'],
    ['prot', 'port'],
  ] as const)
    assert.equal(nearestName(typed, KNOWN), meant, typed);
});

test('a name that is further away has no suggestion; in short words one edit is the limit', () => {
  for (const typed of ['cooldown', 'redis_host', 'hots2', '', 'x'])
    assert.equal(nearestName(typed, KNOWN), undefined, typed);
  assert.equal(nearestName('post', ['hort']), undefined);
  assert.equal(nearestName('x', []), undefined);
});

test('of two candidates the nearer one is suggested', () => {
  assert.equal(nearestName('timeouts', ['timeouted', 'timeout']), 'timeout');
});
