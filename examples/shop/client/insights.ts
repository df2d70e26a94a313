import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  type ChartConfiguration,
  Legend,
  LinearScale,
  Tooltip,
} from 'chart.js';

Chart.register(BarController, BarElement, CategoryScale, Legend, LinearScale, Tooltip);

type Cell = string | number | null;
type Row = Record<string, Cell>;
interface Answers {
  readonly totals: Row;
  readonly [question: string]: Row | readonly Row[];
}

/** How the rows of a question are drawn: a label for each, and the columns that become bars. */
interface Drawing {
  readonly label: (row: Row) => string;
  readonly bars: readonly { readonly name: string; readonly column: string; readonly colour: string }[];
  readonly isHorizontal?: boolean;
  readonly isStacked?: boolean;
  readonly unit?: string;
  readonly maxRows?: number;
}

const drawings: Record<string, Drawing> = {
  funnel: {
    label: (row) => String(row.name),
    bars: [{ name: 'Visitors', column: 'visitors', colour: '--accent' }],
    isHorizontal: true,
  },
  headlines: {
    label: (row) => String(row.variant),
    bars: [
      { name: 'Followed, % of seen', column: 'click_percent', colour: '--accent' },
      { name: 'Read, % of followed', column: 'read_percent', colour: '--second' },
    ],
    isHorizontal: true,
    unit: '%',
  },
  orders: {
    label: (row) => String(row.told_by),
    bars: [{ name: 'Orders', column: 'orders', colour: '--accent' }],
    isHorizontal: true,
  },
  engagement: {
    label: (row) => String(row.page),
    bars: [{ name: 'Engaged seconds', column: 'avg_engaged_seconds', colour: '--second' }],
    isHorizontal: true,
    maxRows: 10,
    unit: ' s',
  },
  forms: {
    label: (row) => String(row.form),
    bars: [
      { name: 'Sent', column: 'submitted', colour: '--second' },
      { name: 'Given up', column: 'abandoned', colour: '--accent' },
    ],
    isHorizontal: true,
    isStacked: true,
  },
  vitals: {
    label: (row) => String(row.page),
    bars: [{ name: 'Largest paint', column: 'lcp_ms', colour: '--second' }],
    isHorizontal: true,
    maxRows: 10,
    unit: ' ms',
  },
  media: {
    label: (row) => String(row.asset),
    bars: [{ name: 'Share played', column: 'avg_played_percent', colour: '--second' }],
    isHorizontal: true,
    unit: ' %',
  },
  rage: {
    label: (row) => `${row.page} ${String(row.element).split(' > ').at(-1)}`,
    bars: [{ name: 'Times', column: 'times', colour: '--accent' }],
    isHorizontal: true,
  },
  sources: {
    label: (row) => new Date(String(row.minute)).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' }),
    bars: [
      { name: 'Browser', column: 'browser', colour: '--second' },
      { name: 'Server', column: 'server', colour: '--accent' },
    ],
    isStacked: true,
  },
};

/** A custom property as a colour that a canvas knows: the browser resolves `light-dark()`, we do not. */
function colour(property: string): string {
  refresh.style.setProperty('outline-color', `var(${property})`);
  const resolved = getComputedStyle(refresh).outlineColor;
  refresh.style.removeProperty('outline-color');
  return resolved;
}

const drawn = new Map<string, Chart>();
const refresh = document.getElementById('refresh') as HTMLButtonElement;
const problem = document.getElementById('problem') as HTMLElement;

refresh.addEventListener('click', () => void load());
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => void load());
Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
void document.fonts.ready.then(load);

async function load(): Promise<void> {
  refresh.disabled = true;
  try {
    const response = await fetch(`/insights/data.json${location.search}`);
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    show((await response.json()) as Answers);
    problem.hidden = true;
  } catch (error) {
    problem.textContent = `No answer: ${error instanceof Error ? error.message : error}. The figures below may be old.`;
    problem.hidden = false;
  } finally {
    refresh.disabled = false;
  }
}

function show(answers: Answers): void {
  for (const figure of document.querySelectorAll<HTMLElement>('[data-total]')) {
    const name = figure.dataset.total ?? '';
    figure.textContent = totalText(name, answers.totals[name] ?? null);
  }
  for (const section of document.querySelectorAll<HTMLElement>('[data-question]')) {
    const name = section.dataset.question ?? '';
    const rows = answers[name] as readonly Row[];
    section.toggleAttribute('data-empty', rows.length === 0);
    if (name === 'blocked') {
      showBlocked(section, rows[0]);
      continue;
    }
    const drawing = drawings[name];
    if (drawing) draw(name, section, drawing, rows);
    fillTable(section.querySelector('table') as HTMLTableElement, rows);
  }
  const asked = document.getElementById('asked');
  if (asked) asked.textContent = `Asked at ${new Date().toLocaleTimeString('en-GB')}`;
}

