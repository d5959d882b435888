import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createServer } from 'node:http';
import * as keys from '../../../../src/cli/actions/keys/keys.ts';
import * as teams from '../../../../src/cli/actions/keys/teams.ts';
import { importKeys } from '../../../../src/cli/actions/keys/import-keys.ts';
import { apiKeyHash } from '../../../../src/core/api-key.ts';
import { keysDocumentSchema, teamsDocumentSchema } from '../../../../src/cli/views/key-documents.ts';
import { assertValid } from '../../../json-schema.ts';
import { startAdmin } from '../../../gateway/admin/stage.ts';
import { KEY } from '../../../gateway/running.ts';
import { fakeTerminal, type FakeOptions, type FakeTerminal } from '../../fake-terminal.ts';

const stage = await startAdmin();
const cwd = mkdtempSync(join(tmpdir(), 'keys-'));
after(() => {
  rmSync(cwd, { recursive: true });
});
writeFileSync(join(cwd, 'key'), `${KEY}\n`);
const [KEYS, TEAMS] = [keysDocumentSchema(), teamsDocumentSchema()];
const GATEWAY = { url: stage.url, keyFile: 'key' };

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(act: (terminal: FakeTerminal) => Promise<number>, options: FakeOptions = {}): Promise<Ran> {
  const terminal = fakeTerminal({ cwd, environment: { NO_COLOR: '1' }, ...options });
  const code = await act(terminal);
  return { code, ...terminal.written };
}

/** The document of a command that succeeds. */
async function document(act: (terminal: FakeTerminal) => Promise<number>): Promise<Record<string, unknown>> {
  const { code, out, err } = await run(act);
  assert.deepEqual([code, err], [0, '']);
  const printed = JSON.parse(out) as Record<string, unknown>;
  const isTeam = String(printed['command']).startsWith('teams');
  assertValid(isTeam ? TEAMS : KEYS, printed);
  return printed;
}

const works = async (key: string): Promise<boolean> => (await stage.call('/v1/models', undefined, key)).status === 200;
const textIn = (out: string): string => /^ {2}(sk-hx-\S+)$/m.exec(out)?.[1] ?? '';

test('a key is made, listed, shown, changed, blocked, rotated and deleted', async () => {
  const fields = { model: ['m'], rpmLimit: 60, tag: ['a'], set: ['metadata={"a":1}', 'max_budget=5'] };
  const made = await run((terminal) => keys.createKey(terminal, 'intern', { ...GATEWAY, ...fields }));
  assert.equal(made.code, 0, made.err);
  assert.match(made.out, /^The key of intern\. It is shown only now:\n/);
  assert.equal(made.err, 'note: kept, without effect in this gateway: max_budget\n');
  const key = textIn(made.out);
  assert.ok(await works(key));
  const list = await run((terminal) => keys.listKeys(terminal, GATEWAY));
  assert.match(
    list.out,
    /^NAME +STATE +TEAM +USER +EXPIRES +LIMITS +MODELS\nfile +active, file +file-team .*\nintern +active +- +- +- +60 rpm, 5 money in all +m\n$/,
  );
  const { keys: rows } = await document((terminal) =>
    keys.listKeys(terminal, { ...GATEWAY, json: true, search: 'inter' }),
  );
  assert.deepEqual(
    (rows as Record<string, unknown>[]).map((row) => row['key_alias']),
    ['intern'],
  );
  const edited = await run((terminal) =>
    keys.editKey(terminal, 'intern', { ...GATEWAY, clear: ['rpm_limit'], tpmLimit: 0 }),
  );
  assert.equal(edited.code, 0, edited.err);
  assert.match(edited.out, /^tpm_limit +0$/m);
  assert.doesNotMatch(edited.out, /rpm_limit/);
  for (const [verb, expected] of [
    ['block', false],
    ['unblock', true],
  ] as const) {
    const done = await run((terminal) => keys.setKeyBlocked(terminal, verb, 'intern', GATEWAY));
    assert.deepEqual([done.code, await works(key)], [0, expected]);
  }
  const rotated = await run((terminal) => keys.rotateKey(terminal, 'intern', { ...GATEWAY, grace: '1h' }));
  const newer = textIn(rotated.out);
  assert.deepEqual([await works(key), await works(newer)], [true, true]);
  const shown = await run((terminal) => keys.showKey(terminal, apiKeyHash(newer), GATEWAY));
  assert.match(shown.out, /^key_alias +intern$/m);
  assert.doesNotMatch(shown.out + list.out + edited.out, /sk-hx-/);
  const no = await run((terminal) => keys.deleteKeys(terminal, ['intern'], GATEWAY));
  assert.equal(no.code, 64);
  const asked = await run((terminal) => keys.deleteKeys(terminal, ['intern'], GATEWAY), {
    interactive: true,
    answers: [true],
  });
  assert.deepEqual([asked.code, asked.out], [0, 'deleted intern\n']);
  assert.deepEqual([await works(key), await works(newer)], [false, false]);
});

