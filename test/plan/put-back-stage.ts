import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { applyPlan, type Applied } from '../../src/apply/apply.ts';
import { planTakeOver } from '../../src/plan/take-over.ts';
import type { Actual } from '../../src/plan/actual.ts';
import type { Action, Plan, Step } from '../../src/plan/plan.ts';
import { createLocalHost } from '../../src/remote/local/host.ts';
import type { Desired } from '../../src/render/desired.ts';

/** How put-back.sh ended. */
export interface Ended {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder that stands for the root of a host; `systemctl` and `id` are programs that write down how they were called. */
export interface PutBackStage {
  readonly root: string;
  put(path: string, text: string): void;
  link(path: string, target: string): void;
  /** Carries out the copy of a take-over. */
  copy(desired: Desired, actual: Actual): Promise<Applied>;
  /** Runs the put-back.sh of the newest copy. */
  putBack(): Ended;
  /** The calls of systemctl since the last time, without those that only ask. */
  calls(): readonly string[];
  /** Every path below a folder of the host with kind, owner, mode and content. */
  tree(folder: string): readonly string[];
}

/** The owner of things that belong to a deleted user: only root can give files away. */
export const DELETED = process.getuid?.() === 0 ? 54_321 : (process.getuid?.() ?? 0);

export function makePutBackStage(context: TestContext): PutBackStage {
  const root = mkdtempSync(join(tmpdir(), 'hxllm-put-back-'));
  context.after(() => {
    rmSync(root, { recursive: true });
  });
  mkdirSync(join(root, 'run'));
  const place = (path: string): string => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    return join(root, path);
  };
  for (const [name, text] of [
    ['systemctl', `case $1 in is-active) echo active;; *) printf '%s\\n' "$*" >> "${root}/calls";; esac`],
    ['id', 'echo 0'],
  ] as const) {
    writeFileSync(place(`bin/${name}`), `#!/bin/sh\n${text}\n`);
    chmodSync(place(`bin/${name}`), 0o755);
  }
  const below = (text: string): string =>
    text.replaceAll(/(?<![\w/])\/(?=(?:etc|opt|run|var)(?:[/\s']|$))/g, `${root}/`);
  const moved = (action: Action): Action =>
    action.kind === 'copy'
      ? {
          ...action,
          paths: action.paths.map(below),
          folders: action.folders.map(below),
          folder: below(action.folder),
          // The copies are below the folder at their full paths.
          putBack: below(action.putBack).replaceAll(`$folder/files${root}`, '$folder/files'),
        }
      : action;
  return {
    root,
    put: (path, text) => {
      writeFileSync(place(path), text);
    },
    link: (path, target) => {
      symlinkSync(target, place(path));
    },
    copy: (desired, actual) => {
      const steps = planTakeOver(desired, actual).prepare.map((step): Step => ({
        ...step,
        actions: step.actions.map(moved),
      }));
      const plan: Plan = {
        command: 'hxllm enforce',
        steps,
        recover: { before: [], after: [] },
        hasPrevious: true,
        keepFolder: join(root, 'previous'),
      };
      return applyPlan(plan, createLocalHost('here', process.env), {
        recorder: { event: () => undefined, file: () => undefined },
        signal: new AbortController().signal,
        nowMs: () => 0,
        nonce: crypto.randomUUID(),
        record: { file: join(root, 'record'), id: 'a'.repeat(32) },
      });
    },
    putBack: () => {
      const folder = readdirSync(join(root, 'var/backups')).toSorted().at(-1) ?? '';
      const ran = spawnSync('sh', [join(root, 'var/backups', folder, 'put-back.sh')], {
        encoding: 'utf8',
        env: { ...process.env, PATH: `${root}/bin:${process.env['PATH'] ?? ''}` },
      });
      return { exitCode: ran.status, stdout: ran.stdout, stderr: ran.stderr };
    },
    calls: () => {
      const lines = execFileSync('sh', ['-c', 'cat "$0/calls" 2>/dev/null; rm -f "$0/calls"', root], {
        encoding: 'utf8',
      });
      return lines.split('\n').filter((line) => line !== '');
    },
    tree: (folder) => describe(root, folder),
  };
}

function describe(root: string, path: string): readonly string[] {
  const full = join(root, path);
  const stats = lstatSync(full);
  const head = `${path} ${(stats.mode & 0o7777).toString(8)} ${String(stats.uid)}:${String(stats.gid)}`;
  if (stats.isSymbolicLink()) return [`${path} -> ${readlinkSync(full)}`];
  if (!stats.isDirectory()) return [`${head} ${readFileSync(full, 'utf8')}`];
  return [
    head,
    ...readdirSync(full)
      .toSorted()
      .flatMap((name) => describe(root, `${path}/${name}`)),
  ];
}
