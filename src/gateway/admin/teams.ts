import { randomId } from '../../core/id.ts';
import type { Json } from '../../core/json.ts';
import { jsonList } from '../http/long-text.ts';
import type { StoredRecord } from '../store/key-store.ts';
import { takeFields, type AdminCall } from './admin-call.ts';
import { AdminError, notFound, unfit } from './admin-error.ts';
import { neededText, numberAt, textAt, textsAt } from './body-fields.ts';
import { afterwards } from './key-changes.ts';
import { changeableTeam, fileKeysOf, fileTeamOf } from './key-lookup.ts';
import { withMembers } from './members.ts';
import { changedRecord, deletedRecord, newRecord } from './record-content.ts';
import { fileTeamRow, teamRow } from './rows.ts';
import { shownFileRow, shownRow, spentFields, spentFieldsOf, takeSpend, withSpend } from './spent.ts';

const MOST_PAGE = 100;
/** Ids stand in addresses and in the log. */
export const ID_FORM = /^[\x21-\x7e](?:[\x20-\x7e]{0,254}[\x21-\x7e])?$/;

/** An id that a caller chose, or a new one. */
export function chosenId(call: AdminCall, param: 'team_id' | 'user_id'): string {
  const id = textAt(call.body, param);
  if (id === undefined) return randomId();
  if (!ID_FORM.test(id)) throw unfit(param, 'an id of 1 to 256 printable characters', id);
  return id;
}

/** POST /team/new */
export async function newTeam(call: AdminCall): Promise<unknown> {
  const { records, source, nowMs } = call;
  const fields = takeFields(call, 'team', 'team_id');
  const id = chosenId(call, 'team_id');
  const row = await records.change(source, async () => {
    const isTaken = fileTeamOf(call, id) !== undefined;
    if (isTaken || (await records.one({ kind: 'team', ids: [id], nowMs })) !== undefined)
      throw new AdminError(400, 'Expected a team_id of its own, found that of another team.', 'team_id');
    const before = await deletedOf(call, 'team', id);
    const kept = withMembers(fields, fields['members_with_roles'] ?? []);
    const change = again(before, newRecord('team', kept, { id, nowMs, by: source.by }));
    return { changes: [change], result: teamRow(afterwards(change)) };
  });
  await takeSpend(call, 'team', id, fields);
  return row;
}

/** A deleted record stays in the store: a new one of its id takes its place. */
export async function deletedOf(call: AdminCall, kind: 'team' | 'user', id: string): Promise<StoredRecord | undefined> {
  return call.records.one({ kind, ids: [id], status: 'deleted', nowMs: call.nowMs });
}

/** A new record in the place of a deleted one. */
export function again<T extends { readonly before: StoredRecord | undefined }>(
  before: StoredRecord | undefined,
  change: T,
): T {
  return { ...change, before };
}

/** GET /team/info */
export async function teamInfo(call: AdminCall): Promise<unknown> {
  const { records, nowMs, query, role, key } = call;
  const id = textAt(query, 'team_id') ?? key?.team;
  if (id === undefined) throw unfit('team_id', 'the parameter team_id', undefined);
  if (role === 'none' && id !== key?.team)
    throw new AdminError(403, 'This API key is not allowed to read other teams.', 'team_id');
  const file = fileTeamOf(call, id);
  const record = await records.one({ kind: 'team', ids: [id], nowMs });
  if (file === undefined && record === undefined) throw notFound('team', 'team_id', id);
  // A key sees its team, and not the keys of others.
  const { records: keys } =
    role === 'none' ? { records: [] } : await records.find({ kind: 'key', teamId: id, nowMs, limit: 1000 });
  const ofFile = role === 'none' ? [] : fileKeysOf(call).filter(({ team }) => team === id);
  const ofStore = keys.map((each) => ({ token: each.hash, ...shownRow(call, each) }));
  const [row, spent] =
    record !== undefined
      ? [teamRow(record), spentFieldsOf(call, record)]
      : file === undefined
        ? [{}, {}]
        : [fileTeamRow(file), spentFields(call, { kind: 'team', id, ...file })];
  return {
    team_id: id,
    team_info: { ...row, ...spent },
    keys: [...ofFile.map((each) => ({ token: each.hash, ...shownFileRow(call, each) })), ...ofStore],
    team_memberships: [],
  };
}

