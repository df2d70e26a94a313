import { logInWorker } from './log-in-worker.ts';
import { serveCollector } from './serve-collector.ts';

serveCollector(logInWorker);
