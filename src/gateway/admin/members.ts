import { isObject, type Json } from '../../core/json.ts';
import { documentIn } from '../keys/stored-key.ts';
import type { AdminCall } from './admin-call.ts';
import { AdminError, unfit } from './admin-error.ts';
import { neededText, textAt } from './body-fields.ts';
import { afterwards } from './key-changes.ts';
import { changeableTeam } from './key-lookup.ts';
import { changedRecord } from './record-content.ts';
import { teamRow } from './rows.ts';

/** A member of a team, by its id, its address, or both. */
export interface TeamMember {
  readonly user_id: string | null;
  readonly user_email: string | null;
  readonly role: string;
}

/** The members in a list as a call sends it. */
export function membersIn(value: unknown): readonly TeamMember[] {
  const given = Array.isArray(value) ? value : [value];
  return given.map((one: unknown) => {
    if (!isObject(one)) throw unfit('member', 'an object with role, and user_id or user_email', one);
    const [user = null, email = null] = [textAt(one, 'user_id'), textAt(one, 'user_email')];
    if (user === null && email === null) throw unfit('member', 'user_id or user_email', undefined);
    const role = textAt(one, 'role') ?? 'user';
    if (role !== 'admin' && role !== 'user') throw unfit('role', 'one of admin, user', role);
    return { user_id: user, user_email: email, role };
  });
}

/** The fields of a team with these members. */
export function withMembers(fields: Json, members: unknown): Json {
  const list = membersIn(members);
  list.forEach((member, index) => {
    if (list.slice(0, index).some((other) => isSame(other, member)))
      throw new AdminError(400, 'Expected each member once, found one again.', 'members_with_roles');
  });
  return { ...fields, members_with_roles: list };
}

/** POST /team/member_add */
export async function addMembers(call: AdminCall): Promise<unknown> {
  noteBudget(call);
  const added = membersIn(call.body['member']);
  return changeMembers(call, (members) => {
    const again = added.find((member) => members.some((other) => isSame(other, member)));
    if (again !== undefined)
      throw new AdminError(400, `The user ${nameOfMember(again)} is a member of the team already.`, 'member');
    return [...members, ...added];
  });
}

/** POST /team/member_delete */
export async function deleteMember(call: AdminCall): Promise<unknown> {
  const [member] = membersIn(call.body);
  return changeMembers(call, (members) => {
    const left = members.filter((other) => member === undefined || !isSame(other, member));
    if (left.length === members.length) throw notMember(member);
    return left;
  });
}

/** POST /team/member_update: the role. */
export async function updateMember(call: AdminCall): Promise<unknown> {
  noteBudget(call);
  const [member] = membersIn(call.body);
  const role = textAt(call.body, 'role');
  return changeMembers(call, (members) => {
    if (member === undefined || !members.some((other) => isSame(other, member))) throw notMember(member);
    return members.map((other) => (isSame(other, member) ? { ...other, role: role ?? other.role } : other));
  });
}

async function changeMembers(
  call: AdminCall,
  change: (members: readonly TeamMember[]) => readonly TeamMember[],
): Promise<unknown> {
  const { records, source, nowMs, body } = call;
  const id = neededText(body, 'team_id');
  return records.change(source, async () => {
    const before = await changeableTeam(call, id);
    const members = change(membersIn(documentIn(before.document).fields['members_with_roles'] ?? []));
    const changed = changedRecord(before, withMembers({}, members), { nowMs, by: source.by });
    const row = teamRow(afterwards(changed));
    return { changes: [changed], result: { ...row, updated_users: [], updated_team_memberships: [] } };
  });
}

/** The budget of a member has no effect here. */
function noteBudget({ body, ignored }: AdminCall): void {
  if (body['max_budget_in_team'] !== undefined && body['max_budget_in_team'] !== null)
    ignored.add('max_budget_in_team');
}

function isSame(one: TeamMember, other: TeamMember): boolean {
  if (one.user_id !== null && other.user_id !== null) return one.user_id === other.user_id;
  return one.user_email !== null && one.user_email === other.user_email;
}

function nameOfMember(member: TeamMember | undefined): string {
  return member?.user_id ?? member?.user_email ?? '';
}

function notMember(member: TeamMember | undefined): AdminError {
  return new AdminError(404, `The member ${nameOfMember(member)} is not found in the team.`, 'user_id');
}
