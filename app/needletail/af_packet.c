/* SPDX-License-Identifier: BSD-3-Clause */
#include "af_packet.h"

#include "devargs.h"
#include "machine.h"

#include "base/parse.h"

#include <inttypes.h>
#include <linux/ethtool.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FRAME_BYTES 2048 /* framesz, where the name does not say it */

/* In front of a frame's bytes in the ring: header, address and padding (tpacket_rcv() in the kernel's af_packet.c). */
#define FRAME_HEADER 66

#define VLAN_BYTES 4

/* The driver's sockets, one for each queue, as they came by below. More than that many are waited for in naps. */
#define SOCKETS_MAX 512

static struct {
	uint32_t n;
	int fd[SOCKETS_MAX];
} sockets; /* the main thread's: it starts the devices */

/*
 * DPDK's driver joins its sockets into a fan-out group that has the kernel put IPv4 fragments together first, and
 * offers no way to say otherwise. Then a fragment whose datagram stays incomplete is never seen, and one that
 * completes it is seen as a packet that was never on the wire. We count fragments. So this stands in front of the
 * system's setsockopt(), as a symbol of the program does for every library, and takes that wish back. Sockets that join
 * are remembered: DPDK has no other way to them.
 */
int setsockopt(int fd, int level, int name, const void *value, socklen_t length)
{
	uint32_t fanout; /* flags in the upper half */

	if (level == SOL_PACKET && name == PACKET_FANOUT && length == sizeof(fanout)) {
		memcpy(&fanout, value, sizeof(fanout));
		fanout &= ~((uint32_t)PACKET_FANOUT_FLAG_DEFRAG << 16);
		value = &fanout;
		if (sockets.n < SOCKETS_MAX)
			sockets.fd[sockets.n++] = fd;
	}
	return (int)syscall(SYS_setsockopt, fd, level, name, value, length);
}

/* The interface that a socket is bound to; 0 for what is no such socket. */
static unsigned int interface_of(int fd)
{
	struct sockaddr_ll address = {0};
	socklen_t length = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &length) || address.sll_family != AF_PACKET)
		return 0;
	return (unsigned int)address.sll_ifindex;
}

int af_packet_socket(unsigned int if_index, uint32_t n)
{
	for (uint32_t i = 0; if_index && i < sockets.n; i++)
		if (interface_of(sockets.fd[i]) == if_index && !n--)
			return sockets.fd[i];
	return -1;
}

static uint32_t ethtool_value(const char *interface, uint32_t command)
{
	struct ethtool_value request = {.cmd = command};
	struct ifreq ifr = {.ifr_data = (void *)&request};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint32_t value = 0;

	if (fd < 0)
		return 0;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", interface);
	if (!ioctl(fd, SIOCETHTOOL, &ifr))
		value = request.data;
	close(fd);
	return value;
}

/* Segments that the kernel merges into larger packets before anybody sees them. */
static bool merges(const char *interface)
{
	return ethtool_value(interface, ETHTOOL_GGRO) || (ethtool_value(interface, ETHTOOL_GFLAGS) & ETH_FLAG_LRO);
}

/* Longest frame that the ring takes whole. */
static uint32_t longest(const char *device)
{
	char text[16];
	uint64_t bytes = FRAME_BYTES;

	if (devargs_value(device, "framesz", 0, text, sizeof(text)) && nt_parse_u64(text, 0, UINT32_MAX, &bytes))
		return UINT32_MAX; /* DPDK will refuse it */
	return bytes > FRAME_HEADER ? (uint32_t)bytes - FRAME_HEADER : 0;
}

void af_packet_each_doubt(const char *device, void (*say)(void *cookie, const char *line), void *cookie)
{
	struct machine_interface interface;
	char name[IF_NAMESIZE], line[AF_PACKET_DOUBT];

	if (strncmp(device, "net_af_packet", 13) && strncmp(device, "eth_af_packet", 13))
		return;
	if (!devargs_value(device, "iface", 0, name, sizeof(name)) || machine_read_interface(name, &interface))
		return;
	if (merges(name)) {
		snprintf(line, sizeof(line),
			 "%s: the kernel merges packets of %s before they are counted: ethtool -K %s gro off lro off",
			 device, name, name);
		say(cookie, line);
	}
	if (interface.mtu + ETH_HLEN + VLAN_BYTES > longest(device)) {
		snprintf(line, sizeof(line),
			 "%s: frames above %" PRIu32
			 " bytes would be cut and their length lost, and the mtu of %s is %" PRIu32
			 ": add framesz=16384,blocksz=16384",
			 device, longest(device), name, interface.mtu);
		say(cookie, line);
	}
}
