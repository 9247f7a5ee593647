/*
 * record.h - FastCGI records, as an application writes them.
 *
 * Pure functions: nothing here touches a descriptor.
 */
#ifndef TT_RECORD_H
#define TT_RECORD_H

#include <stddef.h>

struct tt_buf;

#define TT_RECORD_HEAD_SZ	8
#define TT_RECORD_END_SZ	24	/* what tt_record_end() writes */
#define TT_RECORD_MAX		65535	/* content of one record */

enum tt_record {
	TT_RECORD_END_REQUEST	= 3,
	TT_RECORD_STDOUT	= 6
};

/* The head of a record whose content is sz (up to TT_RECORD_MAX) bytes. */
void	 tt_record_head(unsigned char out[TT_RECORD_HEAD_SZ], enum tt_record,
	    int request_id, size_t sz);

/* The end of STDOUT, and of the request: exit status 0, complete. */
void	 tt_record_end(unsigned char out[TT_RECORD_END_SZ], int request_id);

/* Append the bytes as STDOUT, in as many records as they need; 0: none. */
void	 tt_record_stdout(struct tt_buf *, int request_id, const void *,
	    size_t sz);

#endif /* !TT_RECORD_H */
