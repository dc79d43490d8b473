// SPDX-License-Identifier: MIT
/*
 * relay: moves packets between two ports
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "relay.h"

void relay_port_init(struct relay_port *port)
{
	spin_lock_init(&port->lock);
	INIT_LIST_HEAD(&port->queue);
	port->queued = 0;
	port->forwarded = 0;
	port->dropped = 0;
	port->up = true;
}

static struct relay_packet *relay_dequeue(struct relay_port *port)
{
	struct relay_packet *packet = NULL;

	spin_lock_bh(&port->lock);
	if (!list_empty(&port->queue)) {
		packet = list_first_entry(&port->queue, struct relay_packet, list);
		list_del(&packet->list);
		port->queued--;
	}
	spin_unlock_bh(&port->lock);
	return packet;
}

static int relay_enqueue(struct relay_port *port, struct relay_packet *packet)
{
	int ret = 0;

	spin_lock_bh(&port->lock);
	if (!port->up || port->queued >= RELAY_BACKLOG) {
		port->dropped++;
		ret = -ENOBUFS;
	} else {
		list_add_tail(&packet->list, &port->queue);
		port->queued++;
	}
	spin_unlock_bh(&port->lock);
	return ret;
}

int relay_receive(struct relay_port *port, const void *data, u16 len)
{
	struct relay_packet *packet;
	int ret;

	if (len > RELAY_MTU)
		return -EMSGSIZE;
	packet = kmalloc(sizeof(*packet), GFP_ATOMIC);
	if (!packet)
		return -ENOMEM;
	memcpy(packet->data, data, len);
	packet->len = len;
	ret = relay_enqueue(port, packet);
	if (ret)
		kfree(packet);
	return ret;
}

int relay_forward(struct relay_port *from, struct relay_port *to)
{
	struct relay_packet *packet;
	int moved = 0;

	while ((packet = relay_dequeue(from)) != NULL) {
		if (relay_enqueue(to, packet)) {
			kfree(packet);
			continue;
		}
		from->forwarded++;
		moved++;
	}
	return moved;
}

void relay_port_down(struct relay_port *port)
{
	struct relay_packet *packet;

	port->up = false;
	while ((packet = relay_dequeue(port)) != NULL)
		kfree(packet);
}
