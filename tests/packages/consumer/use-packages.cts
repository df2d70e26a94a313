// The same from CommonJS, where the declarations are other files.
import core = require('@org/track-core');
import browser = require('@org/track-browser');
import worker = require('@org/track-browser/worker');
import node = require('@org/track-node');

const tracker: core.Tracker = browser.createTracker({ endpoint: '/api/j' });
export const inWorker: core.Tracker = worker.createWorkerTracker({ endpoint: '/api/j' });
tracker.track('Product Added', { product_id: 'p1' });
export const create: typeof node.createCollector = node.createCollector;
