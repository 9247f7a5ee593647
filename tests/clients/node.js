// The eventsource of npm, in Node.
//
//	node.js NAME=PATH...
//
// A name that begins with keyed- is a stream that is asked for with the key.
const { EventSource } = require('eventsource');
require('./listen.js');

const { TELLTALE_URL, TELLTALE_KEY } = process.env;
const withKey = (url, init) =>
  fetch(url, { ...init, headers: { ...init.headers, Authorization: `Bearer ${TELLTALE_KEY}` } });

for (const [name, path] of process.argv.slice(2).map((word) => word.split(/=(.*)/s)))
  listen(name, new EventSource(TELLTALE_URL + path, name.startsWith('keyed-') ? { fetch: withKey } : {}));
