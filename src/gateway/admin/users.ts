import type { Json } from '../../core/json.ts';
import { documentIn } from '../keys/stored-key.ts';
import type { StoredRecord } from '../store/key-store.ts';
import { takeFields, type AdminCall } from './admin-call.ts';
import { AdminError, notFound, unfit } from './admin-error.ts';
import { numberAt, textAt, textsAt } from './body-fields.ts';
import { afterwards, withText } from './key-changes.ts';
import { changeableTeam } from './key-lookup.ts';
import { membersIn, withMembers } from './members.ts';
import { planKey } from './new-key.ts';
import { changedRecord, deletedRecord, newRecord, type PlannedChange } from './record-content.ts';
import { teamRow, userRow } from './rows.ts';
import { shownRow, spentFieldsOf, takeSpend, withSpend } from './spent.ts';
import { again, chosenId, deletedOf, hasMember } from './teams.ts';

const MOST_PAGE = 100;
/** Fields of `/user/new` that the key which it makes has, too. */
const OF_KEY = ['key_alias', 'duration', 'aliases', 'allowed_routes', 'key_type', 'team_id'] as const;

/** POST /user/new: makes a user, and a key for it unless `auto_create_key` is false. */
export async function newUser(call: AdminCall): Promise<unknown> {
  const { records, source, nowMs, body } = call;
  const fields = takeFields(call, 'user', 'user_id', 'auto_create_key', 'key', 'send_invite_email', ...OF_KEY);
  const teams = textsAt(body, 'teams') ?? [];
  const id = chosenId(call, 'user_id');
  const { teams: _, ...own } = fields;
  const wantsKey = body['auto_create_key'] !== false;
  const result = await records.change(source, async () => {
    if ((await records.one({ kind: 'user', ids: [id], nowMs })) !== undefined)
      throw new AdminError(400, 'Expected a user_id of its own, found that of another user.', 'user_id');
    await judgeEmail(call, id, textAt(fields, 'user_email'));
    const user = again(await deletedOf(call, 'user', id), newRecord('user', own, { id, nowMs, by: source.by }));
    const joined = await joinTeams(call, id, teams);
    const row = userRow(afterwards(user), teams);
    if (!wantsKey) return { changes: [user, ...joined], result: row };
    const ofKey = Object.fromEntries(OF_KEY.flatMap((name) => (name in body ? [[name, body[name]]] : [])));
    const keyFields = takeFields({ ...call, body: { ...ofKey, user_id: id } }, 'key');
    const made = await planKey(call, keyFields, textAt(body, 'key'));
    const { key, token, expires, key_name } = withText(made, nowMs) as Json;
    return { changes: [user, ...joined, made.change], result: { ...row, key, token, expires, key_name } };
  });
  await takeSpend(call, 'user', id, fields);
  return result;
}

async function joinTeams(call: AdminCall, user: string, teams: readonly string[]): Promise<readonly PlannedChange[]> {
  const { nowMs, source } = call;
  const changes: PlannedChange[] = [];
  for (const id of new Set(teams)) {
    const team = await changeableTeam(call, id);
    const members = membersIn(documentIn(team.document).fields['members_with_roles'] ?? []);
    if (hasMember(members, user)) continue;
    const joined = withMembers({}, [...members, { user_id: user, role: 'user' }]);
    changes.push(changedRecord(team, joined, { nowMs, by: source.by }));
  }
  return changes;
}

async function judgeEmail({ records, nowMs }: AdminCall, id: string, email: string | undefined): Promise<void> {
  if (email === undefined) return;
  const other = await records.one({ kind: 'user', aliases: [email], nowMs });
  if (other !== undefined && other.id !== id)
    throw new AdminError(400, 'Expected a user_email of its own, found that of another user.', 'user_email');
}

/** GET /user/info: of any user, or of the user whose key asks. */
export async function userInfo(call: AdminCall): Promise<unknown> {
  const { records, nowMs, query, role, key } = call;
  const own = key?.stored?.userId;
  const id = textAt(query, 'user_id') ?? own;
  if (id === undefined) throw unfit('user_id', 'the parameter user_id', undefined);
  if (role === 'none' && id !== own)
    throw new AdminError(403, 'This API key is not allowed to read other users.', 'user_id');
  const user = await records.one({ kind: 'user', ids: [id], nowMs });
  if (user === undefined) throw notFound('user', 'user_id', id);
  const { records: keys } = await records.find({ kind: 'key', userId: id, nowMs, limit: 1000 });
  const teams = await teamsOf(call, id);
  return {
    user_id: id,
    user_info: {
      ...userRow(
        user,
        teams.map((team) => team.id),
      ),
      ...spentFieldsOf(call, user),
    },
    keys: keys.map((each) => ({ token: each.hash, ...shownRow(call, each) })),
    teams: teams.map(teamRow),
  };
}

