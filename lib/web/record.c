/*
 * record.c - see record.h.
 */
#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "web/record.h"

#define FCGI_VERSION	1
#define END_BODY_SZ	8

void
tt_record_head(unsigned char out[TT_RECORD_HEAD_SZ], enum tt_record type,
    int request_id, size_t sz)
{
	assert(sz <= TT_RECORD_MAX);
	out[0] = FCGI_VERSION;
	out[1] = (unsigned char)type;
	out[2] = (unsigned char)(request_id >> 8 & 0xff);
	out[3] = (unsigned char)(request_id & 0xff);
	out[4] = (unsigned char)(sz >> 8);
	out[5] = (unsigned char)(sz & 0xff);
	out[6] = 0;		/* no padding */
	out[7] = 0;
}

void
tt_record_end(unsigned char out[TT_RECORD_END_SZ], int request_id)
{
	(void)memset(out, 0, TT_RECORD_END_SZ);
	tt_record_head(out, TT_RECORD_STDOUT, request_id, 0);
	tt_record_head(out + TT_RECORD_HEAD_SZ, TT_RECORD_END_REQUEST,
	    request_id, END_BODY_SZ);
}

void
tt_record_stdout(struct tt_buf *buf, int request_id, const void *p, size_t sz)
{
	unsigned char		 head[TT_RECORD_HEAD_SZ];
	const unsigned char	*from = p;
	size_t			 n;

	for (; sz > 0; sz -= n, from += n) {
		n = sz < TT_RECORD_MAX ? sz : TT_RECORD_MAX;
		tt_record_head(head, TT_RECORD_STDOUT, request_id, n);
		tt_buf_add(buf, head, sizeof(head));
		tt_buf_add(buf, from, n);
	}
}
