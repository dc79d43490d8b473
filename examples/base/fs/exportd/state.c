// SPDX-License-Identifier: MIT
/*
 * exportd: start and end of the server's state, delegations, blocked locks
 */
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "exportd.h"

#define EXPORTD_MAX_DELEGATIONS	4096

static struct workqueue_struct *laundry_wq;
static struct delayed_work laundry_work;
static atomic_t nr_delegations = ATOMIC_INIT(0);

/* Expires clients that have not been heard of for two grace periods. */
static int laundry_one(struct exportd_client *clp, void *data)
{
	time64_t *oldest = data;

	if (clp->cl_time < *oldest)
		pr_debug("exportd: client %llu is late\n", clp->cl_id);
	return 0;
}

static void laundry_main(struct work_struct *work)
{
	time64_t oldest = ktime_get_boottime_seconds() - 2 * EXPORTD_GRACE_SECONDS;

	exportd_for_each_client(laundry_one, &oldest);
	queue_delayed_work(laundry_wq, &laundry_work, EXPORTD_GRACE_SECONDS * HZ);
}

void exportd_put_delegation(struct exportd_delegation *dp)
{
	if (!refcount_dec_and_test(&dp->dl_count))
		return;
	atomic_dec(&nr_delegations);
	kfree(dp);
}

static void exportd_recall_prepare(struct exportd_callback *cb)
{
	struct exportd_delegation *dp = container_of(cb, struct exportd_delegation, dl_recall);

	if (!dp->dl_time)
		dp->dl_time = ktime_get_boottime_seconds();
}

static bool exportd_recall_done(struct exportd_callback *cb, int status)
{
	struct exportd_delegation *dp = container_of(cb, struct exportd_delegation, dl_recall);

	if (status == -EBADMSG && refcount_read(&dp->dl_count) > 1)
		return false;
	return true;
}

static void exportd_recall_release(struct exportd_callback *cb)
{
	struct exportd_delegation *dp = container_of(cb, struct exportd_delegation, dl_recall);

	exportd_put_delegation(dp);
}

static const struct exportd_cb_ops exportd_recall_ops = {
	.prepare = exportd_recall_prepare,
	.done = exportd_recall_done,
	.release = exportd_recall_release,
};

static void exportd_break_one_deleg(struct exportd_delegation *dp)
{
	/*
	 * The state code does not drop its reference without removing the
	 * delegation from the client's list first. The caller holds the
	 * lock of that list, so the delegation is still there and it is
	 * safe to take a reference.
	 */
	refcount_inc(&dp->dl_count);
	exportd_run_cb(&dp->dl_recall);
}

int exportd_grant_delegation(struct exportd_client *clp, u64 stateid)
{
	struct exportd_delegation *dp;

	if (atomic_inc_return(&nr_delegations) > EXPORTD_MAX_DELEGATIONS)
		goto out_dec;
	dp = kzalloc(sizeof(*dp), GFP_KERNEL);
	if (!dp)
		goto out_dec;
	refcount_set(&dp->dl_count, 1);
	dp->dl_client = clp;
	dp->dl_stateid = stateid;
	exportd_init_cb(&dp->dl_recall, clp, &exportd_recall_ops, EXPORTD_CB_RECALL);
	spin_lock(&clp->cl_lock);
	list_add_tail(&dp->dl_perclnt, &clp->cl_delegations);
	clp->cl_nr_delegations++;
	spin_unlock(&clp->cl_lock);
	return 0;
out_dec:
	atomic_dec(&nr_delegations);
	return -ENOMEM;
}

void exportd_break_delegations(struct exportd_client *clp)
{
	struct exportd_delegation *dp;

	spin_lock(&clp->cl_lock);
	list_for_each_entry(dp, &clp->cl_delegations, dl_perclnt)
		exportd_break_one_deleg(dp);
	spin_unlock(&clp->cl_lock);
}

/* Tells a client that waits for a lock that it may try again. */
void exportd_notify_lock(struct exportd_blocked_lock *bl)
{
	struct exportd_client *clp = bl->bl_client;
	bool queue = false;

	spin_lock(&clp->cl_lock);
	if (!list_empty(&bl->bl_list)) {
		list_del_init(&bl->bl_list);
		queue = true;
	}
	spin_unlock(&clp->cl_lock);

	if (queue)
		exportd_run_cb(&bl->bl_cb);
}

int exportd_state_start(void)
{
	int ret;

	ret = exportd_client_init();
	if (ret)
		return ret;

	laundry_wq = alloc_workqueue("exportd_laundry", WQ_UNBOUND, 0);
	if (!laundry_wq) {
		ret = -ENOMEM;
		goto out_client;
	}
	INIT_DELAYED_WORK(&laundry_work, laundry_main);

	ret = exportd_create_callback_queue();
	if (ret)
		goto out_laundry;

	pr_info("exportd: starting %d-second grace period\n", EXPORTD_GRACE_SECONDS);
	queue_delayed_work(laundry_wq, &laundry_work, EXPORTD_GRACE_SECONDS * HZ);
	return 0;

out_laundry:
	destroy_workqueue(laundry_wq);
out_client:
	exportd_client_exit();
	return ret;
}

void exportd_state_shutdown(void)
{
	cancel_delayed_work_sync(&laundry_work);
	exportd_client_exit();
	destroy_workqueue(laundry_wq);
	exportd_destroy_callback_queue();
	pr_warn("exportd: last server has exited, flushing export cache\n");
}
