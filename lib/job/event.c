/*
 * event.c - see event.h.
 */
#include <string.h>

#include "job/event.h"

static const char *const words[TT_KIND__MAX] = {
	[TT_JOB_CREATED]	= "job.created",
	[TT_JOB_STARTED]	= "job.started",
	[TT_JOB_PROGRESS]	= "job.progress",
	[TT_JOB_REQUEUED]	= "job.requeued",
	[TT_JOB_COMPLETED]	= "job.completed",
	[TT_JOB_FAILED]		= "job.failed",
	[TT_JOB_CANCELLED]	= "job.cancelled",
	[TT_JOB_DELETED]	= "job.deleted",
	[TT_STAGE_STARTED]	= "stage.started",
	[TT_STAGE_COMPLETED]	= "stage.completed",
	[TT_SCORE_COMPUTED]	= "score.computed",
	[TT_QUEUE_PAUSED]	= "queue.paused",
	[TT_QUEUE_RESUMED]	= "queue.resumed",
	[TT_SCHEDULER_PAUSED]	= "scheduler.paused",
	[TT_SCHEDULER_RESUMED]	= "scheduler.resumed",
	[TT_NOTICE]		= "notice",
};

enum tt_kind
tt_kind_parse(const char *word)
{
	int	 i;

	for (i = 0; i < TT_KIND__MAX; i++)
		if (strcmp(words[i], word) == 0)
			break;
	return (enum tt_kind)i;
}

const char *
tt_kind_word(enum tt_kind kind)
{
	return kind < TT_KIND__MAX ? words[kind] : "unknown";
}

bool
tt_kind_ends_job(enum tt_kind kind)
{
	return kind == TT_JOB_COMPLETED || kind == TT_JOB_FAILED ||
	    kind == TT_JOB_CANCELLED || kind == TT_JOB_DELETED;
}
