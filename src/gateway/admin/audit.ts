import type { Json } from '../../core/json.ts';
import { documentIn } from '../keys/stored-key.ts';
import type { RecordContent } from '../store/key-store.ts';
import { ADMIN_FIELDS } from './fields.ts';
import type { PlannedChange } from './record-content.ts';
import { timeText } from './rows.ts';

/** Fields whose values people choose freely: they may hold keys of other services. */
const FREE: ReadonlySet<string> = new Set(
  'metadata config permissions object_permission router_settings aliases model_aliases prompts policies'.split(' '),
);

/** Values that a change sets beside the fields of a record. */
const OWN: ReadonlySet<string> = new Set(['expires', 'rotations', 'former_until', 'token_spend']);

/** The caller and the call of a change, for the log. */
export interface ChangeSource {
  readonly requestId: string;
  readonly by: string;
  readonly action: string;
  /** Is told of each change that was stored. */
  readonly onChange?: (change: PlannedChange) => void;
}

/**
 * The log line of a change: the fields that differ, before and after. It has neither texts nor hashes of keys, and of fields that may hold
 * anything it says only that they have changed.
 */
export function auditLine({ requestId, by, action }: ChangeSource, { before, after, amounts }: PlannedChange): Json {
  const [old, now] = [
    { ...(before === undefined ? {} : shownFields(before)), ...amounts?.before },
    { ...shownFields(after), ...amounts?.after },
  ];
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter(
    (name) => JSON.stringify(old[name]) !== JSON.stringify(now[name]),
  );
  const isDeleted = after.deletedMs !== undefined;
  const side = (fields: Json): Json =>
    Object.fromEntries(
      names.flatMap((name) => (name in fields ? [[name, shownValue(after, name, fields[name])]] : [])),
    );
  return {
    event: 'admin',
    request_id: requestId,
    by,
    action,
    kind: after.kind,
    id: after.id,
    alias: after.alias ?? before?.alias,
    before: before === undefined ? null : side(old),
    after: isDeleted ? null : side(now),
  };
}

function shownFields(record: RecordContent): Record<string, unknown> {
  if (record.deletedMs !== undefined) return {};
  const { fields, notes } = documentIn(record.document);
  return {
    ...fields,
    ...(record.expiresMs === undefined ? {} : { expires: timeText(record.expiresMs) }),
    ...(notes['rotations'] === undefined ? {} : { rotations: notes['rotations'] }),
    ...(record.former === undefined || record.former.length === 0
      ? {}
      : { former_until: record.former.map(({ untilMs }) => timeText(untilMs)) }),
  };
}

function shownValue({ kind }: RecordContent, name: string, value: unknown): unknown {
  const isOwn = OWN.has(name);
  return (isOwn || Object.hasOwn(ADMIN_FIELDS[kind], name)) && !FREE.has(name) ? value : '[not shown]';
}
