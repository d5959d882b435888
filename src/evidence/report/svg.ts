import { escaped } from './markup.ts';

/** A bar with its label. */
export interface Bar {
  readonly label: string;
  readonly value: number;
}

/** A line of a chart: its name and its points. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [number, number])[];
}

// Wide enough for a phone without shrinking, so that text keeps its size.
const WIDTH = 360;
const ROW = 40;
/** The widest letters are as wide as the text is high, so this many fit beside the numbers of a chart, and in the lines of its legend. */
const LABEL = 28;
const LEGEND = 22;
const FRAME = { left: 62, right: 12, top: 26, bottom: 40, height: 220 };
const TONES = ['note', 'good', 'warn', 'bad', 'dim'] as const;
const DASHES = ['', '6 3', '2 3', '8 3 2 3', '1 4'] as const;

/** Horizontal bars. The name is read aloud instead of the picture, whose numbers are in a table beside it. */
export function barChart(name: string, unit: string, bars: readonly Bar[]): string {
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const room = WIDTH - 64;
  const labels = labelsOf(
    bars.map(({ label }) => label),
    LABEL,
  );
  const rows = bars.map(({ value }, index) => {
    const y = index * ROW;
    const width = Math.max(1, (value / most) * room);
    return `<text x="0" y="${String(y + 14)}">${escaped(labels[index] ?? '')}</text><rect class="note" x="0" y="${String(y + 19)}" width="${short(width)}" height="14"/><text x="${short(width + 6)}" y="${String(y + 30)}">${escaped(`${short(value)}${unit === '' ? '' : ` ${unit}`}`)}</text>`;
  });
  return svg(name, bars.length * ROW, rows.join('\n'));
}

/** Lines over an axis from zero. Lines differ in their dashes, too, for people who see no colours. */
export function lineChart(name: string, axes: readonly [string, string], lines: readonly Line[]): string {
  const points = lines.flatMap((line) => line.points);
  const [mostX, mostY] = [0, 1].map((axis) => Math.max(1, ...points.map((point) => point[axis] ?? 0)));
  const plot = { width: WIDTH - FRAME.left - FRAME.right, height: FRAME.height - FRAME.top - FRAME.bottom };
  const x = (value: number): string => short(FRAME.left + (value / (mostX ?? 1)) * plot.width);
  const y = (value: number): string => short(FRAME.top + plot.height - (value / (mostY ?? 1)) * plot.height);
  const ticks = [0, 0.5, 1].map((part) => {
    const [atX, atY] = [part * (mostX ?? 1), part * (mostY ?? 1)];
    return `<line class="grid" x1="${String(FRAME.left)}" x2="${String(WIDTH - FRAME.right)}" y1="${y(atY)}" y2="${y(atY)}"/><text x="${String(FRAME.left - 6)}" y="${y(atY)}" dy="4" text-anchor="end">${short(atY)}</text><text x="${x(atX)}" y="${String(FRAME.height - FRAME.bottom + 16)}" text-anchor="${part === 1 ? 'end' : part === 0 ? 'start' : 'middle'}">${short(atX)}</text>`;
  });
  const drawn = lines.map(({ points: own }, index) => {
    const [tone, dash] = looksOf(index);
    const path = own.map(([atX, atY]) => `${x(atX)},${y(atY)}`).join(' ');
    const dots =
      own.length > 20 ? [] : own.map(([atX, atY]) => `<circle class="${tone}" cx="${x(atX)}" cy="${y(atY)}" r="3"/>`);
    return `<polyline class="${tone}" points="${path}"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}/>${dots.join('')}`;
  });
  const names = labelsOf(
    lines.map((line) => line.name),
    LEGEND,
  );
  const legend = lines.map((_, index) => {
    const [tone, dash] = looksOf(index);
    const at = FRAME.height + index * 20;
    return `<polyline class="${tone}" points="${String(FRAME.left)},${String(at + 6)} ${String(FRAME.left + 28)},${String(at + 6)}"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}/><text x="${String(FRAME.left + 36)}" y="${String(at + 10)}">${escaped(names[index] ?? '')}</text>`;
  });
  const titles = `<text x="0" y="14">${escaped(axes[1])}</text><text x="${String(WIDTH - FRAME.right)}" y="${String(FRAME.height - 8)}" text-anchor="end">${escaped(axes[0])}</text>`;
  return svg(name, FRAME.height + lines.length * 20, [...ticks, ...drawn, titles, ...legend].join('\n'));
}

function svg(name: string, height: number, content: string): string {
  return `<svg class="chart" viewBox="0 0 ${String(WIDTH)} ${String(height)}" role="img" aria-label="${escaped(name)}">\n${content}\n</svg>\n`;
}

/** Colour and dashes of a line: the first five differ in both, and 25 in one of them. */
function looksOf(index: number): readonly [string, string] {
  const round = Math.floor(index / TONES.length);
  return [TONES[index % TONES.length] ?? 'note', DASHES[(index + round) % DASHES.length] ?? ''];
}

/** Names that fit, with a number where two would be the same. The table beside the chart has them whole, in the same order. */
function labelsOf(names: readonly string[], most: number): readonly string[] {
  const cut = names.map((name) => shorten(name, most));
  if (new Set(cut).size === new Set(names).size) return cut;
  return names.map((name, index) => {
    const number = `${String(index + 1)}: `;
    return `${number}${shorten(name, most - number.length)}`;
  });
}

/** A name without its middle: servers of a domain have the same end, and models of a family the same beginning. */
function shorten(name: string, most: number): string {
  const letters = Array.from(name);
  const kept = (most - 1) / 2;
  return letters.length <= most
    ? name
    : `${letters.slice(0, Math.ceil(kept)).join('')}…${letters.slice(-Math.floor(kept)).join('')}`;
}

/** A number with at most one decimal. */
function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}
