// SPDX-License-Identifier: MIT
/*
 * ringlog: a fixed ring of short log records
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#define RINGLOG_RECORDS	256
#define RINGLOG_TEXT	96

struct ringlog_record {
	u64 seq;
	char text[RINGLOG_TEXT];
};

static struct ringlog_record ring[RINGLOG_RECORDS];
static u64 ringlog_head;
static DEFINE_SPINLOCK(ringlog_lock);

void ringlog_write(const char *text)
{
	struct ringlog_record *record;
	unsigned long flags;

	spin_lock_irqsave(&ringlog_lock, flags);
	record = &ring[ringlog_head % RINGLOG_RECORDS];
	record->seq = ringlog_head++;
	strncpy(record->text, text, RINGLOG_TEXT - 1);
	record->text[RINGLOG_TEXT - 1] = '\0';
	spin_unlock_irqrestore(&ringlog_lock, flags);
}

/* Copies the record with this number, if the ring still holds it. */
int ringlog_read(u64 seq, char *text, unsigned int size)
{
	struct ringlog_record *record = &ring[seq % RINGLOG_RECORDS];
	unsigned long flags;
	int ret = -ENOENT;

	spin_lock_irqsave(&ringlog_lock, flags);
	if (record->seq == seq && seq < ringlog_head) {
		strncpy(text, record->text, size);
		ret = 0;
	}
	spin_unlock_irqrestore(&ringlog_lock, flags);
	return ret;
}

u64 ringlog_next(void)
{
	return READ_ONCE(ringlog_head);
}
