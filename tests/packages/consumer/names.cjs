// Prints what an entry exports to CommonJS: node names.cjs <entry>
const [, , entry] = process.argv;
console.log(JSON.stringify(Object.keys(require(entry)).sort()));
