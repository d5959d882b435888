import { fileDifferences } from '../core/file-difference.ts';
import { sha256 } from '../core/hash.ts';
import { Secret } from '../core/secret.ts';
import type { Entry } from '../facts/installation/installation.ts';
import { contentText, type DesiredFile } from '../render/content.ts';
import type { Desired } from '../render/desired.ts';
import { modeText, ownerText } from './mode.ts';
import type { Step } from './plan.ts';
import type { Actual } from './actual.ts';

/** A step for each rendered file that differs in content, owner or mode. A secret's content is never in the detail. */
export function planFiles({ files }: Desired, { installation }: Actual): readonly Step[] {
  return files.flatMap((file): readonly Step[] => {
    const entry = installation.entries.get(file.path);
    const text = contentText(file.content);
    const id = `files.${file.name}`;
    if (file.content.kind === 'kept') return keptSteps(file, id, entry);
    if (text === undefined)
      return [
        {
          id,
          title: `write ${file.path}`,
          detail: '[redacted]',
          stage: 'switch',
          verb: 'write',
          actions: [],
          blocked: shownWhy(file),
        },
      ];
    const { owner, group, mode } = file;
    const details = fileDifferences({ owner, group, mode, text, isSecret: file.content.kind === 'secret' }, entry);
    if (details.length === 0) return [];
    const { path } = file;
    return [
      {
        id,
        title: `write ${path}`,
        detail: details.join('\n'),
        stage: 'switch',
        verb: 'write',
        actions: [
          { kind: 'write', path, owner, group, mode, text: file.content.kind === 'secret' ? new Secret(text) : text },
        ],
      },
    ];
  });
}

// Its text stays on the host, so only its owner and mode can differ.
function keptSteps({ path, owner, group, mode }: DesiredFile, id: string, entry: Entry | undefined): readonly Step[] {
  if (entry === undefined) return [];
  const [expected, found] = [
    `${ownerText({ owner, group }, entry)} ${modeText(mode)}`,
    `${entry.owner}:${entry.group} ${modeText(entry.mode)}`,
  ];
  if (expected === found) return [];
  return [
    {
      id,
      title: `set owner and mode of ${path}`,
      detail: `expected ${expected}, found ${found}`,
      stage: 'switch',
      verb: 'change',
      actions: [
        { kind: 'command', argv: ['chown', '--', ownerText({ owner, group }, entry), path] },
        { kind: 'command', argv: ['chmod', '--', modeText(mode), path] },
      ],
    },
  ];
}

/** The SHA-256 that a file should have. If it cannot be rendered now, the SHA-256 that it has. */
export function desiredHash(file: DesiredFile, entry: Entry | undefined): string {
  const text = contentText(file.content);
  return text === undefined ? (entry?.sha256 ?? '') : sha256(text);
}

function shownWhy(file: DesiredFile): string {
  return file.content.kind === 'unknown' ? file.content.why : '';
}
