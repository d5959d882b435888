import type { Json } from '../../core/json.ts';
import type { AdminRole } from '../keys/allowed-routes.ts';
import type { ClientKey } from '../keys/client-key.ts';
import type { Service } from '../service.ts';
import type { AdminRecords } from './admin-records.ts';
import type { ChangeSource } from './audit.ts';
import { fieldsIn } from './body-fields.ts';
import type { RecordKind } from '../store/key-store.ts';

/** One call of administration, judged and read. */
export interface AdminCall {
  readonly body: Json;
  readonly query: Json;
  /** The key that the path names. */
  readonly named: string | undefined;
  readonly role: AdminRole;
  /** The key that asks; `undefined` for the master key. */
  readonly key: ClientKey | undefined;
  readonly service: Service;
  readonly records: AdminRecords;
  readonly source: ChangeSource;
  /** In ms since 1970. */
  readonly nowMs: number;
  /** The file that the gateway was configured with. */
  readonly configFile: string;
  /** Names of fields without effect, for the header of the answer. */
  readonly ignored: Set<string>;
}

/** The answer to a call: the body of a 200, or its JSON where it is long. */
export type AdminHandler = (call: AdminCall) => Promise<unknown>;

/** The fields of a call's body for a record; those without effect are noted. */
export function takeFields(call: AdminCall, kind: RecordKind, ...others: readonly string[]): Json {
  const { fields, ignored } = fieldsIn(kind, call.body, others);
  for (const name of ignored) call.ignored.add(name);
  return fields;
}
