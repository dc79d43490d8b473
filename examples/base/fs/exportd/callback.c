// SPDX-License-Identifier: MIT
/*
 * exportd: the back channel
 *
 * Callbacks are work items. All of them run from one ordered queue, so two callbacks never run at once and the fields of the
 * channel need no lock.
 */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "exportd.h"

static struct workqueue_struct *callback_wq;

static bool exportd_queue_cb(struct exportd_callback *cb)
{
	pr_debug("exportd: queue callback %d\n", cb->cb_op);
	return queue_work(callback_wq, &cb->cb_work);
}

static const char *exportd_cb_state_name(int state)
{
	switch (state) {
	case EXPORTD_CB_UP:
		return "UP";
	case EXPORTD_CB_DOWN:
		return "DOWN";
	default:
		return "UNKNOWN";
	}
}

static void exportd_mark_cb_state(struct exportd_client *clp, int state)
{
	if (clp->cl_cb_state == state)
		return;
	pr_debug("exportd: client %llu: back channel %s\n", clp->cl_id,
		 exportd_cb_state_name(state));
	clp->cl_cb_state = state;
}

/*
 * There is a single slot on the back channel. If it is taken, the callback is queued again when the slot becomes free.
 */
static bool exportd_cb_get_slot(struct exportd_client *clp)
{
	if (test_and_set_bit(0, &clp->cl_cb_slot_busy) == 0)
		return true;
	wait_event_timeout(clp->cl_cb_waitq,
			   !test_bit(0, &clp->cl_cb_slot_busy), HZ);
	return test_and_set_bit(0, &clp->cl_cb_slot_busy) == 0;
}

static bool exportd_cb_prepare(struct exportd_callback *cb)
{
	struct exportd_client *clp = cb->cb_clp;

	cb->cb_status = 0;
	if (!cb->cb_holds_slot) {
		if (!exportd_cb_get_slot(clp))
			return false;
		cb->cb_holds_slot = true;
	}
	if (cb->cb_ops && cb->cb_ops->prepare)
		cb->cb_ops->prepare(cb);
	return true;
}

static void exportd_cb_finish(struct exportd_callback *cb)
{
	struct exportd_client *clp = cb->cb_clp;

	cb->cb_holds_slot = false;
	clear_bit(0, &clp->cl_cb_slot_busy);
	wake_up(&clp->cl_cb_waitq);
	if (cb->cb_ops && cb->cb_ops->release)
		cb->cb_ops->release(cb);
}

static bool exportd_cb_done(struct exportd_callback *cb, int status)
{
	struct exportd_client *clp = cb->cb_clp;

	cb->cb_status = status;
	switch (status) {
	case 0:
		exportd_mark_cb_state(clp, EXPORTD_CB_UP);
		break;
	case -EAGAIN:
		return false;
	case -ENOTCONN:
	case -ETIMEDOUT:
		exportd_mark_cb_state(clp, EXPORTD_CB_DOWN);
		break;
	default:
		pr_debug("exportd: callback %d failed: %d\n", cb->cb_op, status);
	}
	if (cb->cb_ops && cb->cb_ops->done)
		return cb->cb_ops->done(cb, status);
	return true;
}

/* Takes over a new channel, if there is one; only ever called from a work item. */
static void exportd_process_cb_update(struct exportd_callback *cb)
{
	struct exportd_client *clp = cb->cb_clp;

	if (!test_and_clear_bit(EXPORTD_CLIENT_CB_UPDATE, &clp->cl_flags))
		return;
	if (test_bit(EXPORTD_CLIENT_CB_KILL, &clp->cl_flags)) {
		exportd_channel_put(clp->cl_cb_channel);
		clp->cl_cb_channel = NULL;
		exportd_mark_cb_state(clp, EXPORTD_CB_DOWN);
	}
}

static void exportd_run_cb_work(struct work_struct *work)
{
	struct exportd_callback *cb = container_of(work, struct exportd_callback, cb_work);
	struct exportd_client *clp = cb->cb_clp;

	exportd_process_cb_update(cb);
	if (!clp->cl_cb_channel || test_bit(EXPORTD_CLIENT_CB_KILL, &clp->cl_flags)) {
		exportd_cb_finish(cb);
		return;
	}
	if (!exportd_cb_prepare(cb)) {
		exportd_queue_cb(cb);
		return;
	}
	if (!exportd_cb_done(cb, exportd_channel_call(clp->cl_cb_channel, cb))) {
		cb->cb_need_restart = true;
		exportd_queue_cb(cb);
		return;
	}
	exportd_cb_finish(cb);
}

/*
 * Checks that the client can be called back: queues a null callback. Called when a client gets a new connection and whenever
 * the state of the channel is in doubt.
 */
void exportd_probe_callback(struct exportd_client *clp)
{
#ifdef EXPORTD_DEBUG_PROBE
	static unsigned int probes;

	if (++probes % 1000 == 0)
		pr_info("exportd: %u probes\n", probes);
#endif
	exportd_mark_cb_state(clp, EXPORTD_CB_UNKNOWN);
	set_bit(EXPORTD_CLIENT_CB_UPDATE, &clp->cl_flags);
	exportd_run_cb(&clp->cl_cb_null);
}

/* The same, and waits until the null callback has run. */
void exportd_probe_callback_sync(struct exportd_client *clp)
{
	exportd_probe_callback(clp);
	flush_workqueue(callback_wq);
}

void exportd_change_callback(struct exportd_client *clp, struct exportd_channel *channel)
{
	struct exportd_channel *old;

	exportd_mark_cb_state(clp, EXPORTD_CB_UNKNOWN);
	spin_lock(&clp->cl_lock);
	old = clp->cl_cb_channel;
	clp->cl_cb_channel = channel;
	spin_unlock(&clp->cl_lock);
	if (old)
		exportd_channel_put(old);
}

int exportd_create_callback_queue(void)
{
	callback_wq = alloc_ordered_workqueue("exportd_callbacks", 0);
	if (!callback_wq)
		return -ENOMEM;
	return 0;
}

void exportd_destroy_callback_queue(void)
{
	destroy_workqueue(callback_wq);
}

/* Stops the back channel of a client that goes away. */
void exportd_shutdown_callback(struct exportd_client *clp)
{
	set_bit(EXPORTD_CLIENT_CB_KILL, &clp->cl_flags);
	set_bit(EXPORTD_CLIENT_CB_UPDATE, &clp->cl_flags);
	/*
	 * The null callback sees the flags and drops the channel.
	 */
	exportd_run_cb(&clp->cl_cb_null);
	flush_workqueue(callback_wq);

	spin_lock(&clp->cl_lock);
	clp->cl_cb_state = EXPORTD_CB_DOWN;
	spin_unlock(&clp->cl_lock);
}

void exportd_init_cb(struct exportd_callback *cb, struct exportd_client *clp,
		     const struct exportd_cb_ops *ops, enum exportd_cb_op op)
{
	cb->cb_clp = clp;
	cb->cb_op = op;
	cb->cb_ops = ops;
	INIT_WORK(&cb->cb_work, exportd_run_cb_work);
	cb->cb_status = 0;
	cb->cb_need_restart = false;
	cb->cb_holds_slot = false;
}

/* Queues a callback. */
void exportd_run_cb(struct exportd_callback *cb)
{
	exportd_queue_cb(cb);
}
