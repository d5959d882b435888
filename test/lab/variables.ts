import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Operator } from './operator.ts';

/** An operator who deploys with other variables each time. */
export interface Deployments {
  /** Writes variables behind the lab's own, instead of those of the last call. */
  readonly set: (variables: Readonly<Record<string, string>>) => void;
  /** Runs a command that must end with this exit code; returns both outputs. */
  readonly deploy: (command: string, exitCode: number, ...words: readonly string[]) => Promise<string>;
}

/** Deployments of an operator from the group_vars of the lab. */
export function deploymentsOf(operator: Operator): Deployments {
  const file = join(operator.folder, 'inventories/group_vars/all/main.yml');
  const written = readFileSync(file, 'utf8');
  return {
    set: (variables) => {
      writeFileSync(file, written);
      for (const [name, value] of Object.entries(variables)) appendFileSync(file, `${name}: ${value}\n`);
    },
    deploy: async (command, exitCode, ...words) => {
      const ran = await operator.deploy(command, ...words);
      const said = `${ran.stdout}${ran.stderr}`;
      assert.equal(ran.exitCode, exitCode, said);
      return said;
    },
  };
}
