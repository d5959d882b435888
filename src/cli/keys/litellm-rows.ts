import { parseJson, type Json } from '../../core/json.ts';
import { readArray } from './csv.ts';

/** A row of a table of LiteLLM as CSV. */
export type CsvRow = Readonly<Record<string, string | undefined>>;

type Read = (text: string) => unknown;

/** The columns of LiteLLM's tables that are no texts (`schema.prisma`, 1.110.2). */
const COLUMNS: Readonly<Record<string, Read>> = {
  ...each(
    'models allowed_routes allowed_cache_controls policies access_group_ids admins members team_member_permissions',
    readArray,
  ),
  ...each(
    'aliases config permissions metadata model_spend model_max_budget router_settings members_with_roles budget_limits model_aliases',
    parseJson,
  ),
  ...each('blocked auto_rotate', (text) => ({ t: true, true: true, f: false, false: false })[text]),
  ...each('spend max_budget soft_budget tpm_limit rpm_limit max_parallel_requests', (text) =>
    text.trim() === '' || Number.isNaN(Number(text)) ? undefined : Number(text),
  ),
};

/** Columns that the import does not send: the gateway writes them itself, or they only mean something in LiteLLM's database. */
const NOT_SENT: ReadonlySet<string> = new Set(
  `created_at created_by updated_at updated_by last_active budget_reset_at model_spend soft_budget_cooldown rotation_count
  last_rotation_at key_rotation_at object_permission_id access_group_ids model_id admins members settings_updated_at`.split(
    /\s+/,
  ),
);

function each(names: string, read: Read): Readonly<Record<string, Read>> {
  return Object.fromEntries(names.split(' ').map((name) => [name, read]));
}

/** A row as the body of a call; `wrong` names a column whose value cannot be read. Names of columns with values that are not sent go to `left`. */
export function fieldsOfRow(row: CsvRow, left: Set<string>): Json | { readonly wrong: string } {
  const fields: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(row)) {
    if (text === undefined || text === '') continue;
    if (NOT_SENT.has(name)) {
      if (!['{}', '[]', '0', 'f'].includes(text)) left.add(name);
      continue;
    }
    const value = Object.hasOwn(COLUMNS, name) ? COLUMNS[name]?.(text) : text;
    if (value === undefined) return { wrong: name };
    // LiteLLM's default for a list of members is an empty object.
    if (name === 'members_with_roles' && !Array.isArray(value)) continue;
    fields[name] = value;
  }
  const { expires } = fields;
  // PostgreSQL writes a time without a zone, which is UTC in LiteLLM's tables.
  if (typeof expires === 'string') fields['expires'] = isoTime(expires);
  return fields;
}

function isoTime(text: string): string {
  const time = text.trim().replace(' ', 'T');
  return /(?:Z|[+-]\d\d(?::?\d\d)?)$/.test(time.slice(10)) ? time.replace(/([+-]\d\d)$/, '$1:00') : `${time}Z`;
}
