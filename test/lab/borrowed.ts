import { after, before } from 'node:test';
import { down, openLab, up, type Lab } from './lab.ts';
import type { Directory } from './directory.ts';
import { takeLease } from './lease.ts';
import type { HostName } from './place.ts';
import { findRealOllama, labTestsLeftOut, type OllamaKind } from './requirements.ts';
import type { LabHost } from './host/host.ts';

/** A fresh lab for one test file, from before its first test until after its last. */
export interface BorrowedLab {
  host(name: HostName): LabHost;
  /** The domain controller; only of a lab that was borrowed with one. */
  directory(): Directory;
  /** Options for every test that needs the lab: if there can be none, the test counts as skipped, with the reason. */
  readonly only: { readonly skip: string | false };
}

/** Borrows the lab for the test file that calls it; it may be called once in a file. */
export function borrowLab(ollama: OllamaKind = 'sim', part: { readonly directory?: true } = {}): BorrowedLab {
  const reason = leftOut(ollama);
  let lab: Lab | undefined;
  if (reason === undefined) {
    let giveBack = (): void => undefined;
    before(async () => {
      const lease = takeLease();
      if (!lease.ok) throw new Error(explain(lease.problems[0]));
      giveBack = () => lease.value.release();
      // In CI an existing lab is left over from an earlier run; elsewhere it may be a person's work.
      if (openLab() !== undefined && process.env['CI'] !== 'true')
        throw new Error('a lab is up already, and the tests want one of their own: npm run lab -- down');
      await down();
      const result = await up({
        ollama,
        ...part,
        signal: AbortSignal.timeout(300_000),
        say: (line) => process.stderr.write(`lab: ${line}\n`),
      });
      if (!result.ok) throw new Error(explain(result.problems[0]));
      lab = result.value;
    });
    after(async () => {
      if (lab !== undefined) await down();
      giveBack();
    });
  }
  return {
    host: (name) => {
      if (lab === undefined) throw new Error('the lab is not up');
      return lab.host(name);
    },
    directory: () => {
      if (lab?.directory === undefined) throw new Error('the lab has no domain controller');
      return lab.directory;
    },
    only: { skip: reason ?? false },
  };
}

function leftOut(ollama: OllamaKind): string | undefined {
  const reason = labTestsLeftOut();
  if (reason !== undefined || ollama === 'sim') return reason;
  const real = findRealOllama();
  return real.ok ? undefined : real.problems[0].summary;
}

function explain(problem: { readonly summary: string; readonly detail: string; readonly fix: string }): string {
  return `${problem.summary}: ${problem.detail}; ${problem.fix}`;
}
