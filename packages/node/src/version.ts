export { name, version } from '../package.json';
