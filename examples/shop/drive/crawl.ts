import type { Server } from './server.ts';

/** Bots as they call themselves. */
const bots = [
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
  'GPTBot/1.2',
];

/** Pages of the shop, read by bots. Resolves with how many they were answered with. */
export async function crawl(server: Server, howMany: number): Promise<number> {
  const paths = ['/', '/shop', '/journal', '/privacy'];
  let answered = 0;
  for (let index = 0; index < howMany; index++) {
    const headers = { 'user-agent': bots[index % bots.length] ?? '', accept: 'text/html' };
    const response = await fetch(server.url + paths[index % paths.length], { headers });
    await response.text();
    if (response.status === 200) answered++;
  }
  return answered;
}
