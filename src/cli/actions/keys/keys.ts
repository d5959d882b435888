import { newApiKey } from '../../../core/api-key.ts';
import { isObject, textOf, type Json } from '../../../core/json.ts';
import { fail, ok, type Result } from '../../../core/problem.ts';
import type { FleetGateway } from '../../fleet/fleet-gateway.ts';
import { callForObject } from '../../keys/call-gateway.ts';
import { fieldsOf, type FieldOptions } from '../../keys/field-options.ts';
import {
  agreed,
  ignoredNotes,
  runOnGateway,
  type CommandResult,
  type GatewayCommandOptions,
} from '../../keys/gateway-command.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { columnsOf } from '../../views/columns.ts';
import { keyCsv, keyTable, nameOfRow, recordLines } from '../../views/keys.ts';
import { createPaint, type Paint } from '../../views/paint.ts';

/** The options of commands that make or change a key. */
export interface KeyCommandOptions extends GatewayCommandOptions, FieldOptions {
  readonly yes?: boolean;
  readonly grace?: string;
  readonly status?: string;
  readonly search?: string;
  readonly csv?: boolean;
}

const PAGE = 100;
/** Attempts of a rotation whose answer is lost: each has the same text. */
const ROTATION_ATTEMPTS = 3;

/** `hxllm keys create` */
export function createKey(terminal: Terminal, alias: string, options: KeyCommandOptions): Promise<number> {
  return runOnGateway(terminal, 'keys create', options, async (gateway, signal) => {
    const fields = fieldsOf({ ...options, alias }, 'key_alias');
    if (!fields.ok) return fields;
    const made = await callForObject(gateway, '/key/generate', signal, fields.value);
    return made.ok ? ok(withText(made.value, `The key of ${alias}`)) : made;
  });
}

/** `hxllm keys list` */
export function listKeys(terminal: Terminal, options: KeyCommandOptions): Promise<number> {
  return runOnGateway(terminal, 'keys list', options, async (gateway, signal) => {
    const { team, user, status, search } = options;
    const conditions = { team_id: team, user_id: user, status, search };
    const query = new URLSearchParams({
      return_full_object: 'true',
      size: String(PAGE),
      sort_by: 'created_at',
      sort_order: 'asc',
    });
    for (const [name, value] of Object.entries(conditions)) if (value !== undefined) query.set(name, value);
    const keys: Json[] = [];
    for (let page = 1; ; page += 1) {
      query.set('page', String(page));
      const answer = await callForObject(gateway, `/key/list?${query.toString()}`, signal);
      if (!answer.ok) return answer;
      const { keys: found, total_pages: pages } = answer.value.value;
      if (Array.isArray(found)) keys.push(...found.filter(isObject));
      if (typeof pages !== 'number' || page >= pages) break;
    }
    const lines =
      options.csv === true ? keyCsv(keys) : keyTable(keys, paintOf(terminal), columnsOf(terminal.stdout.columns()));
    return ok({ lines, fields: { keys } });
  });
}

/** `hxllm keys show` */
export function showKey(terminal: Terminal, name: string, options: KeyCommandOptions): Promise<number> {
  return runOnGateway(terminal, 'keys show', options, async (gateway, signal) => {
    const found = await findKey(gateway, name, signal);
    return found.ok ? ok({ lines: recordLines(found.value, paintOf(terminal)), fields: { key: found.value } }) : found;
  });
}

/** `hxllm keys edit` */
export function editKey(terminal: Terminal, name: string, options: KeyCommandOptions): Promise<number> {
  return runOnGateway(terminal, 'keys edit', options, async (gateway, signal) => {
    const fields = fieldsOf(options, 'key_alias');
    if (!fields.ok) return fields;
    if (Object.keys(fields.value).length === 0)
      return fail({
        code: 'usage.nothing-to-change',
        summary: 'nothing to change',
        detail: 'Expected at least one option that names a field, found none.',
        fix: `hxllm keys edit ${name} --rpm-limit 60`,
      });
    return changeKey(terminal, gateway, name, signal, '/key/update', fields.value);
  });
}

/** `hxllm keys block` and `hxllm keys unblock` */
export function setKeyBlocked(
  terminal: Terminal,
  verb: 'block' | 'unblock',
  name: string,
  options: KeyCommandOptions,
): Promise<number> {
  return runOnGateway(terminal, `keys ${verb}`, options, (gateway, signal) =>
    changeKey(terminal, gateway, name, signal, `/key/${verb}`, {}),
  );
}

