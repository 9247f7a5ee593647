// A client in the manner of seed 003: fetch, a reader, events parted by blank
// lines.  Prints a line for each agent that is done, and how it ended.
const response = await fetch(`${process.env.TELLTALE_URL}/v1/compliance/check`, {
  method: 'POST',
  headers: {
    Authorization: `Bearer ${process.env.TELLTALE_KEY}`,
    'Content-Type': 'application/json',
    Accept: 'text/event-stream',
  },
  body: JSON.stringify({
    jurisdictions: ['us'],
    platforms: ['youtube'],
    content: { text: 'Guaranteed results!' },
    mode: 'fast',
    responseMode: 'stream',
  }),
});

const decoder = new TextDecoder();
let buffer = '';
for await (const bytes of response.body) {
  buffer += decoder.decode(bytes, { stream: true });
  const events = buffer.split('\n\n');
  buffer = events.pop();
  for (const event of events) {
    const lines = event.split('\n');
    const name = lines.find((line) => line.startsWith('event: '))?.slice(7);
    const data = lines.find((line) => line.startsWith('data: '))?.slice(6);
    if (name === 'agent.completed') {
      const { agentId, checks } = JSON.parse(data);
      console.log(agentId, checks.length);
    } else if (name === 'complete') {
      console.log('done', JSON.parse(data).data.decision);
    } else if (name === 'error') {
      console.log('error', JSON.parse(data).code);
    }
  }
}
