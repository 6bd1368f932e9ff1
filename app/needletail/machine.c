/* SPDX-License-Identifier: BSD-3-Clause */
#include "machine.h"

#include "devargs.h"

#include "base/parse.h"
#include "config/config.h"
#include "config/cpus.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <net/if_arp.h>
#include <pcap/pcap.h>
#include <rte_config.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PCI_DEVICES "/sys/bus/pci/devices"

/* Upper byte of the class code: network controller (PCI Code and ID Assignment Specification). */
#define PCI_CLASS_NETWORK 0x02u

#define NAME_BYTES 64

/* ---- PCI ---- */

static uint32_t read_hex(const char *address, const char *file)
{
	char path[PATH_MAX];
	unsigned int value = 0;
	FILE *f;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/%s", address, file);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%x", &value) != 1)
		value = 0;
	fclose(f);
	return value;
}

/* First entry of a directory; "" if there is none. */
static void first_entry(const char *path, char *name, size_t size)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	*name = '\0';
	if (!dir)
		return;
	while ((entry = readdir(dir)) && entry->d_name[0] == '.')
		;
	if (entry && strlen(entry->d_name) < size)
		strcpy(name, entry->d_name);
	closedir(dir);
}

static void read_driver(struct machine_pci *pci)
{
	char path[PATH_MAX], target[PATH_MAX];
	ssize_t length;

	snprintf(path, sizeof(path), PCI_DEVICES "/%s/driver", pci->address);
	length = readlink(path, target, sizeof(target) - 1);
	if (length <= 0)
		return;
	target[length] = '\0';
	snprintf(pci->driver, sizeof(pci->driver), "%.31s", strrchr(target, '/') ? strrchr(target, '/') + 1 : target);
}

/* The interface's directory is the PCI device's, or that of the virtio device on it. */
static void read_pci_interface(struct machine_pci *pci)
{
	char path[PATH_MAX], device[PATH_MAX];
	struct dirent *entry;
	DIR *dir;

	snprintf(device, sizeof(device), PCI_DEVICES "/%s", pci->address);
	snprintf(path, sizeof(path), PCI_DEVICES "/%s/net", pci->address);
	first_entry(path, pci->interface, sizeof(pci->interface));
	dir = *pci->interface ? NULL : opendir(device);
	if (!dir)
		return;
	while (!*pci->interface && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "virtio", 6))
			continue;
		snprintf(path, sizeof(path), PCI_DEVICES "/%s/%.32s/net", pci->address, entry->d_name);
		first_entry(path, pci->interface, sizeof(pci->interface));
	}
	closedir(dir);
}

static void read_pci(const char *address, struct machine_pci *pci)
{
	*pci = (struct machine_pci){
	    .vendor = (uint16_t)read_hex(address, "vendor"),
	    .device = (uint16_t)read_hex(address, "device"),
	};
	memcpy(pci->address, address, strnlen(address, sizeof(pci->address) - 1));
	read_driver(pci);
	read_pci_interface(pci);
}

int machine_each_pci(void (*visit)(void *cookie, const struct machine_pci *pci), void *cookie)
{
	struct dirent **entry;
	int n = scandir(PCI_DEVICES, &entry, NULL, alphasort);

	if (n < 0)
		return errno == ENOENT ? 0 : -errno; /* no PCI bus */
	for (int i = 0; i < n; i++) {
		const char *address = entry[i]->d_name;
		struct machine_pci pci;

		if (address[0] != '.' && strlen(address) < sizeof(pci.address) &&
		    read_hex(address, "class") >> 16 == PCI_CLASS_NETWORK) {
			read_pci(address, &pci);
			visit(cookie, &pci);
		}
		free(entry[i]);
	}
	free(entry);
	return 0;
}

enum machine_binding machine_binding(const struct machine_pci *pci)
{
	static const struct {
		const char *driver;
		enum machine_binding binding;
	} known[] = {
	    {.driver = "vfio-pci", .binding = MACHINE_READY},	{.driver = "uio_pci_generic", .binding = MACHINE_READY},
	    {.driver = "igb_uio", .binding = MACHINE_READY},	{.driver = "mlx4_core", .binding = MACHINE_SHARED},
	    {.driver = "mlx5_core", .binding = MACHINE_SHARED}, {.driver = "mana", .binding = MACHINE_SHARED},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(pci->driver, known[i].driver))
			return known[i].binding;
	return MACHINE_KERNEL;
}

/* ---- kernel interfaces ---- */

