/* SPDX-License-Identifier: MIT */
#ifndef NET_RELAY_H
#define NET_RELAY_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#define RELAY_BACKLOG	32
#define RELAY_MTU	1500

struct relay_packet {
	struct list_head list;
	u16 len;
	u8 data[RELAY_MTU];
};

struct relay_port {
	spinlock_t lock;
	struct list_head queue;
	unsigned int queued;
	u64 forwarded;
	u64 dropped;
	bool up;
};

extern void relay_port_init(struct relay_port *port);
extern int relay_forward(struct relay_port *from, struct relay_port *to);
extern int relay_receive(struct relay_port *port, const void *data, u16 len);
extern void relay_port_down(struct relay_port *port);

#endif /* NET_RELAY_H */
