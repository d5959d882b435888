import { isRun } from '../run-name.ts';

/** A closed run as a link of the chain: its place below the evidence folder, and the SHA-256 of its manifest. */
export interface ChainLink {
  readonly phase: string;
  readonly run: string;
  readonly sha256: string;
}

/** The place of a run below the evidence folder: `enforce/20261123T231500Z`. */
export function placeOfRun({ phase, run }: Pick<ChainLink, 'phase' | 'run'>): string {
  return `${phase}/${run}`;
}

/** The link in a value of JSON; `undefined` if it is none, or has other members. */
export function linkOf(value: Readonly<Record<string, unknown>>): ChainLink | undefined {
  const { phase, run, sha256, ...more } = value;
  if (typeof phase !== 'string' || typeof run !== 'string' || typeof sha256 !== 'string') return undefined;
  if (!isPhase(phase) || !isRun(run) || !/^[0-9a-f]{64}$/.test(sha256) || Object.keys(more).length > 0)
    return undefined;
  return { phase, run, sha256 };
}

/** Whether a folder may have the runs of a phase. */
export function isPhase(name: string): boolean {
  return /^[a-z][a-z-]*$/.test(name);
}

/** Whether two links are the same run with the same manifest. */
export function isSameLink(a: ChainLink, b: ChainLink): boolean {
  return a.phase === b.phase && a.run === b.run && a.sha256 === b.sha256;
}