int machine_read_interface(const char *name, struct machine_interface *interface)
{
	struct ifreq request = {0};
	int fd, err = 0;

	if (strlen(name) >= sizeof(request.ifr_name))
		return -ENODEV;
	*interface = (struct machine_interface){0};
	snprintf(interface->name, sizeof(interface->name), "%s", name);
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, SIOCGIFFLAGS, &request))
		err = -errno;
	interface->loopback = request.ifr_flags & IFF_LOOPBACK;
	interface->up = request.ifr_flags & IFF_UP;
	interface->link = request.ifr_flags & IFF_RUNNING;
	if (!err && ioctl(fd, SIOCGIFHWADDR, &request))
		err = -errno;
	interface->ethernet = request.ifr_hwaddr.sa_family == ARPHRD_ETHER;
	if (!err && ioctl(fd, SIOCGIFMTU, &request))
		err = -errno;
	interface->mtu = (uint32_t)request.ifr_mtu;
	close(fd);
	return err;
}

/* ---- drivers ---- */

bool machine_has_driver(const char *name)
{
	char path[PATH_MAX];

	if (access(RTE_EAL_PMD_PATH, F_OK))
		return true; /* drivers are not loaded from there, but linked in */
	snprintf(path, sizeof(path), RTE_EAL_PMD_PATH "/librte_%s.so", name);
	return !access(path, F_OK);
}

/* ---- devices of the configuration ---- */

/* A socket of no protocol receives nothing: it only tells whether there may be one. */
static int try_packet_socket(void)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int check_interface(const char *device, const char *value, char *why, size_t why_size)
{
	struct machine_interface interface;
	int err = machine_read_interface(value, &interface);

	if (err) {
		snprintf(why, why_size, "%s: interface %s: %s: see needletail ports", device, value, strerror(-err));
	} else if (!interface.ethernet) {
		err = -EPROTONOSUPPORT;
		snprintf(why, why_size, "%s: interface %s is no Ethernet interface: see needletail ports", device,
			 value);
	}
	if (err)
		return err;
	err = try_packet_socket();
	if (err)
		snprintf(why, why_size,
			 "%s: %s: run as root, or: setcap cap_net_raw,cap_net_admin,cap_ipc_lock+ep on the program",
			 device, strerror(-err));
	return err;
}

static int check_capture(const char *device, const char *value, char *why, size_t why_size)
{
	char reason[PCAP_ERRBUF_SIZE];
	pcap_t *pcap = pcap_open_offline(value, reason);

	if (!pcap) {
		snprintf(why, why_size, "%s: %s", device, reason);
		return -EINVAL;
	}
	pcap_close(pcap);
	return 0;
}

/* The other side's socket, unless the device is to make it. */
static int check_socket(const char *device, const char *value, char *why, size_t why_size)
{
	char server[8];
	struct stat status;
	int err;

	if (devargs_value(device, "server", 0, server, sizeof(server)) && !strcmp(server, "1"))
		return 0;
	err = stat(value, &status) ? -errno : 0;
	if (err)
		snprintf(why, why_size, "%s: %s: %s: start the other side first, or add server=1", device, value,
			 strerror(-err));
	return err;
}

/* Arguments of virtual devices that name something. */
struct argument {
	const char *driver; /* behind "net_" or "eth_" */
	const char *key;
	bool required;
	int (*check)(const char *device, const char *value, char *why, size_t why_size);
};

static const struct argument arguments[] = {
    {.driver = "af_packet", .key = "iface", .required = true, .check = check_interface},
    {.driver = "af_xdp", .key = "iface", .required = true, .check = check_interface},
    {.driver = "pcap", .key = "rx_pcap", .check = check_capture},
    {.driver = "pcap", .key = "rx_iface", .check = check_interface},
    {.driver = "pcap", .key = "rx_iface_in", .check = check_interface},
    {.driver = "pcap", .key = "iface", .check = check_interface},
    {.driver = "virtio_user", .key = "path", .required = true, .check = check_socket},
};

/* Where virtual devices have their number of queues from: an argument's value, or how often it is there. */
struct queue_argument {
	const char *driver;
	const char *key;
	bool repeated;
};

static const struct queue_argument queue_arguments[] = {
    {.driver = "af_packet", .key = "qpairs"},
    {.driver = "af_xdp", .key = "queue_count"},
    {.driver = "pcap", .key = "rx_pcap", .repeated = true},
    {.driver = "virtio_user", .key = "queues"},
    {.driver = "vhost", .key = "queues"},
};

/* "net_pcap0" and "eth_pcap0" are made by "pcap", "virtio_user0" by "virtio_user". */
static void driver_of(const char *device, char *driver, size_t size)
{
	char name[NAME_BYTES];
	const char *begin = name;
	size_t length;

	devargs_name(device, name, sizeof(name));
	if (!strncmp(name, "net_", 4) || !strncmp(name, "eth_", 4))
		begin += 4;
	length = strlen(begin);
	while (length && strchr("0123456789", begin[length - 1]))
		length--;
	snprintf(driver, size, "%.*s", (int)length, begin);
}

