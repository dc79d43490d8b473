// SPDX-License-Identifier: MIT
/*
 * exportd: /proc/fs/exportd
 *
 *   clients      one line for each client
 *   client/<id>  the state of one client
 */
#include <linux/kernel.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "exportd.h"

static struct proc_dir_entry *exportd_proc_dir;

static int show_one(struct exportd_client *clp, void *data)
{
	struct seq_file *m = data;

	seq_printf(m, "%llu %s sessions: %s delegations: %u\n", clp->cl_id, clp->cl_name,
		   list_empty(&clp->cl_sessions) ? "no" : "yes", clp->cl_nr_delegations);
	return 0;
}

static int clients_show(struct seq_file *m, void *unused)
{
	return exportd_for_each_client(show_one, m);
}

static int client_show(struct seq_file *m, void *unused)
{
	struct exportd_client *clp;
	u64 id = (u64)(unsigned long)m->private;

	clp = exportd_find_client(id);
	if (!clp)
		return -ENOENT;
	seq_printf(m, "id: %llu\n", clp->cl_id);
	seq_printf(m, "name: %s\n", clp->cl_name);
	if (exportd_client_is_dead(clp)) {
		seq_puts(m, "state: dead\n");
		return 0;
	}
	seq_printf(m, "uid: %u gid: %u\n", clp->cl_cred.cr_uid, clp->cl_cred.cr_gid);
	seq_printf(m, "back channel: %d\n", clp->cl_cb_state);
	seq_printf(m, "busy: %d\n", atomic_read(&clp->cl_busy));
	exportd_put_client(clp);
	return 0;
}

static int client_open(struct inode *inode, struct file *file)
{
	return single_open(file, client_show, pde_data(inode));
}

static const struct proc_ops client_proc_ops = {
	.proc_open = client_open,
	.proc_read = seq_read,
	.proc_lseek = seq_lseek,
	.proc_release = single_release,
};

int exportd_proc_add_client(struct exportd_client *clp)
{
	char name[32];

	snprintf(name, sizeof(name), "%llu", clp->cl_id);
	if (!proc_create_data(name, 0400, exportd_proc_dir, &client_proc_ops,
			      (void *)(unsigned long)clp->cl_id))
		return -ENOMEM;
	return 0;
}

int exportd_proc_init(void)
{
	exportd_proc_dir = proc_mkdir("fs/exportd", NULL);
	if (!exportd_proc_dir)
		return -ENOMEM;
	if (!proc_create_single("clients", 0400, exportd_proc_dir, clients_show)) {
		remove_proc_entry("fs/exportd", NULL);
		return -ENOMEM;
	}
	return 0;
}

void exportd_proc_exit(void)
{
	remove_proc_subtree("fs/exportd", NULL);
}
