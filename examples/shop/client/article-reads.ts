import type { Plugin, Tracker } from '@org/track-browser';
import type { PageFacts } from '../page-facts.ts';
import { readFacts } from './page-facts.ts';

/** Says with each `Page Engaged` of an article which one was read, under which headline. */
export function articleReads(): Plugin {
  let tracker: Tracker;
  return {
    name: 'article-reads',
    setup(started) {
      tracker = started;
      return () => {};
    },
    process(event) {
      const page = readFacts<PageFacts>('page-facts');
      if (event.type === 'track' && event.event === 'Page Engaged' && page?.kind === 'article') {
        const { article_id, headline_id } = page;
        tracker.track('Article Read', { ...event.properties, article_id, headline_id });
      }
      return event;
    },
  };
}
