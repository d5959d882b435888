import { vramOf, type Gpu, type Gpus } from '../../../facts/ollama-server/gpus.ts';
import type { ModelRow } from './rows.ts';
import type { ScannedServer, StatedSettings } from './scan.ts';

// The length that `ollama list` shows.
const DIGEST_LENGTH = 12;

/** The matrix model × server as lines: the digest where a server has the model, `≠` where it is not the usual one. */
export function matrixText(rows: readonly ModelRow[], servers: readonly ScannedServer[]): string {
  return inColumns([
    ['model', 'size', 'trained context', ...servers.map(({ label }) => label)],
    ...rows.map(({ name, sizeBytes, trainedContext, cells }) => [
      name,
      sizeBytes === undefined ? '' : sizeText(sizeBytes),
      trainedContext === undefined ? '' : String(trainedContext),
      ...cells.map(({ state, model, differs }) =>
        state === 'unknown'
          ? '?'
          : state === 'absent'
            ? '–'
            : `${model?.digest === '' ? 'yes' : (model?.digest.replace(/^sha256:/, '').slice(0, DIGEST_LENGTH) ?? '')}${differs ? ' ≠' : ''}`,
      ),
    ]),
  ]);
}

/** The servers with their versions, settings and GPUs as lines. */
export function serversText(servers: readonly ScannedServer[]): string {
  return inColumns([
    ['server', 'version', 'parallel', 'models at once', 'context', 'keep alive', 'GPUs'],
    ...servers.map(({ label, answer, inspection, gpus }) => [
      label,
      answer === undefined ? 'no answer' : (answer.version ?? '?'),
      ...(inspection === undefined ? ['?', '?', '?', '?'] : settingsOf(inspection.stated)),
      `${gpus === undefined ? '?' : gpusText(gpus)}${inspection?.container === undefined ? '' : ` (the server runs in ${inspection.container})`}`,
    ]),
  ]);
}

function settingsOf(stated: StatedSettings): readonly string[] {
  const number = (value: number | undefined): string => (value === undefined ? 'not set' : String(value));
  return [
    number(stated.numParallel),
    stated.maxLoadedModels === 0 ? 'automatic' : number(stated.maxLoadedModels),
    number(stated.contextLength),
    stated.keepAlive ?? 'not set',
  ];
}

/** GPUs in words: `2 × NVIDIA A100 (80 GiB each), 160 GiB`. */
export function gpusText(gpus: Gpus): string {
  const { nvidia, amd } = gpus;
  const vramMiB = vramOf(gpus);
  if (nvidia === undefined && amd === undefined) return 'none (neither nvidia-smi nor rocm-smi is there)';
  const parts = [listText(nvidia, 'nvidia-smi'), listText(amd, 'rocm-smi')].filter((part) => part !== '');
  if (parts.length === 0) return 'none';
  return vramMiB === undefined || vramMiB === 0
    ? parts.join(', ')
    : `${parts.join(', ')}: ${memoryText(vramMiB)} of VRAM`;
}

function listText(list: readonly Gpu[] | { readonly failed: string } | undefined, program: string): string {
  if (list === undefined) return '';
  if ('failed' in list) return `unknown (${program}: ${list.failed})`;
  const counts = new Map<string, number>();
  for (const { name, vramMiB } of list) {
    const text = `${name}${vramMiB === undefined ? ', memory not stated' : ` ${memoryText(vramMiB)}`}`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].map(([text, count]) => (count === 1 ? text : `${String(count)} × ${text}`)).join(', ');
}

function memoryText(mebibytes: number): string {
  return mebibytes < 1024 ? `${String(mebibytes)} MiB` : `${String(Math.round((mebibytes / 1024) * 10) / 10)} GiB`;
}

// Decimal units, as `ollama list` has them.
function sizeText(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${String(Math.round(bytes / 1e6))} MB`;
}

function inColumns(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, index) => Math.max(...lines.map((cells) => (cells[index] ?? '').length)));
  return lines
    .map((cells) =>
      cells
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
