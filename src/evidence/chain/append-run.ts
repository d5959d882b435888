import { closeSync, constants, openSync, renameSync, writeFileSync } from 'node:fs';
import { sha256 } from '../../core/hash.ts';
import { hashesIn, MANIFEST, manifestText, UNFINISHED_MANIFEST } from '../manifest.ts';
import type { OwnFolder } from '../own-folder.ts';
import { SCHEMA_VERSION } from '../run-record.ts';
import { readChain } from './chain.ts';
import type { ChainLink } from './link.ts';
import { CHAIN_LOG, appendChainLog } from './log.ts';
import { CHAIN_LOCK, withChainLock } from './lock.ts';

const FILE_MODE = 0o600;
const ANEW = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;

/** A run that has ended, for its manifest. */
interface ClosedRun {
  readonly phase: string;
  readonly run: string;
  readonly closedAt: string;
  /** Its manifest is going to be signed. */
  readonly isSigned?: boolean;
}

/** Does the work that closes a run while no other process closes one in this evidence folder. Throws if that takes more than 10 s. */
export function closing<T>(root: OwnFolder, work: () => T): T {
  return withChainLock(root.at(CHAIN_LOCK), work);
}

/**
 * Appends a run to the chain, under the lock: writes its manifest, and then its line in the log. Returns the new head. A process that is
 * killed between the two leaves a link that the next run lists.
 */
export function appendRun(
  root: OwnFolder,
  own: OwnFolder,
  { phase, run, closedAt, isSigned = false }: ClosedRun,
): ChainLink {
  const { head, unlisted, joined, has } = readChain(root.at('.'));
  if (has(phase, run)) throw new Error(`${phase}/${run} is in the chain already: another run took it for cut off`);
  const text = manifestText({
    schemaVersion: SCHEMA_VERSION,
    phase,
    run,
    closedAt,
    files: hashesIn(own.at('.')),
    previous: head ?? null,
    ...(head === undefined || joined.length > 0 ? { joined } : {}),
    ...(isSigned ? { signed: true } : {}),
  });
  const file = openSync(own.at(UNFINISHED_MANIFEST), ANEW, FILE_MODE);
  try {
    writeFileSync(file, text);
  } finally {
    closeSync(file);
  }
  renameSync(own.at(UNFINISHED_MANIFEST), own.at(MANIFEST));
  const link = { phase, run, sha256: sha256(text) };
  appendChainLog(root.at(CHAIN_LOG), [...unlisted, link]);
  return link;
}
