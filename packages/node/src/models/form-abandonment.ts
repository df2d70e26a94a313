import { defineModel, type Model, percentOf } from './model.ts';

const of = (event: string): string => `FILTER (WHERE event = 'Form ${event}')`;
const isSent = `event = 'Form Submitted' AND fields > 0`;

export const formAbandonment: Model = defineModel(
  'form_abandonment',
  'A form, or a step of one, that somebody began to fill in: sent, or given up, and at which field.',
  ({ text, number, mode, median }) => `
WITH told AS (
  SELECT
    ${text('properties', 'form_id')} AS form,
    coalesce(${text('properties', 'step')}, '') AS step,
    event,
    ${text('properties', 'last_field')} AS last_field,
    ${number('properties', 'duration_ms')} / 1000 AS seconds,
    ${number('properties', 'fields_touched')} AS fields
  FROM events
  WHERE event IN ('Form Started', 'Form Submitted', 'Form Abandoned')
)
SELECT
  form,
  nullif(step, '') AS step,
  count(*) ${of('Started')} AS started,
  count(*) FILTER (WHERE ${isSent}) AS submitted, -- what nobody filled in is a button
  count(*) ${of('Abandoned')} AS abandoned,
  ${percentOf(`count(*) ${of('Abandoned')}`, `count(*) ${of('Started')}`)} AS abandoned_percent,
  ${mode('last_field', `event = 'Form Abandoned'`)} AS given_up_at,
  ${median('seconds', isSent)} AS median_seconds
FROM told
WHERE form IS NOT NULL
GROUP BY form, told.step
HAVING count(*) ${of('Started')} > 0`,
);
