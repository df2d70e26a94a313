import { collector } from '../../../lib/track.ts';

export const POST = (request: Request): Promise<Response> => collector.fetch(request);