static int check_argument(const struct argument *a, const char *device, char *why, size_t why_size)
{
	char value[PATH_MAX];
	int err = 0;
	uint32_t n = 0;

	while (!err && devargs_value(device, a->key, n, value, sizeof(value))) {
		err = a->check(device, value, why, why_size);
		n++;
	}
	if (err || n || !a->required)
		return err;
	snprintf(why, why_size, "%s: the argument %s= is missing", device, a->key);
	return -EINVAL;
}

static int check_queues(const struct queue_argument *a, const struct nt_config_device *d, char *why, size_t why_size)
{
	char value[PATH_MAX];
	uint64_t has = a->repeated ? 0 : 1; /* every driver's default */

	if (a->repeated)
		while (devargs_value(d->name, a->key, (uint32_t)has, value, sizeof(value)))
			has++;
	else if (devargs_value(d->name, a->key, 0, value, sizeof(value)) && nt_parse_u64(value, 0, UINT16_MAX, &has))
		return 0; /* DPDK will say what it thinks of it */
	if (d->queues == has || !has)
		return 0;
	snprintf(why, why_size, "%s: queues: %" PRIu32 " asked, the device has %" PRIu64 ": %s %s", d->name, d->queues,
		 has, a->repeated ? "it has one for each" : "change queues, or", a->key);
	return -EINVAL;
}

/* Files of drivers that are not called after them. */
static const char *driver_file(const char *driver)
{
	static const struct {
		const char *driver;
		const char *file;
	} odd[] = {{"virtio_user", "virtio"}, {"bonding", "bond"}, {"tun", "tap"}};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		if (!strcmp(driver, odd[i].driver))
			return odd[i].file;
	return driver;
}

static int check_virtual(const struct nt_config_device *d, char *why, size_t why_size)
{
	char driver[NAME_BYTES], file[NAME_BYTES + 4];
	int err = 0;

	driver_of(d->name, driver, sizeof(driver));
	snprintf(file, sizeof(file), "net_%s", driver_file(driver));
	if (!machine_has_driver(file)) {
		snprintf(why, why_size, "%s: DPDK has no driver %s here", d->name, file);
		return -ENODEV;
	}
	for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]) && !err; i++)
		if (!strcmp(driver, arguments[i].driver))
			err = check_argument(&arguments[i], d->name, why, why_size);
	for (size_t i = 0; i < sizeof(queue_arguments) / sizeof(queue_arguments[0]) && !err; i++)
		if (!strcmp(driver, queue_arguments[i].driver))
			err = check_queues(&queue_arguments[i], d, why, why_size);
	return err;
}

static void say_unbound(const struct machine_pci *pci, const char *device, char *why, size_t why_size)
{
	if (*pci->driver)
		snprintf(why, why_size, "%s: bound to the kernel's %s%s%s: dpdk-devbind.py --bind=vfio-pci %s", device,
			 pci->driver, *pci->interface ? " as " : "", pci->interface, pci->address);
	else
		snprintf(why, why_size, "%s: bound to no driver: dpdk-devbind.py --bind=vfio-pci %s", device,
			 pci->address);
}

static int check_pci(const char *device, char *why, size_t why_size)
{
	char name[NAME_BYTES], address[NAME_BYTES + 8];
	struct machine_pci pci;

	devargs_name(device, name, sizeof(name));
	snprintf(address, sizeof(address), "%s%s", strchr(name, ':') == strrchr(name, ':') ? "0000:" : "", name);
	if (read_hex(address, "class") >> 16 != PCI_CLASS_NETWORK) {
		snprintf(why, why_size, "%s: no network controller is at this PCI address: see needletail ports",
			 device);
		return -ENODEV;
	}
	read_pci(address, &pci);
	if (machine_binding(&pci) != MACHINE_KERNEL)
		return 0;
	say_unbound(&pci, device, why, why_size);
	return -EBUSY;
}

int machine_check_device(const struct nt_config_device *device, char *why, size_t why_size)
{
	if (devargs_virtual(device->name))
		return check_virtual(device, why, why_size);
	return devargs_pci(device->name) ? check_pci(device->name, why, why_size) : 0;
}

/* ---- CPUs ---- */

int machine_check_cpus(const char *list, char *why, size_t why_size)
{
	struct nt_cpus cpus;
	cpu_set_t allowed;

	if (!*list || nt_cpus_parse(list, &cpus, &(const char *){NULL}) ||
	    sched_getaffinity(0, sizeof(allowed), &allowed))
		return 0;
	for (uint32_t i = 0; i < cpus.n; i++) {
		if (CPU_ISSET(cpus.cpu[i], &allowed))
			continue;
		snprintf(why, why_size, "lcores: CPU %u is not there, or not for this process: see taskset -p $$",
			 cpus.cpu[i]);
		return -ENODEV;
	}
	return 0;
}