/** `hxllm keys rotate`: the new text is made here, so that a call whose answer is lost can be made again. */
export function rotateKey(terminal: Terminal, name: string, options: KeyCommandOptions): Promise<number> {
  return runOnGateway(terminal, 'keys rotate', options, async (gateway, signal) => {
    const found = await findKey(gateway, name, signal);
    if (!found.ok) return found;
    const body = {
      key: textOf(found.value, 'key_id'),
      new_key: newApiKey(),
      ...(options.grace === undefined ? {} : { grace_period: options.grace }),
    };
    for (let attempt = 1; ; attempt += 1) {
      const rotated = await callForObject(gateway, '/key/regenerate', signal, body);
      if (rotated.ok) return ok(withText(rotated.value, `The new key of ${nameOfRow(found.value)}`));
      const isLost = rotated.problems[0].code === 'host.gateway-unreachable';
      if (!isLost || attempt >= ROTATION_ATTEMPTS || signal.aborted) return rotated;
    }
  });
}

/** `hxllm keys delete` */
export function deleteKeys(terminal: Terminal, names: readonly string[], options: KeyCommandOptions): Promise<number> {
  return runOnGateway(terminal, 'keys delete', options, async (gateway, signal) => {
    const keys: Json[] = [];
    for (const name of names) {
      const found = await findKey(gateway, name, signal);
      if (!found.ok) return found;
      keys.push(found.value);
    }
    const shown = keys.map(nameOfRow);
    const refused = await agreed(
      terminal,
      options.yes === true,
      `the key${keys.length === 1 ? '' : 's'} ${shown.join(', ')}`,
      signal,
    );
    if (refused !== undefined) return fail(refused);
    const gone = await callForObject(gateway, '/key/delete', signal, {
      keys: keys.map((key) => textOf(key, 'key_id')),
    });
    return gone.ok ? ok({ lines: shown.map((name) => `deleted ${name}`), fields: { deleted: shown } }) : gone;
  });
}

async function changeKey(
  terminal: Terminal,
  gateway: FleetGateway,
  name: string,
  signal: AbortSignal,
  path: string,
  fields: object,
): Promise<Result<CommandResult>> {
  const found = await findKey(gateway, name, signal);
  if (!found.ok) return found;
  const changed = await callForObject(gateway, path, signal, { ...fields, key: textOf(found.value, 'key_id') });
  if (!changed.ok) return changed;
  const { value, ignored } = changed.value;
  const { key: _, token: _hash, ...row } = value;
  return ok({ lines: recordLines(row, paintOf(terminal)), fields: { key: row }, notes: ignoredNotes(ignored) });
}

/** A key by its alias, its id or its hash. A text of a key would stand in the shell's history and in the list of processes. */
async function findKey(gateway: FleetGateway, name: string, signal: AbortSignal): Promise<Result<Json>> {
  if (name.startsWith('sk-'))
    return fail({
      code: 'usage.key-text',
      summary: 'a key is named by its alias, its id or its hash',
      detail:
        'Expected a name, found the text of a key: other users of this machine can read it in the list of processes.',
      fix: 'hxllm keys list',
    });
  for (const body of [{ key_aliases: [name] }, { keys: [name] }]) {
    const answer = await callForObject(gateway, '/v2/key/info', signal, body);
    if (!answer.ok) return answer;
    const { info } = answer.value.value;
    const [row] = Array.isArray(info) ? info : [];
    if (isObject(row)) return ok(row);
  }
  return fail({
    code: 'gateway.no-key',
    summary: 'the gateway has no such key',
    detail: `Expected the alias, id or hash of a key, found ${JSON.stringify(name.slice(0, 128))}.`,
    fix: 'hxllm keys list',
    where: { host: gateway.name },
  });
}

function withText(
  { value, ignored }: { readonly value: Json; readonly ignored: readonly string[] },
  title: string,
): CommandResult {
  const lines = [`${title}. It is shown only now:`, `  ${textOf(value, 'key')}`];
  return { lines, fields: { key: value }, notes: ignoredNotes(ignored) };
}

function paintOf({ environment, stdout }: Terminal): Paint {
  return createPaint(environment, stdout.isTty);
}
