import type { Question } from './question.ts';

/** Names of the domains that a host has joined (realmd, sssd). Empty: none. */
export type Domains = readonly string[];

/** The domains that the host has joined. realmd answers every user; sssd.conf is readable only for root. */
export const domainQuestion: Question<Domains> = {
  script: `command -v realm >/dev/null && realm list --name-only
cat /etc/sssd/sssd.conf /etc/sssd/conf.d/*.conf | sed -n 's/^[[:space:]]*domains[[:space:]]*=//p' | tr ',' '\\n'
exit 0`,
  as: 'root',
  parse: ({ stdout }) => parseDomains(stdout),
};

/** Parses one name on each line. Duplicates are removed without case: several sources name the same domain. */
export function parseDomains(text: string): Domains {
  return [
    ...new Set(
      text
        .split('\n')
        .map((line) => line.trim().toLowerCase())
        .filter((name) => name !== ''),
    ),
  ];
}
