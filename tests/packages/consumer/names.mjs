// Prints what an entry exports: node names.mjs <entry>
const [, , entry] = process.argv;
console.log(JSON.stringify(Object.keys(await import(entry)).sort()));
