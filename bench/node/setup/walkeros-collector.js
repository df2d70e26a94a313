import { startFlow } from '@walkeros/collector';

/** Its collector with one destination in memory, and what hands it an event. */
export async function createFlow() {
  let pushed = 0;
  const { elb } = await startFlow({
    run: true,
    consent: { functional: true },
    destinations: {
      memory: {
        code: {
          type: 'memory',
          config: {},
          push() {
            pushed++;
          },
        },
      },
    },
  });
  return {
    push: (event) =>
      elb({ name: 'product view', data: event.properties, user: { id: event.userId }, id: event.messageId }),
    pushed: () => pushed,
  };
}
