import { Writable } from 'node:stream';
import { noCounts, noUsage, type Run } from '@apwa/contracts';
import { aRun, aStep } from '../../test/support/runs.js';
import { barText, TerminalDisplay } from './terminal-display.js';

/** As much of a terminal as is needed to see what stands on it: a cursor that moves, lines, and erasing. */
class Screen extends Writable {
  readonly isTTY = true;
  readonly columns = 120;
  cursorShown = true;
  private lines: string[] = [''];
  private row = 0;
  private column = 0;

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    // eslint-disable-next-line no-control-regex
    for (const [piece] of chunk.toString('utf8').matchAll(/\x1b\[\??\d*(?:;\d+)?[A-Za-z]|\n|\r|[^\x1b\n\r]+/g)) this.take(piece);
    done();
  }

  get text(): string[] {
    return this.lines.map((line) => line.trimEnd()).filter(Boolean);
  }

  private take(piece: string): void {
    const count = Number(/\d+/.exec(piece)?.[0] ?? 1);
    if (piece === '\n') [this.row, this.column] = [this.row + 1, 0];
    else if (piece === '\r' || piece.endsWith('G')) this.column = 0;
    else if (piece.endsWith('A') && piece.startsWith('\x1b')) this.row -= count;
    else if (piece === '\x1b[?25l' || piece === '\x1b[?25h') this.cursorShown = piece.endsWith('h');
    else if (piece === '\x1b[2K') this.lines[this.row] = '';
    else if (piece === '\x1b[K' || piece === '\x1b[0K') this.lines[this.row] = (this.lines[this.row] ?? '').slice(0, this.column);
    else if (!piece.startsWith('\x1b')) this.print(piece);
    while (this.lines.length <= this.row) this.lines.push('');
  }

  private print(text: string): void {
    const line = (this.lines[this.row] ?? '').padEnd(this.column);
    this.lines[this.row] = line.slice(0, this.column) + text + line.slice(this.column + text.length);
    this.column += text.length;
  }
}

const counts = (ok: number, failed = 0) => ({
  ...noCounts(),
  ok,
  failed,
  calls: ok,
  usage: { ...noUsage(), input: 10 * ok },
  costUsd: 0.5,
});
const show = (display: TerminalDisplay, run: Run) => display.show({ type: 'run', run });

describe('bars', () => {
  let screen: Screen;
  let display: TerminalDisplay;
  beforeEach(() => {
    screen = new Screen();
    display = new TerminalDisplay(screen as unknown as NodeJS.WriteStream, () => 10_000);
  });
  afterEach(() => {
    display.close();
    screen.destroy();
  });

  it('should be drawn in place, with what is said above them, and stay when the run has ended', () => {
    const run = aRun();
    const steps = [aStep({ counts: counts(750) }), aStep({ id: 'by_label', kind: 'sql', state: 'waiting', rows: null })];
    show(display, { ...run, state: 'planning' });
    show(display, { ...run, steps });
    display.say('first\nsecond');
    show(display, { ...run, steps: [aStep({ counts: counts(1_497, 3), state: 'succeeded' })], state: 'succeeded' });
    display.close();
    expect(screen.text).toEqual([
      `${run.id} · planning`,
      'first',
      'second',
      `labels   ${'█'.repeat(24)} 1,500/1,500 · 150 rows/s · 3 failed · 14,970 tokens · $0.50`,
      expect.stringMatching(/^by_label ░{24} waiting$/),
      'succeeded · 10 s · 1,497 calls · 14,970 tokens · $0.50',
    ]);
  });

  it('should wrap what is said above them, for the terminal would cut it off', () => {
    show(display, aRun({ steps: [aStep()] }));
    display.say(`${'a'.repeat(119)}b\n${'c'.repeat(119)}`);
    display.close();
    expect(screen.text.slice(0, 3)).toEqual(['a'.repeat(119), 'b', 'c'.repeat(119)]);
  });

  it('should hide the cursor while they are there, and give it back', () => {
    show(display, aRun({ steps: [aStep()] }));
    expect(screen.cursorShown).toBe(false);
    display.close();
    expect(screen.cursorShown).toBe(true);
  });

  it('should show the plan once', () => {
    const plan: Run['plan'] = { version: 1, steps: [{ id: 'a', kind: 'sql', inputs: ['t'], query: 'SELECT 1' }], outputs: ['a'] };
    const run = aRun({ plan });
    show(display, run);
    show(display, run);
    expect(screen.text.filter((line) => line.includes('a (sql) of t'))).toHaveLength(1);
  });
});

it('should say what a step waits for', () => {
  expect(barText(aStep({ waitingFor: 'no member of pool default has joined' }), 0)).toContain('no member of pool default');
  expect(barText(aStep({ state: 'waiting', rows: null }), 0)).toBe('waiting');
});
