import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as keys from '../../../src/cli/actions/keys/keys.ts';
import * as teams from '../../../src/cli/actions/keys/teams.ts';
import { keysDocumentSchema, teamsDocumentSchema } from '../../../src/cli/views/key-documents.ts';
import { startAdmin } from '../../gateway/admin/stage.ts';
import { KEY } from '../../gateway/running.ts';
import { assertValid, schemaErrors } from '../../json-schema.ts';
import { fakeTerminal, type FakeTerminal } from '../fake-terminal.ts';

const stage = await startAdmin();
const cwd = mkdtempSync(join(tmpdir(), 'key-documents-'));
after(() => {
  rmSync(cwd, { recursive: true });
});
writeFileSync(join(cwd, 'key'), `${KEY}\n`);
const GATEWAY = { url: stage.url, keyFile: 'key' };
const [KEYS, TEAMS] = [keysDocumentSchema(), teamsDocumentSchema()];

test('every document of keys and teams is as its schema says, and a changed one is not', async () => {
  const asJson = { ...GATEWAY, json: true, yes: true };
  const documents: Record<string, unknown>[] = [];
  for (const act of [
    (terminal: FakeTerminal) => teams.createTeam(terminal, 'of documents', { ...asJson, rpmLimit: 9 }),
    (terminal: FakeTerminal) => teams.editTeam(terminal, 'of documents', { ...asJson, tpmLimit: 9 }),
    (terminal: FakeTerminal) => teams.setTeamBlocked(terminal, 'block', 'of documents', asJson),
    (terminal: FakeTerminal) => teams.setTeamBlocked(terminal, 'unblock', 'of documents', asJson),
    (terminal: FakeTerminal) => teams.changeMember(terminal, 'add', { team: 'of documents', user: 'ada@x' }, asJson),
    (terminal: FakeTerminal) => teams.changeMember(terminal, 'remove', { team: 'of documents', user: 'ada@x' }, asJson),
    (terminal: FakeTerminal) => teams.showTeam(terminal, 'of documents', asJson),
    (terminal: FakeTerminal) => teams.listTeams(terminal, asJson),
    (terminal: FakeTerminal) => keys.createKey(terminal, 'of documents', asJson),
    (terminal: FakeTerminal) => keys.rotateKey(terminal, 'of documents', asJson),
    (terminal: FakeTerminal) => keys.editKey(terminal, 'of documents', { ...asJson, rpmLimit: 3 }),
    (terminal: FakeTerminal) => keys.setKeyBlocked(terminal, 'block', 'of documents', asJson),
    (terminal: FakeTerminal) => keys.setKeyBlocked(terminal, 'unblock', 'of documents', asJson),
    (terminal: FakeTerminal) => keys.showKey(terminal, 'of documents', asJson),
    (terminal: FakeTerminal) => keys.listKeys(terminal, asJson),
    (terminal: FakeTerminal) => keys.deleteKeys(terminal, ['of documents'], asJson),
    (terminal: FakeTerminal) => teams.deleteTeam(terminal, 'of documents', asJson),
  ]) {
    const terminal = fakeTerminal({ cwd });
    assert.equal(await act(terminal), 0, terminal.written.err);
    documents.push(JSON.parse(terminal.written.out) as Record<string, unknown>);
  }
  for (const printed of documents) {
    const schema = String(printed['command']).startsWith('teams') ? TEAMS : KEYS;
    assertValid(schema, printed);
    assert.notDeepEqual(schemaErrors(schema, { ...printed, more: 1 }), []);
    for (const name of Object.keys(printed))
      assert.notDeepEqual(
        schemaErrors(schema, { ...printed, [name]: undefined }),
        [],
        `${String(printed['command'])}: ${name}`,
      );
  }
});