async function teamsOf({ records, nowMs }: AdminCall, user: string): Promise<readonly StoredRecord[]> {
  const all = await records.all({ kind: 'team', nowMs });
  return all.filter(({ document }) => hasMember(documentIn(document).fields['members_with_roles'], user));
}

/** POST /user/update */
export async function updateUser(call: AdminCall): Promise<unknown> {
  const { records, source, nowMs, body } = call;
  const fields = takeFields(call, 'user', 'user_id');
  const { teams: given, ...own } = fields;
  const [id, email] = [textAt(body, 'user_id'), textAt(body, 'user_email')];
  if (id === undefined && email === undefined) throw unfit('user_id', 'user_id or user_email', undefined);
  const { record, row } = await records.change(source, async () => {
    const conditions = id === undefined ? { aliases: [email ?? ''] } : { ids: [id] };
    const before = await records.one({ kind: 'user', nowMs, ...conditions });
    if (before === undefined) throw notFound('user', id === undefined ? 'user_email' : 'user_id', id ?? email ?? '');
    await judgeEmail(call, before.id, email);
    const joined = await joinTeams(call, before.id, given === undefined ? [] : (textsAt(fields, 'teams') ?? []));
    const change = changedRecord(before, own, { nowMs, by: source.by });
    const teams = [...(await teamsOf(call, before.id)), ...joined.map(({ after }) => after)];
    const after = afterwards(change);
    const result = { record: after, row: userRow(after, [...new Set(teams.map((team) => team.id))]) };
    return { changes: [withSpend(call, change, fields), ...joined], result };
  });
  await takeSpend(call, 'user', record.id, fields);
  return { user_id: record.id, data: { ...row, ...spentFieldsOf(call, record) } };
}

/** POST /user/delete: the users' keys go with them, and they leave their teams. */
export async function deleteUsers(call: AdminCall): Promise<unknown> {
  const { records, source, nowMs, body } = call;
  const ids = textsAt(body, 'user_ids');
  if (ids === undefined) throw unfit('user_ids', 'a list of user_ids', undefined);
  return records.change(source, async () => {
    const gone = new Map<string, StoredRecord>();
    for (const id of ids) {
      const user = await records.one({ kind: 'user', ids: [id], nowMs });
      if (user === undefined) throw notFound('user', 'user_ids', id);
      gone.set(`user ${id}`, user);
      for (const key of await records.all({ kind: 'key', userId: id, nowMs })) gone.set(key.id, key);
    }
    const left: PlannedChange[] = [];
    for (const team of await records.all({ kind: 'team', nowMs })) {
      const members = membersIn(documentIn(team.document).fields['members_with_roles'] ?? []);
      const staying = members.filter((member) => member.user_id === null || !ids.includes(member.user_id));
      if (staying.length < members.length)
        left.push(changedRecord(team, withMembers({}, staying), { nowMs, by: source.by }));
    }
    const changes = [...[...gone.values()].map((record) => deletedRecord(record, nowMs)), ...left];
    return { changes, result: { deleted_users: ids } };
  });
}

/** GET /user/list */
export async function listUsers(call: AdminCall): Promise<unknown> {
  const { records, nowMs, query } = call;
  const size = numberAt(query, 'page_size', { or: 25, most: MOST_PAGE });
  const page = numberAt(query, 'page', { or: 1, most: 1_000_000 });
  const ids = textAt(query, 'user_ids')?.split(',');
  const search = textAt(query, 'user_email');
  const conditions = { kind: 'user', nowMs, search, ...(ids === undefined ? {} : { ids }) } as const;
  const found = await records.find({ ...conditions, offset: (page - 1) * size, limit: size });
  return {
    users: found.records.map((record) => userRow(record, [])),
    total: found.total,
    page,
    page_size: size,
    total_pages: Math.ceil(found.total / size),
  };
}
