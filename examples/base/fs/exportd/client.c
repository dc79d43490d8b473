// SPDX-License-Identifier: MIT
/*
 * exportd: clients, their table and their life
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>

#include "exportd.h"

static DEFINE_SPINLOCK(client_lock);
static struct list_head client_hashtbl[EXPORTD_HASH_SIZE];
static struct list_head client_lru;
static struct kmem_cache *client_slab;
static u64 next_client_id = 1;

static unsigned int client_hash(u64 id)
{
	return id % EXPORTD_HASH_SIZE;
}

static void free_cred(struct exportd_cred *cred)
{
	kfree(cred->cr_principal);
	cred->cr_principal = NULL;
}

static int copy_cred(struct exportd_cred *to, const struct exportd_cred *from)
{
	to->cr_uid = from->cr_uid;
	to->cr_gid = from->cr_gid;
	to->cr_principal = NULL;
	if (from->cr_principal) {
		to->cr_principal = kstrdup(from->cr_principal, GFP_KERNEL);
		if (!to->cr_principal)
			return -ENOMEM;
	}
	return 0;
}

static struct exportd_client *alloc_client(const char *name)
{
	struct exportd_client *clp;
	int i;

	clp = kmem_cache_zalloc(client_slab, GFP_KERNEL);
	if (clp == NULL)
		return NULL;
	clp->cl_name = kstrndup(name, EXPORTD_NAME_MAX, GFP_KERNEL);
	if (clp->cl_name == NULL)
		goto err_no_name;
	clp->cl_owner_hashtbl = kmalloc_array(EXPORTD_HASH_SIZE,
					      sizeof(struct list_head), GFP_KERNEL);
	if (!clp->cl_owner_hashtbl)
		goto err_no_hashtbl;
	for (i = 0; i < EXPORTD_HASH_SIZE; i++)
		INIT_LIST_HEAD(&clp->cl_owner_hashtbl[i]);
	INIT_LIST_HEAD(&clp->cl_sessions);
	INIT_LIST_HEAD(&clp->cl_delegations);
	INIT_LIST_HEAD(&clp->cl_lru);
	idr_init(&clp->cl_stateids);
	atomic_set(&clp->cl_busy, 0);
	clp->cl_cb_state = EXPORTD_CB_UNKNOWN;
	spin_lock_init(&clp->cl_lock);
	init_waitqueue_head(&clp->cl_cb_waitq);
	return clp;
err_no_hashtbl:
	kfree(clp->cl_name);
err_no_name:
	kmem_cache_free(client_slab, clp);
	return NULL;
}

static void
free_client(struct exportd_client *clp)
{
	while (!list_empty(&clp->cl_sessions)) {
		struct exportd_session *ses;

		ses = list_first_entry(&clp->cl_sessions, struct exportd_session,
				       se_perclnt);
		list_del(&ses->se_perclnt);
		exportd_free_session(ses);
	}
	free_cred(&clp->cl_cred);
	kfree(clp->cl_owner_hashtbl);
	kfree(clp->cl_name);
	idr_destroy(&clp->cl_stateids);
	kmem_cache_free(client_slab, clp);
}

static void unhash_client(struct exportd_client *clp)
{
	spin_lock(&client_lock);
	list_del_init(&clp->cl_hash);
	list_del_init(&clp->cl_lru);
	spin_unlock(&client_lock);
}

/* Takes a client out of the tables and frees it; nobody may hold it. */
static void destroy_client(struct exportd_client *clp)
{
	set_bit(EXPORTD_CLIENT_DEAD, &clp->cl_flags);
	unhash_client(clp);
	exportd_break_delegations(clp);
	exportd_shutdown_callback(clp);
	if (clp->cl_cb_channel)
		exportd_channel_put(clp->cl_cb_channel);
	free_client(clp);
}

struct exportd_client *exportd_create_client(const char *name, const struct exportd_cred *cred)
{
	struct exportd_client *clp;
	int error;

	clp = alloc_client(name);
	if (clp == NULL)
		return ERR_PTR(-ENOMEM);
	error = copy_cred(&clp->cl_cred, cred);
	if (error) {
		free_client(clp);
		return ERR_PTR(error);
	}
	exportd_init_cb(&clp->cl_cb_null, clp, NULL, EXPORTD_CB_NULL);
	clp->cl_time = ktime_get_boottime_seconds();
	clp->cl_cb_slot_busy = 0;
	spin_lock(&client_lock);
	clp->cl_id = next_client_id++;
	list_add(&clp->cl_hash, &client_hashtbl[client_hash(clp->cl_id)]);
	list_add_tail(&clp->cl_lru, &client_lru);
	spin_unlock(&client_lock);
	return clp;
}

/* Finds a client and holds it; exportd_put_client() lets it go. */
struct exportd_client *exportd_find_client(u64 id)
{
	struct exportd_client *clp;

	spin_lock(&client_lock);
	list_for_each_entry(clp, &client_hashtbl[client_hash(id)], cl_hash) {
		if (clp->cl_id == id && !exportd_client_is_dead(clp)) {
			atomic_inc(&clp->cl_busy);
			clp->cl_time = ktime_get_boottime_seconds();
			spin_unlock(&client_lock);
			return clp;
		}
	}
	spin_unlock(&client_lock);
	return NULL;
}

void exportd_put_client(struct exportd_client *clp)
{
	if (!atomic_dec_and_lock(&clp->cl_busy, &client_lock))
		return;
	if (!exportd_client_is_dead(clp))
		list_move_tail(&clp->cl_lru, &client_lru);
	spin_unlock(&client_lock);
}

void exportd_expire_client(struct exportd_client *clp)
{
	if (atomic_read(&clp->cl_busy))
		return;
	destroy_client(clp);
}

int exportd_for_each_client(int (*fn)(struct exportd_client *clp, void *data), void *data)
{
	struct exportd_client *clp;
	int ret = 0;

	spin_lock(&client_lock);
	list_for_each_entry(clp, &client_lru, cl_lru) {
		ret = fn(clp, data);
		if (ret)
			break;
	}
	spin_unlock(&client_lock);
	return ret;
}

int exportd_client_init(void)
{
	int i;

	client_slab = KMEM_CACHE(exportd_client, SLAB_HWCACHE_ALIGN);
	if (!client_slab)
		return -ENOMEM;
	for (i = 0; i < EXPORTD_HASH_SIZE; i++)
		INIT_LIST_HEAD(&client_hashtbl[i]);
	INIT_LIST_HEAD(&client_lru);
	return 0;
}

void exportd_client_exit(void)
{
	struct exportd_client *clp, *next;

	list_for_each_entry_safe(clp, next, &client_lru, cl_lru)
		destroy_client(clp);
	kmem_cache_destroy(client_slab);
}
