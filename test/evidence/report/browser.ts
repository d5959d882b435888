import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** The browser: the one that the environment names, else Debian's. */
export const CHROMIUM = [process.env['HXLLM_CHROMIUM_BIN'], '/usr/bin/chromium'].find(
  (path) => path !== undefined && existsSync(path),
);

/** The line about tests that need a browser. */
export const CHROMIUM_LEFT_OUT =
  'LEFT OUT: the pages in a browser (there is none here; apt-get install chromium, or HXLLM_CHROMIUM_BIN=/path/to/chromium)';

/** The faults that a browser and axe find in a page, in words. */
export interface Looked {
  /** Elements that are wider than the window, or whose text is cut off. */
  readonly cutOff: readonly string[];
  /** Texts that lie on each other. */
  readonly overlapping: readonly string[];
  /** Violations of axe's rules. */
  readonly violations: readonly string[];
}

/** Runs in the page, and leaves its findings in an element of the document. */
const LOOK = `
const words = (element) => element.tagName.toLowerCase() + ' "' + element.textContent.trim().slice(0, 40) + '"';
const all = [...document.body.querySelectorAll('*')].filter((one) => one.checkVisibility({ visibilityProperty: true }));
const hidden = (one) => getComputedStyle(one).clipPath !== 'none' || one.closest('thead') !== null && getComputedStyle(one.closest('thead')).clipPath !== 'none';
const shown = all.filter((one) => !hidden(one) && !one.closest('svg'));
const width = document.documentElement.clientWidth;
const isOutside = (box) => box.right > width + 1 || box.left < -1 || box.top + scrollY < -1;
const hides = (one) => one.clientWidth > 0 && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1 && getComputedStyle(one).overflowY !== 'visible');
const isBeyond = (one) => { const [box, frame] = [one.getBoundingClientRect(), one.ownerSVGElement.getBoundingClientRect()];
  return box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1; };
const cutOff = [...shown.filter((one) => isOutside(one.getBoundingClientRect()) || hides(one)), ...all.filter((one) => one.ownerSVGElement && isBeyond(one))].map(words);
const texts = [...all].filter((one) => !hidden(one) && [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ''));
const boxes = texts.flatMap((one) => [...one.childNodes].filter((node) => node.nodeType === 3 && node.data.trim() !== '').flatMap((node) => {
  const range = document.createRange(); range.selectNodeContents(node);
  return [...range.getClientRects()].map((box) => ({ one, box }));
}));
const overlapping = [];
for (let a = 0; a < boxes.length; a += 1) for (let b = a + 1; b < boxes.length; b += 1) {
  const [p, q] = [boxes[a].box, boxes[b].box];
  if (boxes[a].one === boxes[b].one) continue;
  const [across, down] = [Math.min(p.right, q.right) - Math.max(p.left, q.left), Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top)];
  if (across > 2 && down > 0.4 * Math.min(p.height, q.height)) overlapping.push(words(boxes[a].one) + ' and ' + words(boxes[b].one));
}
const done = (violations) => {
  const out = document.createElement('pre'); out.id = 'looked';
  out.textContent = btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify({ cutOff, overlapping, violations }))));
  document.body.append(out);
};
axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => done(violations.map(({ id, nodes }) => id + ': ' + nodes[0].html.slice(0, 100))), (error) => done(['axe: ' + error]));
`;

/** Saves a picture of the upper part of a page in a window of this width, for people to look at. */
export async function savePicture(html: string, width: number, file: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hxllm-picture-'));
  try {
    await writeFile(join(folder, 'page.html'), html);
    await promisify(execFile)(
      CHROMIUM ?? '',
      [
        '--headless=new',
        '--no-sandbox',
        '--disable-gpu',
        '--hide-scrollbars',
        `--user-data-dir=${join(folder, 'profile')}`,
        `--window-size=${String(width)},2400`,
        `--screenshot=${file}`,
        `file://${join(folder, 'page.html')}`,
      ],
      { timeout: 120_000 },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Opens a page in a window of this width; `print`: with the rules of paper. */
export async function lookAt(html: string, width: number, print = false): Promise<Looked> {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const folder = await mkdtemp(join(tmpdir(), 'hxllm-page-'));
  try {
    // The page forbids scripts, and the style of paper counts on paper alone: the copy has neither rule.
    const open = html.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, '');
    const styled = print ? open.replace('@media print', '@media all') : open;
    const file = join(folder, 'page.html');
    await writeFile(
      file,
      styled.replace('</body>', () => `<script>${axe}</script><script>${LOOK}</script></body>`),
    );
    const { stdout } = await promisify(execFile)(
      CHROMIUM ?? '',
      [
        '--headless=new',
        '--no-sandbox',
        '--disable-gpu',
        `--user-data-dir=${join(folder, 'profile')}`,
        `--window-size=${String(width)},900`,
        '--virtual-time-budget=20000',
        '--dump-dom',
        `file://${file}`,
      ],
      { timeout: 120_000, maxBuffer: 64 * 1024 * 1024 },
    );
    const [, found] = /<pre id="looked">([^<]*)<\/pre>/.exec(stdout) ?? [];
    if (found === undefined) throw new Error(`the page did not come to its end: ${stdout.slice(-300)}`);
    return JSON.parse(Buffer.from(found, 'base64').toString('utf8')) as Looked;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
