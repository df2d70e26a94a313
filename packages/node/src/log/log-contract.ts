import type { ContractCase, LogUnderTest } from './contract-scene.ts';
import { logAppendContract } from './log-append-contract.ts';
import { logConsumerContract } from './log-consumer-contract.ts';
import { logRecordsContract } from './log-records-contract.ts';
import { personRecordsContract } from './person-records-contract.ts';
import { suppressionContract } from './suppression-contract.ts';

/** What every log must do, whatever it keeps its batches in. */
export function logContract(log: LogUnderTest): readonly ContractCase[] {
  return [
    ...logAppendContract(log),
    ...logConsumerContract(log),
    ...suppressionContract(log),
    ...logRecordsContract(log),
    ...personRecordsContract(log),
  ];
}
