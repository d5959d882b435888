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
const ROW = 26;
const LABEL = 120;
const FRAME = { left: 52, right: 12, top: 26, bottom: 40, height: 220 };
const TONES = ['note', 'good', 'warn', 'bad', 'dim'] as const;
const DASHES = ['', '6 3', '2 3', '8 3 2 3', '1 4'] as const;

/** Horizontal bars. The name is read aloud instead of the picture, whose numbers are in a table beside it. */
export function barChart(name: string, unit: string, bars: readonly Bar[]): string {
  const most = Math.max(1, ...bars.map(({ value }) => value));
  const room = WIDTH - LABEL - 64;
  const rows = bars.map(({ label, value }, index) => {
    const y = index * ROW;
    const width = Math.max(1, (value / most) * room);
    return `<text x="${String(LABEL - 8)}" y="${String(y + 17)}" text-anchor="end">${escaped(shorten(label, 18))}</text><rect class="note" x="${String(LABEL)}" y="${String(y + 5)}" width="${short(width)}" height="16"/><text x="${short(LABEL + width + 6)}" y="${String(y + 17)}">${escaped(`${short(value)}${unit === '' ? '' : ` ${unit}`}`)}</text>`;
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
    const [tone, dash] = [TONES[index % TONES.length] ?? 'note', DASHES[index % DASHES.length] ?? ''];
    const path = own.map(([atX, atY]) => `${x(atX)},${y(atY)}`).join(' ');
    const dots =
      own.length > 20 ? [] : own.map(([atX, atY]) => `<circle class="${tone}" cx="${x(atX)}" cy="${y(atY)}" r="3"/>`);
    return `<polyline class="${tone}" points="${path}"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}/>${dots.join('')}`;
  });
  const legend = lines.map(({ name: own }, index) => {
    const [tone, dash] = [TONES[index % TONES.length] ?? 'note', DASHES[index % DASHES.length] ?? ''];
    const at = FRAME.height + index * 20;
    return `<polyline class="${tone}" points="${String(FRAME.left)},${String(at + 6)} ${String(FRAME.left + 28)},${String(at + 6)}"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}/><text x="${String(FRAME.left + 36)}" y="${String(at + 10)}">${escaped(shorten(own, 38))}</text>`;
  });
  const titles = `<text x="0" y="14">${escaped(axes[1])}</text><text x="${String(WIDTH - FRAME.right)}" y="${String(FRAME.height - 8)}" text-anchor="end">${escaped(axes[0])}</text>`;
  return svg(name, FRAME.height + lines.length * 20, [...ticks, ...drawn, titles, ...legend].join('\n'));
}

function svg(name: string, height: number, content: string): string {
  return `<svg class="chart" viewBox="0 0 ${String(WIDTH)} ${String(height)}" role="img" aria-label="${escaped(name)}">\n${content}\n</svg>\n`;
}

function shorten(text: string, most: number): string {
  return text.length <= most ? text : `…${text.slice(1 - most)}`;
}

/** A number with at most one decimal. */
function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}
