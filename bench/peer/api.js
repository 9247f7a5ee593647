/*
 * api.js - the list of jobs and a job's status as one would write them for Node:
 * fastify, a pool of connections, the answers by compiled schemas.
 *
 * Usage: node api.js PORT CONNECTIONS; PGHOST, PGUSER and PGDATABASE in the
 * environment.  The statements are those of the programs that this is measured
 * against, and they are prepared too: what differs is what is around them.  In
 * favour of Node nothing counts requests here, and answers have no tags.
 */
import { createHash } from 'node:crypto'
import Fastify from 'fastify'
import pg from 'pg'

const [port, connections] = process.argv.slice(2)
const pool = new pg.Pool({ max: Number(connections) })

// What the programs ask, in one call, and what one would ask oneself, in three.
const list = `select * from telltale.web_job_list($1, 'job:read', $2, $3, null, null,
                                                  $4, $5, $6, $7, null, null)`
const status = `select * from telltale.web_job($1, 'job:read', $2)`

const account = `
  select a.account_id from telltale.api_key k join telltale.account a using (account_id)
   where k.hash = $1 and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
     and a.terminated_at is null and 'job:read' = any (k.scopes)`
const number = 'select count(*) as total from telltale.job where account_id = $1'
const newest = `
  select id, job_id, type, status, progress, detail, decision, categories::text, reason, error_code,
         (extract(epoch from created_at) * 1000000)::bigint as created_us,
         (extract(epoch from started_at) * 1000000)::bigint as started_us,
         (extract(epoch from completed_at) * 1000000)::bigint as completed_us
    from telltale.job where account_id = $1
   order by created_at desc, id desc limit $2 offset $3`

const refusals = { unauthorized: 401, terminated: 403, forbidden: 403, not_found: 404, unknown_type: 400 }

const text = { type: ['string', 'null'] }
const item = {
  type: 'object',
  properties: {
    job_id: text, type: text, status: text, is_prohibited: { type: ['boolean', 'null'] }, decision: text,
    progress: { type: 'number' }, detail: { type: 'string' }, categories: {}, reason: { type: 'string' },
    error_code: { type: 'string' }, created_at: text, started_at: text, completed_at: text,
    attempt: { type: 'integer' }, frames_completed: { type: 'integer' }, frame_count: { type: 'integer' }, result: {}
  }
}
const page = {
  type: 'object',
  properties: {
    jobs: { type: 'array', items: item }, total: { type: 'integer' }, limit: { type: 'integer' },
    offset: { type: 'integer' }, next_cursor: text
  }
}

const time = us => us === null ? null : new Date(Number(us) / 1000).toISOString()
const given = value => value === null ? undefined : value
const parsed = value => value === null ? undefined : JSON.parse(value)

function shown(row) {
  const cancelled = row.status === 'cancelled'
  return {
    job_id: row.job_id,
    type: row.type,
    status: cancelled ? 'failed' : row.status,
    is_prohibited: row.decision === null ? null : row.decision === 'reject',
    decision: row.decision,
    progress: Number(row.progress),
    detail: given(row.detail),
    categories: parsed(row.categories),
    reason: given(row.reason),
    error_code: cancelled ? 'CANCELLED' : given(row.error_code),
    created_at: time(row.created_us),
    started_at: time(row.started_us),
    completed_at: time(row.completed_us)
  }
}

// Where the next page begins, as the programs write it.
function cursor(row) {
  const raw = Buffer.alloc(17)
  raw[0] = 1
  raw.writeBigInt64BE(BigInt(row.created_us), 1)
  raw.writeBigInt64BE(BigInt(row.id), 9)
  return raw.toString('base64url')
}

function key(request) {
  const given = request.headers.authorization ?? ''
  return createHash('sha256').update(given.replace(/^Bearer /, '')).digest()
}

async function ask(name, sql, values) {
  const { rows } = await pool.query({ name, text: sql, values })
  const code = refusals[rows[0].verdict]
  if (code) throw Object.assign(new Error(rows[0].verdict), { statusCode: code })
  return rows
}

const app = Fastify()

app.get('/api/v1/jobs', {
  schema: {
    querystring: {
      type: 'object',
      additionalProperties: false,
      properties: {
        limit: { type: 'integer', minimum: 1, maximum: 100, default: 50 },
        offset: { type: 'integer', minimum: 0, default: 0 },
        type: { type: 'string' },
        decision: { enum: ['pass', 'reject'] },
        status: { type: 'string' },
        search: { type: 'string', maxLength: 64 }
      }
    },
    response: { 200: page }
  }
}, async request => {
  const { limit, offset, type, decision, status, search } = request.query
  const [head, ...rows] = await ask('list', list,
    [key(request), limit + 1, offset, type, decision, status?.split(','), search])
  const more = rows.length > limit
  if (more) rows.pop()
  return {
    jobs: rows.map(shown), total: Number(head.total), limit, offset,
    next_cursor: more ? cursor(rows[limit - 1]) : null
  }
})

// The same without filters, by statements of its own.
app.get('/counted', { schema: { response: { 200: page } } }, async request => {
  const limit = 100
  const { rows: [who] } = await pool.query({ name: 'account', text: account, values: [key(request)] })
  if (!who) throw Object.assign(new Error('unauthorized'), { statusCode: 401 })
  const [{ rows }, { rows: [head] }] = await Promise.all([
    pool.query({ name: 'newest', text: newest, values: [who.account_id, limit + 1, 0] }),
    pool.query({ name: 'number', text: number, values: [who.account_id] })
  ])
  const more = rows.length > limit
  if (more) rows.pop()
  return {
    jobs: rows.map(shown), total: Number(head.total), limit, offset: 0,
    next_cursor: more ? cursor(rows[limit - 1]) : null
  }
})

app.get('/api/v1/job/:id', { schema: { response: { 200: item } } }, async request => {
  const [row] = await ask('status', status, [key(request), request.params.id])
  return {
    ...shown(row),
    attempt: row.attempt,
    frames_completed: given(row.frames_completed),
    frame_count: given(row.frame_count),
    result: parsed(row.result)
  }
})

await app.listen({ port: Number(port), host: '127.0.0.1' })