test('a team with members is made, changed and deleted with its keys', async () => {
  const made = await document((terminal) =>
    teams.createTeam(terminal, 'research', { ...GATEWAY, json: true, rpmLimit: 9 }),
  );
  const { team_id: id } = made['team'] as { team_id: string };
  const { out } = await run((terminal) => keys.createKey(terminal, 'of research', { ...GATEWAY, team: id }));
  const steps = [
    (terminal: FakeTerminal) => teams.changeMember(terminal, 'add', { team: 'research', user: 'ada@x' }, GATEWAY),
    (terminal: FakeTerminal) => teams.editTeam(terminal, id, { ...GATEWAY, alias: 'lab', clear: ['rpm_limit'] }),
    (terminal: FakeTerminal) => teams.setTeamBlocked(terminal, 'block', 'lab', GATEWAY),
  ];
  for (const step of steps) assert.equal((await run(step)).code, 0);
  assert.equal(await works(textIn(out)), false);
  const list = await run((terminal) => teams.listTeams(terminal, GATEWAY));
  assert.match(list.out, new RegExp(`^${id} +lab +blocked +1 +- +-$`, 'm'));
  const shown = await run((terminal) => teams.showTeam(terminal, 'lab', GATEWAY));
  assert.match(shown.out, /ada@x/);
  await run((terminal) => teams.changeMember(terminal, 'remove', { team: 'lab', user: 'ada@x' }, GATEWAY));
  const gone = await run((terminal) => teams.deleteTeam(terminal, 'lab', { ...GATEWAY, yes: true }));
  assert.equal(gone.out, 'deleted lab\n');
  assert.equal((await run((terminal) => teams.showTeam(terminal, 'lab', GATEWAY))).code, 1);
});

test('keys and teams are lists for a spreadsheet, with budgets in the table as well', async () => {
  const budget = { token_budget: 1000, max_budget: 5, budget_duration: '30d' };
  await stage.done('/team/new', { team_id: 'csv', team_alias: '=team', models: ['m', 'other'], ...budget });
  const { key_id } = await stage.done('/key/generate', {
    key_alias: 'a, "b"',
    team_id: 'csv',
    ...budget,
    rpm_limit: 5,
  });
  const list = (more: object): Promise<Ran> =>
    run((terminal) => keys.listKeys(terminal, { ...GATEWAY, team: 'csv', ...more }));
  const csv = await list({ csv: true });
  assert.match(csv.out, /^key_alias,key_id,status,source,team_id,user_id,models,expires,rpm_limit,/);
  assert.ok(csv.out.includes(`\n"a, ""b""",${String(key_id)},active,,csv,,,,5,,,1000,0,5,0,30d,20`), csv.out);
  assert.match((await list({})).out, /5 rpm, 1000 tokens each 30d, 5 money each 30d/);
  const ofTeams = await run((terminal) => teams.listTeams(terminal, { ...GATEWAY, csv: true }));
  assert.match(ofTeams.out, /^team_id,team_alias,blocked,source,members,models,/);
  assert.ok(ofTeams.out.includes('\ncsv,\'=team,false,,0,"m,other",,,,1000,'), ofTeams.out);
  await stage.done('/team/delete', { team_ids: ['csv'] });
});

test('keys of LiteLLM go on working; a second import adds none, and what was left is listed', async () => {
  const hash = (text: string): string => apiKeyHash(text);
  writeFileSync(
    join(cwd, 'teams.csv'),
    `team_id,team_alias,models,members_with_roles,blocked,rpm_limit,created_at\nt-1,Old team,"{m,other}","[{""role"": ""user"", ""user_id"": ""u""}]",f,,2025-01-01\n`,
  );
  writeFileSync(
    join(cwd, 'keys.csv'),
    [
      'token,key_name,key_alias,spend,expires,models,aliases,team_id,tpm_limit,rpm_limit,max_budget,metadata,blocked,created_at',
      `${hash('sk-litellm-key-0001')},sk-...0001,old,1.5,2099-01-01 00:00:00,{m},"{""x"": ""m""}",t-1,,60,10,"{""a"": 1}",,2025-01-01`,
      `${hash('sk-litellm-key-0002')},sk-...0002,,0,2020-01-01 00:00:00,{},{},,,,,{},,2025-01-01`,
      `${hash('sk-litellm-key-0003')},sk-...0003,ui,0,,{},{},litellm-dashboard,,,,{},,2025-01-01`,
      `${hash('sk-of-the-file-00')},sk-...0004,of the file,0,,{},{},,,,,{},,2025-01-01`,
      `${hash('sk-litellm-key-0005')},sk-...0005,old,0,,{},{},,,,,{},,2025-01-01`,
      `${hash('sk-litellm-key-0006')},sk-...0006,broken,0,,{},{},,,many,,{},,2025-01-01`,
      'no-hash,sk-...0007,odd,0,,{},{},,,,,{},,2025-01-01',
    ].join('\n'),
  );
  const options = { ...GATEWAY, from: 'keys.csv', teams: 'teams.csv' };
  const first = await run((terminal) => importKeys(terminal, options));
  assert.equal(first.code, 0, first.err);
  assert.match(first.out, /^2 keys and 1 team imported, 5 rows left\n/);
  for (const [row, reason] of [
    [3, /team_id: /],
    [4, /token: The gateway has this key already/],
    [5, /key_alias: Another key has this name/],
    [6, /rpm_limit: expected a value as PostgreSQL writes it/],
    [7, /token: Expected the SHA-256/],
  ] as const)
    assert.match(first.out, new RegExp(`keys.csv, row ${String(row)} \\([^)]*\\): ${reason.source}`));
  assert.match(first.out, /left out of every row: created_at/);
  assert.match(first.err, /without effect in this gateway: max_budget/);
  assert.ok(await works('sk-litellm-key-0001'));
  const expired = await stage.call('/v1/models', undefined, 'sk-litellm-key-0002');
  assert.match(JSON.stringify(expired.body), /has expired/);
  const { info } = (await stage.done('/key/info?key=sk-litellm-key-0001')) as { info: Record<string, unknown> };
  assert.deepEqual(
    [info['key_name'], info['rpm_limit'], info['models'], info['team_id'], info['spend'], info['expires']],
    ['sk-...0001', 60, ['m'], 't-1', 1.5, '2099-01-01T00:00:00.000+00:00'],
  );
  const second = await document((terminal) => importKeys(terminal, { ...options, json: true }));
  assert.deepEqual([second['keys'], second['teams'], (second['left'] as object[]).length], [0, 0, 8]);
});