/** Four numbers that are never one, and the share that one of them makes, with how sure it is. */
function showBlocked(section: HTMLElement, row: Row | undefined): void {
  const fates = ['confirmed', 'declined', 'bot', 'unconfirmed'].map(
    (name) => [name, Number(row?.[name] ?? 0)] as const,
  );
  const total = fates.reduce((sum, [, count]) => sum + count, 0);
  for (const [name, count] of fates) {
    const bar = section.querySelector<HTMLElement>(`.fate[data-fate=${name}]`);
    const figure = section.querySelector(`[data-fate-count=${name}]`);
    bar?.style.setProperty('flex-grow', String(count));
    if (bar) bar.hidden = count === 0;
    if (figure) figure.textContent = row ? count.toLocaleString('en') : '–';
  }
  section.toggleAttribute('data-none', total === 0);

  const { percent = null, percent_low: low = null, percent_high: high = null, expected = null } = row ?? {};
  const text = (name: string, words: string): void => {
    const element = section.querySelector(`[data-share=${name}]`);
    if (element) element.textContent = words;
  };
  text('percent', percent === null ? '–' : `${percent} %`);
  text(
    'words',
    percent === null
      ? 'No page was served yet to anybody who had said yes.'
      : `of ${Number(expected).toLocaleString('en')} page views that came with a yes. With 95 % certainty between ${low} and ${high} %.`,
  );
  const interval = section.querySelector<HTMLElement>('.interval');
  interval?.style.setProperty('--low', String(low ?? 0));
  interval?.style.setProperty('--high', String(high ?? 0));
  interval?.style.setProperty('--point', String(percent ?? 0));
  interval?.toggleAttribute('data-none', percent === null);
}

function totalText(name: string, value: Cell): string {
  if (value === null) return '–';
  if (name === 'revenue') {
    return Number(value).toLocaleString('en-IE', { style: 'currency', currency: 'EUR', maximumFractionDigits: 0 });
  }
  return name === 'abandonment_percent' ? `${value} %` : Number(value).toLocaleString('en');
}

function draw(name: string, section: HTMLElement, drawing: Drawing, allRows: readonly Row[]): void {
  const rows = allRows.slice(0, drawing.maxRows ?? allRows.length);
  const thickness = drawing.bars.length > 1 && !drawing.isStacked ? 9 : 16;
  const value = { beginAtZero: true, grid: { color: colour('--line') }, border: { display: false } };
  const label = { grid: { display: false }, border: { color: colour('--line') } };
  const config: ChartConfiguration<'bar', (number | null)[], string> = {
    type: 'bar',
    data: {
      labels: rows.map((row) => shorten(drawing.label(row))),
      datasets: drawing.bars.map((bar) => ({
        label: bar.name,
        data: rows.map((row) => row[bar.column] as number | null),
        backgroundColor: colour(bar.colour),
        borderRadius: 3,
        maxBarThickness: thickness,
      })),
    },
    options: {
      animation: false,
      maintainAspectRatio: false,
      indexAxis: drawing.isHorizontal ? 'y' : 'x',
      color: colour('--ink'),
      scales: {
        [drawing.isHorizontal ? 'x' : 'y']: {
          ...value,
          stacked: drawing.isStacked ?? false,
          ticks: ticks(drawing.unit ?? ''),
        },
        [drawing.isHorizontal ? 'y' : 'x']: {
          ...label,
          stacked: drawing.isStacked ?? false,
          ticks: { color: colour('--soft') },
        },
      },
      plugins: {
        legend: {
          display: drawing.bars.length > 1,
          position: 'bottom',
          labels: { boxWidth: 10, boxHeight: 10, color: colour('--ink') },
        },
      },
    },
  };
  const canvas = section.querySelector('canvas') as HTMLCanvasElement;
  const space = drawing.isHorizontal ? rows.length * 34 + (drawing.bars.length > 1 ? 70 : 40) : 260;
  canvas.parentElement?.style.setProperty('height', `${Math.max(space, 140)}px`);
  drawn.get(name)?.destroy();
  drawn.set(name, new Chart(canvas, config));

  function ticks(unit: string) {
    return {
      color: colour('--soft'),
      precision: 0,
      maxRotation: 0,
      callback: (amount: string | number) => `${amount}${unit}`,
    };
  }
}

const shorten = (text: string): string => (text.length > 26 ? `${text.slice(0, 25)}…` : text);

function fillTable(table: HTMLTableElement, rows: readonly Row[]): void {
  const [first] = rows;
  table.replaceChildren();
  if (!first) {
    table.createCaption().textContent = 'No events yet. Visit the shop, or run the driver.';
    return;
  }
  const header = table.createTHead().insertRow();
  for (const name of Object.keys(first)) {
    const cell = document.createElement('th');
    cell.scope = 'col';
    cell.textContent = name.replaceAll('_', ' ');
    cell.className = typeof first[name] === 'number' ? 'number' : '';
    header.append(cell);
  }
  const body = table.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const [name, value] of Object.entries(row)) {
      const cell = line.insertCell();
      cell.className = typeof value === 'string' ? '' : 'number';
      cell.textContent =
        name === 'minute' ? new Date(String(value)).toLocaleString('en-GB') : (value?.toLocaleString('en') ?? '–');
    }
  }
}
