import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { instrument } from './hook.ts';
import { tripsOf } from './page.ts';
import { traceRequest } from './trips.ts';

const MAX_ROOM_CHANGES = 55;
const MAX_ROOT_VISITS = 8;

test('a chat request changes rooms seldom, and the list in src/README.md has the same rooms (npm run trips)', async () => {
  const { rooms } = await traceRequest();
  assert.ok(rooms.length > 20, 'nothing was traced');
  assert.ok(rooms.length - 1 <= MAX_ROOM_CHANGES, `${String(rooms.length - 1)} room changes: ${rooms.join(' → ')}`);
  assert.ok(rooms.filter((room) => room === 'gateway').length <= MAX_ROOT_VISITS, rooms.join(' → '));
  const [onPage = []] = tripsOf(readFileSync(join(import.meta.dirname, '../../../src/README.md'), 'utf8'));
  assert.deepEqual(new Set(onPage), new Set(rooms));
});

test('every form of function reports its file, and still does its work', async () => {
  const source = `
    const list = [];
    const add = (x) => list.push(x);
    const make = () => ({ a: 1 });
    const nested = (a) => (b) => a + b;
    class C { m() { return nested(1)(2); } get g() { return 5; } #p = () => 7; q() { return this.#p(); } }
    async function f() { await using x = { [Symbol.asyncDispose]: async () => {} }; return make().a; }
    const c = new C();
    export default [add(1), make().a, c.m(), c.g, c.q(), await f()];`;
  const code = instrument(source, 'planted.ts');
  assert.equal(code.split('__hxllmEnter("planted.ts"').length - 1, 10);
  const { default: results } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
    default: unknown; // the module above
  };
  assert.deepEqual(results, [1, 1, 3, 5, 7, 1]);
});
