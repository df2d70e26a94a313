// What the measures need inside the page. It runs before the tracker, and touches nothing trackers use.

window.longTasks = [];
const observer = new PerformanceObserver((list) => window.longTasks.push(...list.getEntries()));
observer.observe({ type: 'longtask' });

const eventsPerTask = 10;
let source = '';

/** Ten properties, as a shop sends them. */
const propertiesOf = (marker, index) => ({
  marker,
  product_id: `sku-${index}`,
  name: 'Trail Running Shoe, light grey',
  category: 'shoes/running/trail',
  brand: 'Northwind',
  price: 129.9,
  quantity: 1 + (index % 3),
  position: index,
  currency: 'EUR',
  is_member: index % 2 === 0,
});

const nextTask = () => new Promise((resolve) => setTimeout(resolve));

/** Calls `act` with the properties of ten events, task after task. */
async function inTasks(markers, act) {
  for (let at = 0; at < markers.length; at += eventsPerTask) {
    act(markers.slice(at, at + eventsPerTask).map(propertiesOf), at / eventsPerTask);
    await nextTask();
  }
}

/** Runs `text` as an inline script, in a task of its own; resolves with how long that blocked the page. */
const run = (text) =>
  new Promise((resolve) => {
    setTimeout(() => {
      const script = document.createElement('script');
      script.textContent = text;
      const startedAt = performance.now();
      document.head.append(script);
      resolve({ startedAt, blockingMs: performance.now() - startedAt });
    });
  });

window.harness = {
  /** Fetches the bundle, so that running it waits for no network, and runs nothing once: then only the bundle is new. */
  async load() {
    source = await (await fetch('/bundle.js')).text();
    await run('');
  },

  run: () => run(source),

  /** Durations of the long tasks since `startedAt`. */
  longTasks(startedAt) {
    window.longTasks.push(...observer.takeRecords());
    return window.longTasks.filter((task) => task.startTime >= startedAt).map(({ duration }) => duration);
  },

  track: (markers) =>
    inTasks(markers, (events) => {
      for (const properties of events) window.client.track(properties);
    }),

  /** As `track`; every other task times each call, the others time their ten calls together. Microseconds. */
  async timeTracks(markers) {
    const calls = [];
    const means = [];
    await inTasks(markers, (events, task) => {
      if (task % 2 === 0) {
        for (const properties of events) {
          const startedAt = performance.now();
          window.client.track(properties);
          calls.push((performance.now() - startedAt) * 1_000);
        }
      } else {
        const startedAt = performance.now();
        for (const properties of events) window.client.track(properties);
        means.push(((performance.now() - startedAt) * 1_000) / events.length);
      }
    });
    return { calls, means };
  },
};
