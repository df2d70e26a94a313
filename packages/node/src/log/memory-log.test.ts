import { describe, it } from 'vitest';
import { logContract } from './log-contract.ts';
import { logRecordsContract } from './log-records-contract.ts';
import { memoryLog } from './memory-log.ts';

describe('memoryLog', () => {
  const subject = { create: memoryLog };
  for (const { rule, check } of [...logContract(subject), ...logRecordsContract(subject)]) it(rule, check);
});
