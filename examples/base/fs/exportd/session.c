// SPDX-License-Identifier: MIT
/*
 * exportd: sessions and the dispatch of requests
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>

#include "exportd.h"

#define EXPORTD_MAX_SLOTS	160

enum {
	EXPORTD_OP_NULL,
	EXPORTD_OP_CREATE_SESSION,
	EXPORTD_OP_DESTROY_SESSION,
	EXPORTD_OP_SEQUENCE,
	EXPORTD_OP_MAX,
};

static atomic64_t next_session = ATOMIC64_INIT(1);

struct exportd_create_args {
	u32 slots;
	struct exportd_channel *channel;
};

struct exportd_reply {
	int status;
	u64 session;
};

static struct exportd_session *alloc_session(u32 slots)
{
	struct exportd_session *ses;

	ses = kzalloc(sizeof(*ses), GFP_KERNEL);
	if (!ses)
		return NULL;
	ses->se_slots = min_t(u32, slots, EXPORTD_MAX_SLOTS);
	ses->se_id = atomic64_inc_return(&next_session);
	INIT_LIST_HEAD(&ses->se_perclnt);
	return ses;
}

void exportd_free_session(struct exportd_session *ses)
{
	kfree(ses);
}

/* A connection joins a session: the back channel may have come up. */
static void exportd_init_conn(struct exportd_session *ses)
{
	struct exportd_client *clp = ses->se_client;

	spin_lock(&clp->cl_lock);
	list_add(&ses->se_perclnt, &clp->cl_sessions);
	spin_unlock(&clp->cl_lock);
	exportd_probe_callback_sync(clp);
}

int exportd_create_session(struct exportd_client *clp, u32 slots, struct exportd_session **res)
{
	struct exportd_session *ses;

	if (slots == 0)
		return -EINVAL;
	ses = alloc_session(slots);
	if (!ses)
		return -ENOMEM;
	ses->se_client = clp;
	exportd_init_conn(ses);
	*res = ses;
	return 0;
}

static int exportd_destroy_session(struct exportd_client *clp, u64 id)
{
	struct exportd_session *ses;

	spin_lock(&clp->cl_lock);
	list_for_each_entry(ses, &clp->cl_sessions, se_perclnt) {
		if (ses->se_id == id) {
			list_del(&ses->se_perclnt);
			spin_unlock(&clp->cl_lock);
			exportd_probe_callback(clp);
			exportd_free_session(ses);
			return 0;
		}
	}
	spin_unlock(&clp->cl_lock);
	return -ENOENT;
}

int exportd_dispatch(struct exportd_client *clp, u32 op, void *args, struct exportd_reply *reply)
{
	struct exportd_create_args *create = args;
	struct exportd_session *ses;

	if (exportd_client_is_dead(clp))
		return -ESTALE;
	switch (op) {
	case EXPORTD_OP_NULL:
	case EXPORTD_OP_SEQUENCE:
		reply->status = 0;
		break;
	case EXPORTD_OP_CREATE_SESSION:
		exportd_change_callback(clp, create->channel);
		reply->status = exportd_create_session(clp, create->slots, &ses);
		if (!reply->status)
			reply->session = ses->se_id;
		break;
	case EXPORTD_OP_DESTROY_SESSION:
		reply->status = exportd_destroy_session(clp, reply->session);
		break;
	default:
		return -EOPNOTSUPP;
	}
	return 0;
}
