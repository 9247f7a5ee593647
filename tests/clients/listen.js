// What the examples of seeds 002 and 004 do with an EventSource, in a browser
// and in Node: a line "NAME ID TEXT" for each event.
globalThis.listen = (name, source) => {
  const say = (id, text) => console.log(`${name} ${id || '-'} ${text}`);
  const on = (type, text) =>
    source.addEventListener(type, (e) => say(e.lastEventId, text(JSON.parse(e.data))));

  source.addEventListener('open', () => say('', 'open'));
  source.addEventListener('error', () => say('', `error ${source.readyState}`));

  on('connected', ({ clientId }) => `Connected: ${clientId}`);
  on('job:progress', ({ jobId, progress }) => `Job ${jobId}: ${progress}%`);
  on('job:completed', ({ jobId }) => `Done: ${jobId}`);
  on('job:error', ({ jobId, error }) => `Job ${jobId} failed: ${error}`);

  on('update', ({ opcode, data }) => `[${opcode}] ${data.id}`);
};
