import { describe, it } from 'vitest';
import { logContract } from './log-contract.ts';
import { memoryLog } from './memory-log.ts';

describe('memoryLog', () => {
  for (const { rule, check } of logContract({ create: memoryLog })) it(rule, check);
});
