// Chromium and its own EventSource, on a page of the site.
//
//	browser.js NAME=PATH...
//
// A name that begins with keyed- is a stream of somebody who has signed in: his
// site has put a ticket into the cookie.  All others are strangers'.  How long a
// browser may take to begin is for the test to say.
const { chromium } = require('playwright-core');

const { TELLTALE_URL, TELLTALE_KEY } = process.env;
const streams = process.argv.slice(2).map((word) => word.split(/=(.*)/s));
const isKeyed = ([name]) => name.startsWith('keyed-');

async function signIn(context) {
  const answer = await context.request.post('/api/v1/ticket', {
    headers: { Authorization: `Bearer ${TELLTALE_KEY}` },
    data: { scope: 'queue:read', cookie: true },
    timeout: 0,
  });
  if (!answer.ok()) throw new Error(await answer.text());
}

async function visit(browser, wanted, prepare) {
  if (wanted.length === 0) return;
  const context = await browser.newContext({ baseURL: TELLTALE_URL });
  await prepare(context);
  const page = await context.newPage();
  page.setDefaultTimeout(0);
  page.on('console', (message) => console.log(message.text()));
  page.on('pageerror', (error) => console.log(error.stack));
  await page.goto('/listen.html');
  await page.evaluate((all) => {
    for (const [name, path] of all) listen(name, new EventSource(path));
  }, wanted);
}

(async () => {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', timeout: 0 });
  await visit(browser, streams.filter(isKeyed), signIn);
  await visit(browser, streams.filter((s) => !isKeyed(s)), () => {});
})();
