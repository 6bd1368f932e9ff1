/* SPDX-License-Identifier: BSD-3-Clause */
#include "commands.h"
#include "machine.h"

#include "base/log.h"
#include "needletail/errors.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: needletail ports\n"
    "\n"
    "Lists the devices that packets could be captured from and, for each, the lines for `devices:` in the\n"
    "configuration. Touches none of them.\n";

static const struct option options_table[] = {
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* Virtual devices are told apart by the number behind the driver's name. */
struct listing {
	unsigned int pci;
	unsigned int interfaces;
	bool af_xdp;
};

static void print_pci(void *cookie, const struct machine_pci *pci)
{
	enum machine_binding binding = machine_binding(pci);
	struct listing *l = cookie;

	l->pci++;
	printf("\n# PCI %s, %04x:%04x, driver %s%s%s\n", pci->address, pci->vendor, pci->device,
	       *pci->driver ? pci->driver : "none", *pci->interface ? ", interface " : "", pci->interface);
	if (binding == MACHINE_SHARED)
		printf("# works beside the kernel's driver\n");
	if (binding == MACHINE_KERNEL && *pci->interface)
		printf("# first take it away from the kernel, and %s with it: dpdk-devbind.py --bind=vfio-pci %s\n",
		       pci->interface, pci->address);
	else if (binding == MACHINE_KERNEL)
		printf("# first: dpdk-devbind.py --bind=vfio-pci %s\n", pci->address);
	printf("%s- name: \"%s\"\n", binding == MACHINE_KERNEL ? "# " : "  ", pci->address);
}

static void print_interface(struct listing *l, const char *name)
{
	struct machine_interface interface;

	if (machine_read_interface(name, &interface) || !interface.ethernet || interface.loopback)
		return;
	printf("\n# interface %s, %s, stays with the kernel\n", name,
	       !interface.up	? "down"
	       : interface.link ? "up"
				: "up without link");
	if (!interface.up)
		printf("# first: ip link set %s up\n", name);
	printf("  - name: \"net_af_packet%u,iface=%s,qpairs=1\"\n", l->interfaces, name);
	printf("# room for longer bursts, 64 MiB a queue: \"...,qpairs=1,framecnt=16384\"\n");
	if (l->af_xdp)
		printf("# or, faster where its driver supports it\n# - name: \"net_af_xdp%u,iface=%s\"\n",
		       l->interfaces, name);
	l->interfaces++;
}

static int print_interfaces(struct listing *l)
{
	struct if_nameindex *all = if_nameindex();

	if (!all)
		return -errno;
	for (struct if_nameindex *i = all; i->if_index; i++)
		print_interface(l, i->if_name);
	if_freenameindex(all);
	return 0;
}

static int list(void)
{
	struct listing l = {.af_xdp = machine_has_driver("net_af_xdp")};
	int err;

	printf("devices:\n");
	err = machine_each_pci(print_pci, &l);
	if (!err)
		err = print_interfaces(&l);
	if (err) {
		nt_error("ports: %s", strerror(-err));
		return NT_EXIT_FAILED;
	}
	if (!l.pci && !l.interfaces)
		printf("\n# no network device here; a capture file can be one:\n"
		       "# - name: \"net_pcap0,rx_pcap=FILE\"\n");
	return fflush(stdout) || ferror(stdout) ? NT_EXIT_FAILED : NT_EXIT_OK;
}

int cmd_ports(int argc, char **argv)
{
	int id;

	argv[0] = (char[]){"needletail: ports"}; /* getopt's messages begin like ours */
	id = getopt_long(argc, argv, "h", options_table, NULL);
	if (id == 'h')
		return printf("%s", help) < 0 ? NT_EXIT_FAILED : NT_EXIT_OK;
	if (id != -1)
		return NT_EXIT_UNUSABLE;
	if (optind < argc) {
		nt_error("ports: %s: nothing is expected here, see needletail ports --help", argv[optind]);
		return NT_EXIT_UNUSABLE;
	}
	return list();
}
