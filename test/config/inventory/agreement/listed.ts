import { hostsOf } from '../../../../src/config/inventory/membership.ts';
import { listingOf } from '../../../../src/config/inventory/listing.ts';
import { Findings } from '../../../../src/config/findings.ts';
import { openInventory } from '../../../../src/config/load.ts';
import { scopesOf } from '../../../../src/config/variables/all-hosts.ts';
import type { Problem } from '../../../../src/core/problem.ts';

/** A run of `ansible-inventory --list`, and the same of hxllm. */
export interface ListRun {
  readonly cwd: string;
  /** Each `-i`. */
  readonly inventories: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly vaultPasswordFile: string | undefined;
}

/** The listing as plain JSON data, or the Problems. */
export type Listed =
  | { readonly ok: true; readonly listing: unknown; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads the inventories as hxllm does, and lists them with the values of encrypted files. */
export async function listInventory({ cwd, inventories, environment, vaultPasswordFile }: ListRun): Promise<Listed> {
  const findings = new Findings();
  const opened = await openInventory(
    {
      cwd,
      home: '/nowhere',
      userName: 'operator',
      environment,
      inventories,
      limit: undefined,
      vaultPasswordFile,
      askVaultPassword: undefined,
    },
    findings,
  );
  if (!opened.ok) return { ok: false, problems: opened.problems };
  const { inventory, folders } = opened.value;
  const scopes = await scopesOf(hostsOf(inventory, 'all'), inventory, folders);
  if (!scopes.ok) return { ok: false, problems: scopes.problems };
  if (findings.errors.length > 0) return { ok: false, problems: findings.errors };
  const variables = new Map([...scopes.value].map(([name, scope]) => [name, scope.variables]));
  const listing = listingOf(inventory, variables, { reveal: true });
  return { ok: true, listing: parseExact(JSON.stringify(listing)), warnings: findings.warnings };
}

/** JSON as data. An integer that a JavaScript number cannot hold becomes a text that says so. */
export function parseExact(text: string): unknown {
  const revive = (_key: string, value: unknown, context: { readonly source: string }): unknown =>
    typeof value === 'number' && /^-?\d+$/.test(context.source) && !Number.isSafeInteger(value)
      ? `integer ${context.source}`
      : value;
  // ES2026 gives a reviver the source; TypeScript's library does not know the third argument yet.
  return JSON.parse(text, revive as (key: string, value: unknown) => unknown);
}
