import { isObject, textOf, type Json } from '../../../core/json.ts';
import { fail, ok, type Result } from '../../../core/problem.ts';
import type { FleetGateway } from '../../fleet/fleet-gateway.ts';
import { callForObject, callGateway } from '../../keys/call-gateway.ts';
import { fieldsOf } from '../../keys/field-options.ts';
import { agreed, ignoredNotes, runOnGateway, type CommandResult } from '../../keys/gateway-command.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { columnsOf } from '../../views/columns.ts';
import { recordLines, teamCsv, teamTable } from '../../views/keys.ts';
import { createPaint } from '../../views/paint.ts';
import type { KeyCommandOptions } from './keys.ts';

/** The options of commands about teams. */
export interface TeamCommandOptions extends Omit<KeyCommandOptions, 'team' | 'user'> {
  readonly id?: string;
  readonly role?: string;
}

/** `hxllm teams create` */
export function createTeam(terminal: Terminal, alias: string, options: TeamCommandOptions): Promise<number> {
  return runOnGateway(terminal, 'teams create', options, async (gateway, signal) => {
    const fields = fieldsOf({ ...options, alias }, 'team_alias');
    if (!fields.ok) return fields;
    const body = { ...fields.value, ...(options.id === undefined ? {} : { team_id: options.id }) };
    return shown(terminal, await callForObject(gateway, '/team/new', signal, body));
  });
}

/** `hxllm teams list` */
export function listTeams(terminal: Terminal, options: TeamCommandOptions): Promise<number> {
  return runOnGateway(terminal, 'teams list', options, async (gateway, signal) => {
    const teams = await teamsOf(gateway, signal);
    if (!teams.ok) return teams;
    const paint = createPaint(terminal.environment, terminal.stdout.isTty);
    return ok({
      lines:
        options.csv === true
          ? teamCsv(teams.value)
          : teamTable(teams.value, paint, columnsOf(terminal.stdout.columns())),
      fields: { teams: teams.value },
    });
  });
}

/** `hxllm teams show` */
export function showTeam(terminal: Terminal, name: string, options: TeamCommandOptions): Promise<number> {
  return runOnGateway(terminal, 'teams show', options, async (gateway, signal) => {
    const found = await findTeam(gateway, name, signal);
    return found.ok ? shown(terminal, ok({ value: found.value, ignored: [] })) : found;
  });
}

/** `hxllm teams edit` */
export function editTeam(terminal: Terminal, name: string, options: TeamCommandOptions): Promise<number> {
  return runOnGateway(terminal, 'teams edit', options, async (gateway, signal) => {
    const fields = fieldsOf(options, 'team_alias');
    if (!fields.ok) return fields;
    return changeTeam(terminal, gateway, name, signal, '/team/update', fields.value);
  });
}

/** `hxllm teams block` and `hxllm teams unblock` */
export function setTeamBlocked(
  terminal: Terminal,
  verb: 'block' | 'unblock',
  name: string,
  options: TeamCommandOptions,
): Promise<number> {
  return runOnGateway(terminal, `teams ${verb}`, options, (gateway, signal) =>
    changeTeam(terminal, gateway, name, signal, `/team/${verb}`, {}),
  );
}

/** `hxllm teams add-member` and `hxllm teams remove-member` */
export function changeMember(
  terminal: Terminal,
  verb: 'add' | 'remove',
  { team, user }: { readonly team: string; readonly user: string },
  options: TeamCommandOptions,
): Promise<number> {
  const member = user.includes('@') ? { user_email: user } : { user_id: user };
  const [path, body] =
    verb === 'add'
      ? ['/team/member_add', { member: { ...member, role: options.role ?? 'user' } }]
      : ['/team/member_delete', member];
  return runOnGateway(terminal, `teams ${verb}-member`, options, (gateway, signal) =>
    changeTeam(terminal, gateway, team, signal, path, body),
  );
}

/** `hxllm teams delete` */
export function deleteTeam(terminal: Terminal, name: string, options: TeamCommandOptions): Promise<number> {
  return runOnGateway(terminal, 'teams delete', options, async (gateway, signal) => {
    const found = await findTeam(gateway, name, signal);
    if (!found.ok) return found;
    const id = textOf(found.value, 'team_id');
    const refused = await agreed(terminal, options.yes === true, `the team ${name} with all its keys`, signal);
    if (refused !== undefined) return fail(refused);
    const gone = await callForObject(gateway, '/team/delete', signal, { team_ids: [id] });
    return gone.ok ? ok({ lines: [`deleted ${name}`], fields: { deleted: [id] } }) : gone;
  });
}

async function changeTeam(
  terminal: Terminal,
  gateway: FleetGateway,
  name: string,
  signal: AbortSignal,
  path: string,
  body: object,
): Promise<Result<CommandResult>> {
  const found = await findTeam(gateway, name, signal);
  if (!found.ok) return found;
  const changed = await callForObject(gateway, path, signal, { ...body, team_id: textOf(found.value, 'team_id') });
  if (!changed.ok) return changed;
  const { value, ignored } = changed.value;
  return shown(terminal, ok({ value: isObject(value['data']) ? value['data'] : value, ignored }));
}

async function teamsOf(gateway: FleetGateway, signal: AbortSignal): Promise<Result<readonly Json[]>> {
  const answer = await callGateway(gateway, '/team/list', signal);
  if (!answer.ok) return answer;
  const { value } = answer.value;
  return ok(Array.isArray(value) ? value.filter(isObject) : []);
}

/** A team by its id, or by a name that one team alone has. */
async function findTeam(gateway: FleetGateway, name: string, signal: AbortSignal): Promise<Result<Json>> {
  const teams = await teamsOf(gateway, signal);
  if (!teams.ok) return teams;
  const found = teams.value.find((team) => team['team_id'] === name);
  const named = teams.value.filter((team) => team['team_alias'] === name);
  const [first] = named;
  if (found !== undefined) return ok(found);
  if (first !== undefined && named.length === 1) return ok(first);
  return fail({
    code: 'gateway.no-team',
    summary: first === undefined ? 'the gateway has no such team' : 'several teams have this name',
    detail: `Expected the id or the name of one team, found ${JSON.stringify(name.slice(0, 128))}${first === undefined ? '' : `, the name of ${String(named.length)}`}.`,
    fix: 'hxllm teams list',
    where: { host: gateway.name },
  });
}

function shown(
  { environment, stdout }: Terminal,
  answer: Result<{ readonly value: Json; readonly ignored: readonly string[] }>,
): Result<CommandResult> {
  if (!answer.ok) return answer;
  const { value, ignored } = answer.value;
  const { updated_users: _, updated_team_memberships: _none, ...team } = value;
  const lines = recordLines(team, createPaint(environment, stdout.isTty));
  return ok({ lines, fields: { team }, notes: ignoredNotes(ignored) });
}
