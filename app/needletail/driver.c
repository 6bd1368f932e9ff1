/* SPDX-License-Identifier: BSD-3-Clause */
#include "driver.h"

#include <stddef.h>
#include <string.h>

/*
 * Read off the sources of DPDK 22.11: a driver without loss counter is one whose stats_get never sets imissed. ENA
 * sets it from a counter that the devices of its sixth generation leave at zero.
 */
static const struct driver drivers[] = {
    {.name = "net_af_packet",
     .spread = "kernel fan-out",
     .queues = "qpairs=N",
     .no_loss_counter = true,
     .totals_of_16 = true},
    {.name = "net_af_xdp", .spread = "queues of the kernel interface", .queues = "queue_count=N"},
    {.name = "net_avp", .no_loss_counter = true},
    {.name = "net_cxgbevf", .no_loss_counter = true},
    {.name = "net_dpaa", .no_loss_counter = true},
    {.name = "net_e1000_igb_vf", .no_loss_counter = true},
    {.name = "net_ena", .no_loss_counter = true},
    {.name = "net_enetfec", .no_loss_counter = true},
    {.name = "net_gve", .no_loss_counter = true},
    {.name = "net_idpf", .no_loss_counter = true},
    {.name = "net_ixgbe_vf", .no_loss_counter = true},
    {.name = "net_kni", .no_loss_counter = true},
    {.name = "net_liovf", .no_loss_counter = true},
    {.name = "net_mana", .no_loss_counter = true},
    {.name = "net_memif", .spread = "peer", .no_loss_counter = true, .totals_of_16 = true},
    {.name = "net_mlx4", .no_loss_counter = true},
    {.name = "net_nfb", .no_loss_counter = true},
    {.name = "net_null", .no_loss_counter = true, .totals_of_16 = true},
    {.name = "net_pcap", .spread = "capture", .queues = "an rx_pcap=FILE for each", .totals_of_16 = true},
    {.name = "net_pfe", .no_loss_counter = true},
    {.name = "net_ring", .spread = "peer", .no_loss_counter = true, .totals_of_16 = true},
    {.name = "net_softnic", .no_loss_counter = true},
    {.name = "net_tap", .spread = "kernel", .no_loss_counter = true, .totals_of_16 = true},
    {.name = "net_tun", .spread = "kernel", .no_loss_counter = true, .totals_of_16 = true},
    {.name = "net_txgbe_vf", .no_loss_counter = true},
    {.name = "net_vhost", .spread = "peer", .queues = "queues=N", .no_loss_counter = true, .totals_of_16 = true},
    {.name = "net_virtio", .spread = "peer", .no_loss_counter = true},
    {.name = "net_virtio_user", .spread = "peer", .queues = "queues=N", .no_loss_counter = true},
};

const struct driver *driver_find(const char *name)
{
	static const struct driver nameless = {.name = ""};

	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++)
		if (!strcmp(drivers[i].name, name))
			return &drivers[i];
	return &nameless;
}
