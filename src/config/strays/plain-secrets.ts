import type { InventoryBuilder } from '../inventory/inventory.ts';
import type { Definition, Value } from '../value.ts';
import type { PlainSecret } from './stray.ts';

const SECRET_NAME = /(?:^|_)(?:password|passwd|pass|secret|token|key)$/i;
/** Names with such an end that hold no secret. */
const HARMLESS_NAME = /public_key$|host_key$|^(?:sort|primary|foreign|cache)_key$/i;

/** The secrets of a file of variables that stand in it as plain text. A template takes its value from elsewhere. */
export function plainSecretsOf(value: Value): readonly PlainSecret[] {
  if (value.kind === 'list') return value.items.flatMap(plainSecretsOf);
  if (value.kind !== 'map') return [];
  return [...value.entries].flatMap(([name, entry]) => secretsIn({ name, value: entry }));
}

/** The secrets of an inventory that stand in its lines as plain text. */
export function plainSecretsOfInventory(builder: InventoryBuilder): readonly PlainSecret[] {
  const { groups, hosts } = builder.build();
  const definitions = [...groups.values(), ...hosts.values()].flatMap((owner) => owner.definitions);
  const found = definitions.flatMap(secretsIn);
  // A line with a range of hosts sets a variable of each.
  const unique = new Map(found.map((secret) => [`${secret.name} ${String(secret.line)}`, secret]));
  return [...unique.values()].toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0));
}

/** Whether every variable of a file is encrypted on its own (`!vault`). */
export function isEncryptedInline(value: Value): boolean {
  return (
    value.kind === 'map' && value.entries.size > 0 && [...value.entries.values()].every(({ encrypted }) => encrypted)
  );
}

function secretsIn({ name, value }: Definition): readonly PlainSecret[] {
  if (value.kind !== 'scalar') return plainSecretsOf(value);
  const { value: plain, encrypted, where } = value;
  const isText =
    (typeof plain === 'string' && plain.trim() !== '' && !plain.includes('{{')) || typeof plain === 'number';
  return isText && !encrypted && SECRET_NAME.test(name) && !HARMLESS_NAME.test(name)
    ? [{ name, line: where.line }]
    : [];
}
