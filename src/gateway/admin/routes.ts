import type { Context, Hono } from 'hono';
import { isObject, type Json } from '../../core/json.ts';
import { authenticate, authenticateAgain } from '../auth/bearer.ts';
import { headerValue } from '../http/header-value.ts';
import { LongText } from '../http/long-text.ts';
import { readBody } from '../http/request-body.ts';
import { errorResponse, sizedResponse } from '../http/sized-response.ts';
import type { AdminRole } from '../keys/allowed-routes.ts';
import type { KeyRecords } from '../key-records.ts';
import type { Log } from '../log.ts';
import type { GatewayEnv, RequestContext } from '../request-context.ts';
import type { AdminHandler } from './admin-call.ts';
import { AdminError, adminErrorBody, unfit } from './admin-error.ts';
import { AdminRecords } from './admin-records.ts';
import { importKeys } from './key-import.ts';
import { deleteKeys, generateKey, generateServiceKey, resetSpend, setBlocked, updateKey } from './key-changes.ts';
import { keyHealth, keyInfo, keyInfos, listAliases, listKeys } from './key-reads.ts';
import { addMembers, deleteMember, updateMember } from './members.ts';
import { regenerateKey } from './rotation.ts';
import { deleteTeams, listTeams, newTeam, pageTeams, setTeamBlocked, teamInfo, updateTeam } from './teams.ts';
import { globalSpend, spendLogs, usageReport } from './usage.ts';
import { leavesUnspentBudget } from './unspent-budget.ts';
import { deleteUsers, listUsers, newUser, updateUser, userInfo } from './users.ts';

/** The least role for a call; `none`: any key, for what is its own. */
type Row = readonly [method: 'GET' | 'POST', path: string, least: AdminRole, handler: AdminHandler];

/** The calls of administration, as LiteLLM has them. */
const CALLS: readonly Row[] = [
  ['POST', '/key/generate', 'write', generateKey],
  ['POST', '/key/service-account/generate', 'write', generateServiceKey],
  ['GET', '/key/info', 'none', keyInfo],
  ['POST', '/v2/key/info', 'none', keyInfos],
  ['POST', '/key/update', 'write', updateKey],
  ['POST', '/key/delete', 'write', deleteKeys],
  ['GET', '/key/list', 'read', listKeys],
  ['GET', '/key/aliases', 'read', listAliases],
  ['GET', '/key/health', 'none', keyHealth],
  ['POST', '/key/block', 'write', setBlocked(true)],
  ['POST', '/key/unblock', 'write', setBlocked(false)],
  ['POST', '/key/regenerate', 'write', regenerateKey],
  ['POST', '/key/:key/regenerate', 'write', regenerateKey],
  ['POST', '/key/:key/reset_spend', 'write', resetSpend],
  ['POST', '/key/import', 'write', importKeys],
  ['POST', '/team/new', 'write', newTeam],
  ['GET', '/team/info', 'none', teamInfo],
  ['POST', '/team/update', 'write', updateTeam],
  ['POST', '/team/delete', 'write', deleteTeams],
  ['GET', '/team/list', 'read', listTeams],
  ['GET', '/v2/team/list', 'read', pageTeams],
  ['POST', '/team/block', 'write', setTeamBlocked(true)],
  ['POST', '/team/unblock', 'write', setTeamBlocked(false)],
  ['POST', '/team/member_add', 'write', addMembers],
  ['POST', '/team/member_delete', 'write', deleteMember],
  ['POST', '/team/member_update', 'write', updateMember],
  ['POST', '/user/new', 'write', newUser],
  ['GET', '/user/info', 'none', userInfo],
  ['POST', '/user/update', 'write', updateUser],
  ['POST', '/user/delete', 'write', deleteUsers],
  ['GET', '/user/list', 'read', listUsers],
  ['GET', '/spend/logs', 'none', spendLogs],
  ['GET', '/global/spend', 'read', globalSpend],
  ['GET', '/usage', 'read', usageReport],
  ['POST', '/model/new', 'write', refuseModels],
  ['POST', '/model/update', 'write', refuseModels],
  ['POST', '/model/delete', 'write', refuseModels],
];

