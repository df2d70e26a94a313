import { sqliteLog } from '@org/track-node';
import { serveCollector } from './serve-collector.ts';

serveCollector((path) => sqliteLog(path));
