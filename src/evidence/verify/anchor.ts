import type { ChainLink } from '../chain/link.ts';
import type { Finding } from './finding.ts';

/** Looks for the SHA-256 of an earlier head, or its first digits, among the links. The finding if it is none of them. */
export function checkAnchor(anchor: string, links: readonly ChainLink[]): Finding | undefined {
  if (links.some(({ sha256 }) => sha256.startsWith(anchor))) return undefined;
  return {
    kind: 'missing',
    path: `the head ${anchor}`,
    expected: 'a run whose manifest has this SHA-256',
    found: 'none: its run was removed or changed, or it is of another folder',
  };
}