/** POST /team/update */
export async function updateTeam(call: AdminCall): Promise<unknown> {
  const { records, source, nowMs, body } = call;
  const fields = takeFields(call, 'team', 'team_id');
  const id = neededText(body, 'team_id');
  const record = await records.change(source, async () => {
    const before = await changeableTeam(call, id);
    const kept = 'members_with_roles' in fields ? withMembers(fields, fields['members_with_roles'] ?? []) : fields;
    const change = changedRecord(before, kept, { nowMs, by: source.by });
    return { changes: [withSpend(call, change, fields)], result: afterwards(change) };
  });
  await takeSpend(call, 'team', id, fields);
  return { team_id: id, data: { ...teamRow(record), ...spentFieldsOf(call, record) } };
}

/** POST /team/delete: the keys of the teams go with them. */
export async function deleteTeams(call: AdminCall): Promise<unknown> {
  const { records, source, nowMs, body } = call;
  const ids = textsAt(body, 'team_ids');
  if (ids === undefined) throw unfit('team_ids', 'a list of team_ids', undefined);
  return records.change(source, async () => {
    const found = new Map<string, StoredRecord>();
    for (const id of ids) {
      const team = await changeableTeam(call, id);
      found.set(`team ${team.id}`, team);
      for (const key of await records.all({ kind: 'key', teamId: id, nowMs })) found.set(key.id, key);
    }
    return {
      changes: [...found.values()].map((record) => deletedRecord(record, nowMs)),
      result: { deleted_teams: ids },
    };
  });
}

/** POST /team/block and /team/unblock */
export function setTeamBlocked(blocked: boolean): (call: AdminCall) => Promise<unknown> {
  return async (call) => {
    const { records, source, nowMs, body } = call;
    const id = neededText(body, 'team_id');
    return records.change(source, async () => {
      const change = changedRecord(await changeableTeam(call, id), { blocked }, { nowMs, by: source.by });
      return { changes: [change], result: teamRow(afterwards(change)) };
    });
  };
}

/** GET /team/list */
export async function listTeams(call: AdminCall): Promise<unknown> {
  const { records, nowMs, query } = call;
  const user = textAt(query, 'user_id');
  const organizationId = textAt(query, 'organization_id');
  const stored = await records.all({ kind: 'team', nowMs, organizationId });
  const files = organizationId === undefined ? call.service.config.teams : [];
  const isShown = (row: Json): boolean => user === undefined || hasMember(row['members_with_roles'], user);
  return jsonList([...files, ...stored], (team) => {
    const row = 'document' in team ? teamRow(team) : fileTeamRow(team);
    return isShown(row) ? row : undefined;
  });
}

/** GET /v2/team/list: those of the operator's files first. */
export async function pageTeams(call: AdminCall): Promise<unknown> {
  const { records, nowMs, query } = call;
  const size = numberAt(query, 'page_size', { or: 10, most: MOST_PAGE });
  const page = numberAt(query, 'page', { or: 1, most: 1_000_000 });
  const search = textAt(query, 'team_alias');
  const conditions = { kind: 'team', nowMs, search, organizationId: textAt(query, 'organization_id') } as const;
  const files = call.service.config.teams.filter(
    ({ alias }) =>
      conditions.organizationId === undefined && alias.toLowerCase().includes((search ?? '').toLowerCase()),
  );
  const from = (page - 1) * size;
  const ofFiles = files.slice(from, from + size).map(fileTeamRow);
  const offset = Math.max(0, from - files.length);
  const found = await records.find({ ...conditions, offset, limit: size - ofFiles.length });
  const total = files.length + found.total;
  return {
    teams: [...ofFiles, ...found.records.map(teamRow)],
    total,
    page,
    page_size: size,
    total_pages: Math.ceil(total / size),
  };
}

/** Whether a list of members has a user. */
export function hasMember(members: unknown, user: string): boolean {
  return Array.isArray(members) && members.some((member: { readonly user_id?: unknown }) => member.user_id === user);
}
