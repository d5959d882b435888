import { claimOf, familyOf } from '../../core/check.ts';
import { CATALOGUE } from '../../phases/preflight/catalogue.ts';
import { FAMILIES } from '../../phases/preflight/checks/families.ts';
import { EXIT } from '../exit-code.ts';
import { readManifest } from '../shipping/package-root.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { explainedCheck, listedChecks } from '../views/check-text.ts';
import { checksDocument, type CheckDescription } from '../views/checks-document.ts';
import { createPaint } from '../views/paint.ts';

/** Prints every check of preflight, one line each, by family. Asks no host and reads no file of the operator. */
export async function listChecks({ stdout, environment }: Terminal, json: boolean): Promise<number> {
  const checks = CATALOGUE.map((check) => describedCheck(check, check.id));
  const { version } = await readManifest();
  if (json) stdout.write(`${JSON.stringify(checksDocument(version, checks), undefined, 2)}\n`);
  else stdout.write(listedChecks(checks, createPaint(environment, stdout.isTty), stdout.columns()));
  return EXIT.ok;
}

/** Prints what the named checks ask, why, and how to fix it. A name is a family, or an id with or without its subject. */
export async function explainChecks(
  { stdout, environment }: Terminal,
  names: readonly string[],
  json: boolean,
): Promise<number> {
  const checks = names.flatMap((name) =>
    CATALOGUE.filter(({ id }) => id === claimOf(name) || familyOf(id) === name).map((check) =>
      describedCheck(check, claimOf(name) === check.id ? name : check.id),
    ),
  );
  const { version } = await readManifest();
  if (json) stdout.write(`${JSON.stringify(checksDocument(version, checks), undefined, 2)}\n`);
  else {
    const paint = createPaint(environment, stdout.isTty);
    stdout.write(checks.map((check) => explainedCheck(check, paint, stdout.columns())).join('\n'));
  }
  return EXIT.ok;
}

function describedCheck(
  { title, severity, why, remedy, after = [], hasSubject }: (typeof CATALOGUE)[number],
  id: string,
): CheckDescription {
  const family = familyOf(id);
  const subject = /\[(.+)\]$/s.exec(id)?.[1];
  return {
    id,
    family,
    familyTitle: FAMILIES[family] ?? family,
    // The catalogue has stand-ins for the subjects.
    title: subject === undefined ? title : title.replace(/\b(?:BACKEND|MODEL)\b/, () => subject),
    severity,
    hasSubject,
    after: after.map(claimOf),
    ...(why === undefined ? {} : { why }),
    ...(remedy === undefined ? {} : { remedy }),
  };
}