const RECORDED: ReadonlySet<string> = new Set(['/spend/logs', '/global/spend', '/usage']);

/** The parts of a gateway that administration needs. */
export interface AdminOptions {
  readonly records: KeyRecords;
  readonly log: Log;
}

/** Adds the calls of administration. */
export function addAdmin(app: Hono<GatewayEnv>, { records, log }: AdminOptions): void {
  const admin = new AdminRecords(records, log);
  for (const [method, path, least, handler] of CALLS)
    app.on(method, path, (c) => serve(c, { least, handler, admin, action: path.slice(1), file: records.configFile }));
}

interface Serving {
  readonly least: AdminRole;
  readonly handler: AdminHandler;
  readonly admin: AdminRecords;
  readonly action: string;
  readonly file: string;
}

async function serve(
  { env, req }: Context<GatewayEnv>,
  { least, handler, admin, action, file }: Serving,
): Promise<Response> {
  let caller = authenticate(env);
  if (!caller.ok) caller = await authenticateAgain(env, caller);
  if (!caller.ok) return errorResponse(env, caller.failure);
  const ignored = new Set<string>();
  // It comes first: of many names the header has only the first ones.
  const unspent = new Set<string>();
  try {
    const role = judgeCaller(env, least);
    // The rows of requests up to this one.
    if (RECORDED.has(req.path)) await env.service.usage?.flush();
    const body = req.method === 'POST' ? await bodyOf(env) : {};
    const answer = await handler({
      body,
      query: req.query(),
      named: req.param('key'),
      role,
      key: env.key,
      service: env.service,
      records: admin,
      source: {
        requestId: env.id,
        by: caller.value.name,
        action: action.replace(':key', '{key}'),
        onChange: (change) => {
          if (leavesUnspentBudget(change, env.service)) unspent.add('max_budget');
        },
      },
      nowMs: Date.now(),
      configFile: file,
      ignored,
    });
    const text = answer instanceof LongText ? answer : JSON.stringify(answer);
    return answered(text, 200, new Set([...unspent, ...ignored]));
  } catch (error) {
    if (!(error instanceof AdminError)) throw error;
    env.record.failure = `admin-${String(error.status)}`;
    return answered(JSON.stringify(adminErrorBody(error)), error.status, new Set([...unspent, ...ignored]));
  }
}

/** The role of a caller, if it suffices. */
function judgeCaller({ key, service, path }: RequestContext, least: AdminRole): AdminRole {
  if (service.config.masterKey.state === 'none')
    throw new AdminError(403, 'Keys need a master key beside them: set general_settings.master_key, and reload.');
  const role = key === undefined ? 'write' : (key.stored?.routes.role ?? 'none');
  if (least === 'none' || role === 'write' || role === least) return role;
  throw new AdminError(
    403,
    `This API key is not allowed to call ${path.slice(0, 200)}: the master key and keys of key_type management may${least === 'read' ? ', and read_only reads' : ''}.`,
  );
}

async function bodyOf(env: RequestContext): Promise<Json> {
  const read = await readBody(env);
  if (!read.ok) throw new AdminError(413, read.failure.message);
  const text = read.value.toString('utf8');
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new AdminError(422, 'Expected a body of JSON, found another text.');
  }
  if (!isObject(value)) throw unfit(null, 'a JSON object', value);
  return value;
}

function answered(body: string | LongText, status: number, ignored: ReadonlySet<string>): Response {
  const names: Record<string, string> =
    ignored.size === 0 ? {} : { 'x-hxllm-ignored-params': headerValue([...ignored]) };
  const allow: Record<string, string> = status === 405 ? { allow: 'OPTIONS' } : {};
  return sizedResponse(body, status, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    ...names,
    ...allow,
  });
}

async function refuseModels({ configFile }: Parameters<AdminHandler>[0]): Promise<unknown> {
  return Promise.reject(
    new AdminError(
      405,
      `Models belong to ${configFile}: change model_list there, on the operator's machine litellm_models, and run: hxllm enforce.`,
    ),
  );
}
