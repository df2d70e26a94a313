import { deliverOne } from './deliver-one.mjs';

console.log(JSON.stringify(await deliverOne()));
