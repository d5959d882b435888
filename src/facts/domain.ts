import type { Question } from './question.ts';

/** Names of the domains that a host is joined to (realmd, sssd); empty: it is joined to none. */
export type Domains = readonly string[];

/** Which domains it is joined to. realmd says so to anybody; sssd.conf is root's to read. */
export const domainQuestion: Question<Domains> = {
  script: `command -v realm >/dev/null && realm list --name-only
cat /etc/sssd/sssd.conf /etc/sssd/conf.d/*.conf | sed -n 's/^[[:space:]]*domains[[:space:]]*=//p' | tr ',' '\\n'
exit 0`,
  as: 'root',
  parse: ({ stdout }) => parseDomains(stdout),
};

/** Reads a name on each line; several sources name the same domain, in capitals or not. */
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
