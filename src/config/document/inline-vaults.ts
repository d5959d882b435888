import { visit, type Document, type Scalar } from 'yaml';
import type { Where } from '../../core/problem.ts';
import type { Findings } from '../findings.ts';
import type { Keyring, OpenedVault } from '../vault/keyring.ts';

export const VAULT_TAGS: readonly string[] = ['!vault', '!vault-encrypted'];

/** Opens every `!vault` of a document, as far as a password is known. `undefined`: one cannot be opened, and its Problem is found. */
export async function openVaults(
  document: Document,
  keyring: Keyring,
  placeOf: (offset: number) => Where,
  findings: Findings,
): Promise<ReadonlyMap<Scalar, OpenedVault> | undefined> {
  const sealed: Scalar[] = [];
  visit(document, {
    Scalar: (_key, node) => {
      if (VAULT_TAGS.includes(node.tag ?? '')) sealed.push(node);
    },
  });
  const opened = new Map<Scalar, OpenedVault>();
  for (const node of sealed) {
    const result = await keyring.open(String(node.value), placeOf(node.range?.[0] ?? 0));
    if (!result.ok) {
      for (const problem of result.problems) findings.error(problem);
      return undefined;
    }
    opened.set(node, result.value);
  }
  return opened;
}
