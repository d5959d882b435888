import { apiKeyHash } from '../../../src/core/api-key.ts';
import type { RecordChange } from '../../../src/gateway/store/key-store.ts';

/** A new key with this text, of this name. */
export function keyRecord(text: string, fields: object = {}, more: Partial<RecordChange> = {}): RecordChange {
  return {
    kind: 'key',
    id: `key-${text}`,
    expected: 0,
    hash: apiKeyHash(text),
    alias: text.slice(3),
    teamId: undefined,
    userId: undefined,
    blocked: false,
    expiresMs: undefined,
    createdMs: 1,
    updatedMs: 1,
    deletedMs: undefined,
    document: JSON.stringify({ fields, notes: {} }),
    ...more,
  };
}

/** A new team or user. */
export function otherRecord(kind: 'team' | 'user', id: string, fields: object = {}, more: object = {}): RecordChange {
  return { ...keyRecord('sk-none', fields), kind, id, hash: undefined, alias: id, ...more };
}
