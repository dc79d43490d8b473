/* SPDX-License-Identifier: MIT */
/*
 * exportd - a small in-kernel export server
 *
 * A client talks to the server over a fore channel (its requests) and is called back by the server over a back channel
 * (callbacks: a probe that checks the channel, and recalls of delegations).
 */
#ifndef FS_EXPORTD_H
#define FS_EXPORTD_H

#include <linux/idr.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#define EXPORTD_HASH_SIZE	64
#define EXPORTD_NAME_MAX	128
#define EXPORTD_GRACE_SECONDS	90

struct exportd_callback;
struct exportd_channel;
struct exportd_client;
struct exportd_reply;

enum exportd_cb_op {
	EXPORTD_CB_NULL,
	EXPORTD_CB_RECALL,
	EXPORTD_CB_NOTIFY_LOCK,
};

struct exportd_cb_ops {
	void (*prepare)(struct exportd_callback *cb);
	bool (*done)(struct exportd_callback *cb, int status);
	void (*release)(struct exportd_callback *cb);
};

/* One call from the server to a client. */
struct exportd_callback {
	struct exportd_client *cb_clp;
	enum exportd_cb_op cb_op;
	const struct exportd_cb_ops *cb_ops;
	struct work_struct cb_work;
	int cb_status;
	bool cb_need_restart;
	bool cb_holds_slot;
};

struct exportd_cred {
	u32 cr_uid;
	u32 cr_gid;
	char *cr_principal;
};

/* A client of the server; all fields below cl_lock are protected by it. */
struct exportd_client {
	struct list_head cl_hash;
	struct list_head cl_lru;
	char *cl_name;
	u64 cl_id;
	struct exportd_cred cl_cred;
	struct list_head *cl_owner_hashtbl;
	struct idr cl_stateids;
	time64_t cl_time;

	/* number of requests in progress */
	atomic_t cl_busy;

#define EXPORTD_CLIENT_CB_UPDATE	0
#define EXPORTD_CLIENT_CB_KILL		1
#define EXPORTD_CLIENT_DEAD		2
	unsigned long cl_flags;

	/* the back channel */
	struct exportd_channel *cl_cb_channel;
	struct exportd_callback cl_cb_null;
	unsigned long cl_cb_slot_busy;
	wait_queue_head_t cl_cb_waitq;
	int cl_cb_state;

	spinlock_t cl_lock;
	struct list_head cl_sessions;
	struct list_head cl_delegations;
	unsigned int cl_nr_delegations;
};

enum {
	EXPORTD_CB_UP,
	EXPORTD_CB_UNKNOWN,
	EXPORTD_CB_DOWN,
};

struct exportd_session {
	struct list_head se_perclnt;
	struct exportd_client *se_client;
	u64 se_id;
	u32 se_slots;
	u32 se_flags;
};

struct exportd_delegation {
	struct list_head dl_perclnt;
	struct exportd_client *dl_client;
	refcount_t dl_count;
	u64 dl_stateid;
	time64_t dl_time;
	struct exportd_callback dl_recall;
};

struct exportd_blocked_lock {
	struct list_head bl_list;
	struct exportd_client *bl_client;
	struct exportd_callback bl_cb;
};

static inline bool exportd_client_is_dead(struct exportd_client *clp)
{
	return test_bit(EXPORTD_CLIENT_DEAD, &clp->cl_flags);
}

/* callback.c */
extern void exportd_init_cb(struct exportd_callback *cb, struct exportd_client *clp,
		const struct exportd_cb_ops *ops, enum exportd_cb_op op);
extern void exportd_run_cb(struct exportd_callback *cb);
extern void exportd_probe_callback(struct exportd_client *clp);
extern void exportd_probe_callback_sync(struct exportd_client *clp);
extern void exportd_change_callback(struct exportd_client *clp, struct exportd_channel *channel);
extern void exportd_shutdown_callback(struct exportd_client *clp);
extern int exportd_create_callback_queue(void);
extern void exportd_destroy_callback_queue(void);

/* client.c */
extern struct exportd_client *exportd_create_client(const char *name, const struct exportd_cred *cred);
extern struct exportd_client *exportd_find_client(u64 id);
extern void exportd_put_client(struct exportd_client *clp);
extern void exportd_expire_client(struct exportd_client *clp);
extern int exportd_for_each_client(int (*fn)(struct exportd_client *clp, void *data), void *data);
extern int exportd_client_init(void);
extern void exportd_client_exit(void);

/* session.c */
extern int exportd_create_session(struct exportd_client *clp, u32 slots, struct exportd_session **res);
extern void exportd_free_session(struct exportd_session *ses);
extern int exportd_dispatch(struct exportd_client *clp, u32 op, void *args, struct exportd_reply *reply);

/* state.c */
extern int exportd_state_start(void);
extern void exportd_state_shutdown(void);
extern int exportd_grant_delegation(struct exportd_client *clp, u64 stateid);
extern void exportd_break_delegations(struct exportd_client *clp);
extern void exportd_put_delegation(struct exportd_delegation *dp);
extern void exportd_notify_lock(struct exportd_blocked_lock *bl);

/* procfile.c */
extern int exportd_proc_add_client(struct exportd_client *clp);
extern int exportd_proc_init(void);
extern void exportd_proc_exit(void);

/* the transport, elsewhere */
extern int exportd_channel_call(struct exportd_channel *channel, struct exportd_callback *cb);
extern void exportd_channel_put(struct exportd_channel *channel);

#endif /* FS_EXPORTD_H */
