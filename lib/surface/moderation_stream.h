/*
 * moderation_stream.h - what the progress stream of /api/v1 says (seed 000).
 */
#ifndef TT_MODERATION_STREAM_H
#define TT_MODERATION_STREAM_H

#include "surface/vocabulary.h"

struct tt_buf;
struct tt_progress_job;

/* The state of a job, as the data of its connected event. */
void	 tt_moderation_state(struct tt_buf *, const struct tt_progress_job *);

extern const struct tt_vocabulary	 tt_moderation_vocabulary;

#endif /* !TT_MODERATION_STREAM_H */
