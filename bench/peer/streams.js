/*
 * streams.js - progress by Server-Sent Events, as one would write it for Node:
 * fastify, one connection that LISTENs, and a channel for each job.
 *
 * Usage: node streams.js PORT; PGHOST, PGUSER and PGDATABASE in the environment.
 * A NOTIFY of job_events has the job's id, a blank, the event's number, a blank,
 * and the event as JSON.
 */
import { createChannel, createEventBuffer, createSession } from 'better-sse'
import Fastify from 'fastify'
import pg from 'pg'

const channels = new Map()

function channelOf(job) {
  let channel = channels.get(job)
  if (channel === undefined) {
    channel = createChannel()
    channel.on('session-deregistered', () => {
      if (channel.sessionCount === 0) channels.delete(job)
    })
    channels.set(job, channel)
  }
  return channel
}

// Written once for all: channel.broadcast() would do it for each.
function publish(job, seq, data) {
  const event = createEventBuffer({ serializer: (text) => text })
  event.push(data, 'progress', seq)
  for (const session of channels.get(job)?.activeSessions ?? []) session.batch(event)
}

const app = Fastify()

app.get('/job/:id/progress', async (request, reply) => {
  reply.hijack()
  const session = await createSession(request.raw, reply.raw, { keepAlive: 15000 })
  channelOf(request.params.id).register(session)
})

const listener = new pg.Client()
await listener.connect()
listener.on('notification', ({ payload }) => {
  const [, job, seq, data] = payload.match(/^(\S+) (\S+) (.*)$/)
  publish(job, seq, data)
})
await listener.query('listen job_events')
await app.listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 })