test('errors name what was expected, what was found, and the command that fixes it', async () => {
  writeFileSync(join(cwd, 'wrong'), 'sk-a-wrong-key-000000');
  writeFileSync(join(cwd, 'odd.csv'), 'a,b\n1,2\n');
  const wrong = { ...GATEWAY, keyFile: 'wrong' };
  const cases: readonly (readonly [act: (terminal: FakeTerminal) => Promise<number>, code: number, text: RegExp])[] = [
    [(terminal) => keys.listKeys(terminal, wrong), 77, /permission\.key|refuses the key/],
    [(terminal) => keys.showKey(terminal, 'nobody', GATEWAY), 1, /has no such key[^]*hxllm keys list/],
    [(terminal) => keys.showKey(terminal, 'sk-a-text-of-a-key-000', GATEWAY), 64, /named by its alias/],
    [(terminal) => keys.editKey(terminal, 'file', GATEWAY), 64, /nothing to change/],
    [(terminal) => keys.editKey(terminal, 'file', { ...GATEWAY, rpmLimit: 1 }), 1, /409[^]*hxllm\.keys/],
    [(terminal) => keys.createKey(terminal, 'file', GATEWAY), 1, /400, key_alias/],
    [(terminal) => keys.createKey(terminal, 'x', { ...GATEWAY, set: ['no value'] }), 64, /NAME=VALUE/],
    [(terminal) => keys.createKey(terminal, 'x', { ...GATEWAY, duration: 'long' }), 1, /422, duration/],
    [(terminal) => importKeys(terminal, { ...GATEWAY, from: 'none.csv' }), 78, /cannot be read/],
    [(terminal) => importKeys(terminal, { ...GATEWAY, from: 'odd.csv' }), 78, /no column token/],
    [(terminal) => keys.listKeys(terminal, { ...GATEWAY, url: 'ftp://x' }), 64, /hxllm keys list --url/],
    [(terminal) => keys.listKeys(terminal, { ...GATEWAY, url: 'http://127.0.0.1:1' }), 69, /does not answer/],
  ];
  for (const [act, code, text] of cases) {
    const { code: found, err, out } = await run(act);
    assert.deepEqual([found, out], [code, ''], err);
    assert.match(err, text);
    assert.doesNotMatch(err, /sk-a-/);
  }
});

test('a rotation whose answer is lost is asked again with the same text', async (t) => {
  const { key_id } = await stage.done('/key/generate', { key_alias: 'rotated by hand' });
  const bodies: string[] = [];
  const proxy = createServer((incoming, outgoing) => {
    void (async () => {
      const pieces: Buffer[] = [];
      for await (const piece of incoming) pieces.push(piece as Buffer);
      const body = Buffer.concat(pieces).toString('utf8');
      const answer = await stage.ask(incoming.url ?? '', { method: 'POST', body });
      const isRotation = incoming.url === '/key/regenerate';
      if (isRotation) bodies.push(body);
      // The gateway has done it, and its answer is lost.
      if (isRotation && bodies.length < 3) incoming.socket.destroy();
      else outgoing.writeHead(answer.status).end(await answer.text());
    })();
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  t.after(() => proxy.close());
  const address = proxy.address();
  assert.ok(address !== null && typeof address === 'object');
  const url = `http://127.0.0.1:${String(address.port)}`;
  const rotated = await document((terminal) =>
    keys.rotateKey(terminal, 'rotated by hand', { url, keyFile: 'key', json: true }),
  );
  const { key, rotation_count, key_id: id } = rotated['key'] as Record<string, unknown>;
  assert.deepEqual([bodies.length, new Set(bodies).size, rotation_count, id], [3, 1, 1, key_id]);
  assert.ok(await works(String(key)));
});
