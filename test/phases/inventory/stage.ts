import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { Connect } from '../../../src/core/host.ts';
import type { PhaseTools } from '../../../src/core/phase.ts';
import type { PhaseEvent } from '../../../src/core/recorder.ts';
import { fail, ok, type Result } from '../../../src/core/problem.ts';
import { Secret } from '../../../src/core/secret.ts';
import { runInventory, type InventoryReport, type InventoryRequest } from '../../../src/phases/inventory/run.ts';
import { configOf, type Tree } from '../../config/tree.ts';
import { targetOf } from '../../remote/target.ts';

export const KEY = new Secret(`sk-${'ab'.repeat(32)}`);

/** The vault password as `--vault-init` passes it on. */
export const SEALING = { password: new Secret(Buffer.from('a long vault password')), id: 'default' };
export const PASSWORD = SEALING.password;

/** The models of the fleet: hx01 and hx02 answer, all other backends are down. */
export const fleet = (url: string): Promise<Result<readonly string[]>> =>
  Promise.resolve(
    url === 'http://hx01:11434'
      ? ok(['phi3:3.8b-q8_0', 'nomic-embed-text:latest'])
      : url === 'http://hx02:11434'
        ? ok(['phi3:3.8b-q8_0'])
        : fail({
            code: 'backend.unreachable',
            summary: `${url} does not answer`,
            detail: 'Seen ECONNREFUSED.',
            fix: 'systemctl start ollama',
          }),
  );

/** The Problem of a host that lets nobody in. */
export const NO_WAY = {
  code: 'host.key-unknown',
  summary: 'the host key of the host is unknown',
  detail: 'Expected its key in known_hosts, found none.',
  fix: 'hxllm trust HOST',
};

export interface Run {
  readonly report: InventoryReport;
  readonly notes: readonly string[];
  readonly outcome: (id: string) => string | undefined;
}

/** Runs the phase over a folder as the command does, without writing. */
export async function run(
  tree: Tree,
  request: Partial<InventoryRequest> = {},
  connect: Connect = () => Promise.resolve(fail(NO_WAY)),
): Promise<Run> {
  const inventoryFile = request.inventoryFile ?? join(tree.folder, 'inventories/dev.ini');
  const loaded = await tree.load({ inventories: [inventoryFile] });
  const events: PhaseEvent[] = [];
  const tools: PhaseTools = {
    connect,
    confirm: () => assert.fail('the caller asks'),
    signal: new AbortController().signal,
    nowMs: () => 0,
    recorder: {
      event: (event) => {
        events.push(event);
      },
      file: () => undefined,
    },
  };
  const report = await runInventory(
    {
      config: loaded.ok || loaded.problems[0].code !== 'inventory.not-found' ? configOf(loaded) : undefined,
      inventoryFile,
      variablesFolder: dirname(inventoryFile),
      cwd: tree.folder,
      init: undefined,
      host: undefined,
      backends: [],
      vaultInit: undefined,
      masterKey: KEY,
      strays: [],
      askBackend: fleet,
      targetOf: (name) => Promise.resolve(ok(targetOf({ name }))),
      ...request,
      read: (path) => Promise.resolve(readIfThere(path)),
    },
    tools,
  );
  return {
    report,
    notes: events.flatMap((event) => (event.kind === 'note' ? [event.text] : [])),
    outcome: (id) => report.results.find((result) => result.id === id)?.outcome,
  };
}

export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

export function write(report: InventoryReport): void {
  for (const edit of report.edits) {
    mkdirSync(dirname(edit.path), { recursive: true });
    writeFileSync(edit.path, edit.after);
  }
}
